//! From what a model says of the validation rows to the figures of the task.

use std::collections::BTreeMap;

use crate::metrics::{
    Answered, Detail, Evaluation, ScatterPoint, TextSample, best_answer_thresholds, best_label_thresholds, bleu, chrf,
    evaluate, evaluate_answers, evaluate_entities, evaluate_multilabel, evaluate_regression, exact_match, perplexity,
};
use crate::recipe::Metric;
use crate::text::{EncodedExamples, Labels, Question, Window};
use crate::train::eval::predict::likeliest;
use crate::train::{Prediction, TrainingData, best_spans};

/// Points of a scatter plot that are told.
const POINTS: usize = 200;

/// Figures of predictions for `examples`, of which there is one for each row. `samples` are what the model wrote, in the
/// task of generation.
pub(crate) fn evaluation(
    data: &TrainingData,
    examples: &EncodedExamples,
    predictions: &[Prediction],
    samples: Vec<TextSample>,
) -> Evaluation {
    let mut evaluation = match &examples.labels {
        Labels::Classes(classes) => {
            let said: Vec<u32> = predictions.iter().map(Prediction::class).collect();
            evaluate(&data.labels, classes, &said)
        }
        Labels::MultiLabel(flags) => labels(&data.labels, flags, predictions),
        Labels::Numbers(numbers) => crate::train::eval::evaluate::numbers(numbers, predictions),
        Labels::Tags(tags) => entities(&data.labels, tags, predictions),
        Labels::Spans { windows, questions } => answers(windows, questions, predictions),
        Labels::Continuations { .. } => texts(samples),
    };
    let losses = predictions.iter().enumerate().map(|(row, said)| said.loss(&examples.labels, row));
    let (sum, weight) = losses.fold((0.0, 0.0), |(sum, weight), (loss, own)| (sum + loss, weight + own));
    // Weights that give no finite numbers are never the best: their loss says so.
    let is_finite = predictions.iter().all(Prediction::is_finite);
    evaluation.loss = if is_finite && weight > 0.0 { sum / weight } else { f64::NAN };
    if let (Labels::Continuations { .. }, Some(perplexity)) = (&examples.labels, perplexity(evaluation.loss)) {
        evaluation.scores.insert(Metric::Perplexity, perplexity);
    }
    evaluation
}

fn labels(names: &[String], flags: &[Box<[bool]>], predictions: &[Prediction]) -> Evaluation {
    let of = |said: &Prediction| match said {
        Prediction::Labels(probabilities) => probabilities.clone(),
        _ => Vec::new(),
    };
    let probabilities: Vec<f32> = predictions.iter().flat_map(of).collect();
    let actual: Vec<bool> = flags.iter().flatten().copied().collect();
    let thresholds = best_label_thresholds(names.len(), &probabilities, &actual);
    let found = evaluate_multilabel(names, &thresholds, &probabilities, &actual);
    let scores = [
        (Metric::MicroF1, found.micro_f1),
        (Metric::MacroF1, found.macro_f1),
        (Metric::Accuracy, found.subset_accuracy),
    ];
    let detail = Detail::Labels { labels: found.labels, thresholds: found.thresholds };
    Evaluation { scores: scores.into(), detail, ..Evaluation::default() }
}

fn numbers(numbers: &[f32], predictions: &[Prediction]) -> Evaluation {
    let of = |said: &Prediction| if let Prediction::Number(number) = said { *number } else { f32::NAN };
    let said: Vec<f32> = predictions.iter().map(of).collect();
    let mut scores = BTreeMap::new();
    if let Some(found) = evaluate_regression(numbers, &said) {
        scores.extend([(Metric::Rmse, found.rmse), (Metric::Mae, found.mae)]);
        let correlations = [(Metric::Pearson, found.pearson), (Metric::Spearman, found.spearman)];
        scores.extend(correlations.into_iter().filter_map(|(metric, value)| Some((metric, value?))));
    }
    let points = numbers.iter().zip(said).map(|(&actual, predicted)| ScatterPoint { actual, predicted });
    let points = points.step_by(numbers.len().div_ceil(POINTS).max(1)).collect();
    Evaluation { scores, detail: Detail::Numbers { points }, ..Evaluation::default() }
}

fn entities(names: &[String], tags: &[Box<[(u32, u32)]>], predictions: &[Prediction]) -> Evaluation {
    let name = |tag: u32| names[tag as usize].as_str();
    let actual: Vec<Vec<&str>> = tags.iter().map(|row| row.iter().map(|&(_, tag)| name(tag)).collect()).collect();
    let of = |said: &Prediction| match said {
        Prediction::Tags(words) => words.iter().map(|word| name(likeliest(word))).collect(),
        _ => Vec::new(),
    };
    let found = evaluate_entities(&actual, &predictions.iter().map(of).collect::<Vec<_>>());
    let scores = [
        (Metric::F1, found.f1),
        (Metric::Precision, found.precision),
        (Metric::Recall, found.recall),
        (Metric::MacroF1, found.macro_f1),
    ];
    Evaluation { scores: scores.into(), detail: Detail::Entities { kinds: found.labels }, ..Evaluation::default() }
}

fn answers(windows: &[Window], questions: &[Question], predictions: &[Prediction]) -> Evaluation {
    let mut said: Vec<Vec<(&Window, &Prediction)>> = vec![Vec::new(); questions.len()];
    for (window, prediction) in windows.iter().zip(predictions) {
        said[window.question as usize].push((window, prediction));
    }
    let answered: Vec<Answered> = questions
        .iter()
        .zip(said)
        .map(|(question, said)| {
            let found = best_spans(said, 1);
            let best = found.spans.first().map(|span| span.bytes.start as usize..span.bytes.end as usize);
            Answered {
                gold: question.answers.iter().map(String::as_str).collect(),
                prediction: best.and_then(|bytes| question.context.get(bytes)).unwrap_or_default(),
                no_answer_score: found.no_answer_score(),
            }
        })
        .collect();
    let unanswerable = questions.iter().filter(|question| question.answers.is_empty()).count() as u32;
    // Where every question has an answer, the model is never asked whether there is one.
    let threshold = (unanswerable > 0).then(|| best_answer_thresholds(&answered)[1].threshold);
    let found = evaluate_answers(&answered, threshold);
    let scores = [(Metric::F1, found.all.f1), (Metric::ExactMatch, found.all.exact_match)];
    let detail = Detail::Answers { answerable: questions.len() as u32 - unanswerable, unanswerable, threshold };
    Evaluation { scores: scores.into(), detail, ..Evaluation::default() }
}

fn texts(samples: Vec<TextSample>) -> Evaluation {
    let mut scores = BTreeMap::new();
    if !samples.is_empty() {
        let written: Vec<&str> = samples.iter().map(|sample| sample.generated.as_str()).collect();
        let references: Vec<&str> = samples.iter().map(|sample| sample.reference.as_str()).collect();
        scores.extend([
            (Metric::Bleu, bleu(&written, &references).score),
            (Metric::Chrf, chrf(&written, &references)),
            (Metric::ExactMatch, exact_match(&written, &references)),
        ]);
    }
    Evaluation { scores, detail: Detail::Texts { samples }, ..Evaluation::default() }
}
