//! The predictions of validation rows next to what is right, one row at a time.

use crate::decimal::short;
use crate::limits::PREVIEW_CHARS;
use crate::metrics::{Detail, Evaluation, TextSample, answer_scores, perplexity};
use crate::phrases::{excerpt, percent};
use crate::text::{Labels, NO_ANSWER, Question, Reference, Relevance};
use crate::train::data::TrainingData;
use crate::train::eval::predict::{ClassDecision, Prediction, RowLoss};
use crate::train::eval::scores::{label_decisions, question_predictions, windows_by_question};
use crate::train::eval::spans::best_spans;

/// Number of spans among which the probability of an answer is shared.
const ANSWERS: usize = 20;
/// Number of wrong words that are named.
const NAMED_WORDS: usize = 8;

/// A decision of a model, next to what is right: that of a row, or of one of its words or labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Index of the right label; none if there is none.
    pub actual: Option<u32>,
    /// Index of the predicted label; none if there is none.
    pub predicted: Option<u32>,
    /// True if it is wrong.
    pub is_wrong: bool,
    /// Severity, for the order of the rows: the probability of a wrong label, the size of an error, or the loss.
    pub severity: f64,
}

/// A validation row with its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRow {
    /// Index of the row on its side of the data set.
    pub row: u32,
    /// The decisions of the model.
    pub decisions: Vec<Decision>,
    /// The right answer, in words.
    pub given: String,
    /// The prediction, in words.
    pub predicted: String,
    /// Size of the error, in words.
    pub measure: String,
}

/// The validation rows next to their `predictions`, which have the scores of `evaluation`. `words` returns the words of a
/// row that are tagged. Empty for embeddings, where no row has a right answer of its own.
pub fn judged_rows(
    data: &TrainingData,
    evaluation: &Evaluation,
    predictions: &[Prediction],
    words: &dyn Fn(u32) -> Vec<String>,
) -> Vec<JudgedRow> {
    let labels = &data.validation.labels;
    let name = |class: u32| data.labels.get(class as usize).cloned().unwrap_or_default();
    let rows = || (0..).zip(predictions);
    match labels {
        Labels::Classes(_) => rows().filter_map(|(row, prediction)| of_class(labels, row, prediction, &name)).collect(),
        Labels::Tags(_) => {
            let judged = |(row, prediction): (u32, &Prediction)| {
                let decisions = prediction.class_decisions(labels, row as usize);
                of_words(row, &decisions, &|| words(row), &name)
            };
            rows().map(judged).collect()
        }
        Labels::MultiLabel(flags) => {
            let decided = label_decisions(&data.labels, flags, predictions, None);
            let columns = data.labels.len().max(1);
            let flags = decided.actual.chunks(columns).zip(decided.predicted.chunks(columns));
            rows().zip(flags).map(|((row, prediction), flags)| of_labels(row, prediction, flags, &name)).collect()
        }
        Labels::Numbers(numbers) | Labels::Relevance(Relevance { labels: numbers, .. }) => {
            let judged =
                |((row, prediction), &actual): ((u32, &Prediction), &f32)| of_number(row, actual, prediction.number());
            rows().zip(numbers).map(judged).collect()
        }
        Labels::Spans { windows, questions } => {
            let threshold = if let Detail::Answers { threshold, .. } = evaluation.detail { threshold } else { None };
            let scores = answer_scores(&question_predictions(windows, questions, predictions), threshold);
            let judged = |((question, windows), [exact_match, f1]): ((&Question, Vec<_>), [f64; 2])| {
                let found = best_spans(windows, ANSWERS);
                let probabilities = found.probabilities();
                let is_answered = threshold.is_none_or(|threshold| found.no_answer_score() <= threshold);
                let best = found.spans.first().filter(|_| is_answered);
                let answer = best
                    .and_then(|span| question.context.get(span.bytes.start as usize..span.bytes.end as usize))
                    .map_or_else(|| NO_ANSWER.to_owned(), shown);
                let sure = match best {
                    Some(_) => probabilities.spans.first().copied().unwrap_or_default(),
                    None => probabilities.no_answer,
                };
                of_answer(question, answer, [exact_match, f1], sure)
            };
            let windows = windows_by_question(windows, questions, predictions);
            questions.iter().zip(windows).zip(scores).map(judged).collect()
        }
        Labels::Continuations { references, .. } if references.len() == predictions.len() => {
            let samples = match &evaluation.detail {
                Detail::Texts { samples } => samples.as_slice(),
                _ => &[],
            };
            // As `SampleGeneration` draws them.
            let sampled: Vec<usize> = (0..samples.len()).map(|nth| nth * references.len() / samples.len()).collect();
            let judged = |(row, prediction): (u32, &Prediction)| {
                let sample = sampled.iter().position(|&at| at == row as usize).and_then(|nth| samples.get(nth));
                of_completion(&references[row as usize], prediction.loss(labels, row as usize), sample)
            };
            rows().map(judged).collect()
        }
        Labels::Continuations { .. } | Labels::Similarity(_) => Vec::new(),
    }
}

fn of_class(labels: &Labels, row: u32, prediction: &Prediction, name: &dyn Fn(u32) -> String) -> Option<JudgedRow> {
    let decision = prediction.class_decisions(labels, row as usize).into_iter().next()?;
    Some(JudgedRow {
        row,
        given: name(decision.actual),
        predicted: name(decision.predicted),
        measure: probability(decision.predicted_probability),
        decisions: vec![judged(&decision)],
    })
}

/// Those that are wrong have the probability of the wrong class as their severity, the others what the right one lacks.
fn judged(decision: &ClassDecision) -> Decision {
    let &ClassDecision { actual, predicted, actual_probability, predicted_probability } = decision;
    let is_wrong = actual != predicted;
    let severity = f64::from(if is_wrong { predicted_probability } else { 1.0 - actual_probability });
    Decision { actual: Some(actual), predicted: Some(predicted), is_wrong, severity }
}

fn of_words(
    row: u32,
    decisions: &[ClassDecision],
    words: &dyn Fn() -> Vec<String>,
    name: &dyn Fn(u32) -> String,
) -> JudgedRow {
    let wrong: Vec<(usize, &ClassDecision)> =
        decisions.iter().enumerate().filter(|(_, decision)| decision.actual != decision.predicted).collect();
    let words = if wrong.is_empty() { Vec::new() } else { words() };
    let listed = |tag: &dyn Fn(&ClassDecision) -> u32| {
        let named = wrong.iter().take(NAMED_WORDS).map(|(at, decision)| {
            let word = words.get(*at).map_or(String::new(), |word| format!("{word} "));
            format!("{word}{}", name(tag(decision)))
        });
        let rest = wrong.len().saturating_sub(NAMED_WORDS);
        named.chain((rest > 0).then(|| format!("{rest} more"))).collect::<Vec<_>>().join(", ")
    };
    let surest = wrong.iter().map(|(_, decision)| decision.predicted_probability).fold(0.0, f32::max);
    JudgedRow {
        row,
        given: listed(&|decision| decision.actual),
        predicted: listed(&|decision| decision.predicted),
        measure: probability(surest),
        decisions: decisions.iter().map(judged).collect(),
    }
}

fn of_labels(row: u32, prediction: &Prediction, flags: (&[bool], &[bool]), name: &dyn Fn(u32) -> String) -> JudgedRow {
    let probabilities = prediction.label_probabilities();
    let of_label = |((label, &probability), (&has, &is_predicted)): ((u32, &f32), (&bool, &bool))| {
        let is_wrong = has != is_predicted;
        let surprise = f64::from(if has { 1.0 - probability } else { probability });
        (has || is_predicted).then_some(Decision {
            actual: has.then_some(label),
            predicted: is_predicted.then_some(label),
            is_wrong,
            severity: surprise,
        })
    };
    let (actual, predicted) = flags;
    let decisions: Vec<Decision> =
        (0..).zip(&probabilities).zip(actual.iter().zip(predicted)).filter_map(of_label).collect();
    let listed = |flags: &[bool]| {
        let held: Vec<String> = (0..).zip(flags).filter(|(_, has)| **has).map(|(label, _)| name(label)).collect();
        if held.is_empty() { "no label".to_owned() } else { held.join(", ") }
    };
    let wrong = decisions.iter().filter(|decision| decision.is_wrong);
    let surest = wrong.map(|decision| decision.severity).fold(0.0, f64::max);
    JudgedRow {
        row,
        given: listed(actual),
        predicted: listed(predicted),
        measure: format!("surest mistake by {}", percent(surest)),
        decisions,
    }
}

fn of_number(row: u32, actual: f32, predicted: f32) -> JudgedRow {
    let error = f64::from(predicted) - f64::from(actual);
    let decision = Decision { actual: None, predicted: None, is_wrong: error != 0.0, severity: error.abs() };
    JudgedRow {
        row,
        decisions: vec![decision],
        given: short(actual.into()),
        predicted: short(predicted.into()),
        measure: format!("error {}", short(error)),
    }
}

fn of_answer(question: &Question, predicted: String, [exact_match, f1]: [f64; 2], sure: f32) -> JudgedRow {
    // An answer that shares words with the right one is less wrong.
    let severity = f64::from(sure) * (1.0 - f1);
    JudgedRow {
        row: question.row,
        decisions: vec![Decision { actual: None, predicted: None, is_wrong: exact_match < 1.0, severity }],
        given: question.shown_answers(),
        predicted,
        measure: format!("F1 {}, {}", percent(f1), probability(sure)),
    }
}

fn of_completion(reference: &Reference, loss: RowLoss, sample: Option<&TextSample>) -> JudgedRow {
    let mean = RowLoss::mean([loss]);
    JudgedRow {
        row: reference.row,
        decisions: vec![Decision { actual: None, predicted: None, is_wrong: true, severity: mean }],
        given: shown(&reference.completion),
        predicted: sample.map(|sample| shown(&sample.generated)).unwrap_or_default(),
        measure: perplexity(mean).map_or_else(|| format!("loss {mean:.2}"), |it| format!("perplexity {it:.1}")),
    }
}

fn shown(text: &str) -> String {
    excerpt(text, PREVIEW_CHARS)
}

fn probability(probability: f32) -> String {
    format!("probability {}", percent(probability.into()))
}
