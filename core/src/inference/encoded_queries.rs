//! Queries, encoded for a model.

use std::ops::Range;

use crate::dataset::{Example, Word, words};
use crate::diagnostic::Diagnostic;
use crate::inference::answer::{Answer, Hit, TextSpan};
use crate::inference::context::InferenceContext;
use crate::inference::query::Query;
use crate::metrics::{Detail, Entity, are_entity_tags, argmax, entities, tag_runs, with_temperature};
use crate::model::{Input, TaskModel};
use crate::recipe::Task;
use crate::text::{EncodedExamples, EncodedRows, Labels, Tokenizer, Window};
use crate::train::{Prediction, Span, best_spans, predict};

/// Most answers to a question.
const MAX_SPANS: usize = 5;
/// Most texts that a search finds.
const MAX_HITS: usize = 10;

/// Queries in the form of the run's rows.
#[derive(Debug)]
pub struct EncodedQueries {
    examples: EncodedExamples,
    /// Rows of `examples` by length, so that those of a batch need little padding.
    order: Vec<u32>,
    /// Words of each text, for token classification.
    words: Vec<Vec<Word>>,
    /// The texts that are ranked: for embeddings, those of the rows after the first one, which is searched for among them; for
    /// a reranker, the passages.
    searched: Option<Vec<String>>,
    /// Number of tokens in all queries.
    pub tokens: usize,
    /// Number of queries that were cut to the run's maximum length.
    pub cut: usize,
}

impl EncodedQueries {
    /// Encodes queries for the task of a model.
    ///
    /// # Errors
    /// `inference.other-task` if a query is for another task, or an error of the tokenizer.
    pub fn new(queries: &[Query], context: &InferenceContext, tokenizer: &Tokenizer) -> Result<Self, Diagnostic> {
        let (recipe, labels) = (context.recipe, context.labels);
        let mut words = Vec::new();
        let mut rows = EncodedRows::new(recipe.task());
        let mut tokens = 0;
        let mut searched = None;
        if let [Query::Search { query, texts }] = queries {
            for example in searched_rows(query, texts, recipe.task())? {
                tokens += rows.push(tokenizer, None, labels.len(), &example)?;
            }
            searched = Some(texts.clone());
        }
        for query in queries.iter().filter(|_| searched.is_none()) {
            let own_words = words_of(query, recipe.task());
            tokens += rows.push(tokenizer, None, labels.len(), &example(query, recipe.task(), &own_words)?)?;
            words.push(own_words);
        }
        let (examples, cut) = rows.cut(tokenizer, recipe.max_length(), recipe.spec().doc_stride as usize)?;
        // Words without tokens have no prediction, and neither have words that were cut off.
        if let Labels::Tags(tags) = &examples.labels {
            for ((query, words), tags) in queries.iter().zip(&mut words).zip(tags) {
                if let Query::Text { text, .. } = query {
                    *words = words_with_tokens(text, words, tags.len(), tokenizer)?;
                }
            }
        }
        let mut order: Vec<u32> = (0..examples.len() as u32).collect();
        order.sort_by_key(|&row| examples.texts.tokens(row as usize));
        Ok(Self { examples, order, words, searched, tokens, cut: cut.shortened as usize })
    }

    /// Runs the next batch of at most `size` rows through a model, and adds its predictions to those of the batches before.
    /// Returns the answers, one for each query, after the last batch.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(
        &self,
        predictions: &mut Vec<Prediction>,
        size: usize,
        model: &TaskModel,
        context: &InferenceContext<'_>,
    ) -> Result<Option<Vec<Answer>>, Diagnostic> {
        let rest = &self.order[predictions.len()..];
        let rows = &rest[..rest.len().min(size.max(1))];
        if !rows.is_empty() {
            let batch = self.examples.batch(rows, rows.len(), context.recipe.max_length(), context.pad);
            let input = Input::new(&batch, context.device);
            predictions.extend(predict(model, input, &self.examples, rows).await?);
        }
        if predictions.len() < self.order.len() {
            return Ok(None);
        }
        let mut by_row: Vec<(u32, Prediction)> = self.order.iter().copied().zip(std::mem::take(predictions)).collect();
        by_row.sort_by_key(|(row, _)| *row);
        let by_row = by_row.into_iter().map(|(_, prediction)| prediction).collect();
        Ok(Some(self.answers(by_row, context)))
    }

    /// Number of rows that are predicted, and in total. A question has a row for each window of its passage.
    pub fn progress(&self, predictions: &[Prediction]) -> (usize, usize) {
        (predictions.len(), self.order.len())
    }

    /// The answers for the predictions of all rows, with thresholds from the best evaluation.
    fn answers(&self, predictions: Vec<Prediction>, context: &InferenceContext) -> Vec<Answer> {
        let detail = context.best.map(|best| &best.detail);
        if let Some(texts) = &self.searched {
            return vec![ranked(texts, &predictions)];
        }
        let Labels::Spans { windows, questions } = &self.examples.labels else {
            let answers = predictions.into_iter().zip(&self.words);
            return answers.map(|(prediction, words)| answer(prediction, words, context)).collect();
        };
        let threshold = match detail {
            Some(Detail::Answers { threshold, .. }) => *threshold,
            _ => None,
        };
        let mut of_question: Vec<Vec<(&Window, &Prediction)>> = vec![Vec::new(); questions.len()];
        for (window, prediction) in windows.iter().zip(&predictions) {
            of_question[window.question as usize].push((window, prediction));
        }
        of_question.into_iter().map(|windows| spans(windows, threshold)).collect()
    }
}

/// Words of a text whose words get tags; empty for other tasks.
fn words_of(query: &Query, task: Task) -> Vec<Word> {
    let word = |word: Range<usize>| Word { start: word.start as u32, end: word.end as u32, tag: 0 };
    match query {
        Query::Text { text, .. } if task == Task::TokenClassification => words(text).into_iter().map(word).collect(),
        _ => Vec::new(),
    }
}

/// A query as a row of a dataset, without its target.
fn example<'a>(query: &'a Query, task: Task, words: &[Word]) -> Result<Example<'a>, Diagnostic> {
    Ok(match (query, task) {
        (Query::Text { text, pair }, Task::Classification) => Example::Class { text, pair: pair.as_deref(), class: 0 },
        (Query::Text { text, pair }, Task::MultiLabel) => {
            Example::Labels { text, pair: pair.as_deref(), labels: Vec::new() }
        }
        (Query::Text { text, pair }, Task::Regression | Task::Reranking) => {
            Example::Number { text, pair: pair.as_deref(), value: 0.0 }
        }
        (Query::Text { text, .. }, Task::TokenClassification) => Example::Tags { text, words: words.to_vec() },
        (Query::Text { text, pair: None }, Task::Embeddings) => Example::LabeledText { text, class: 0 },
        (Query::Question { question, context }, Task::QuestionAnswering) => {
            Example::Question { question, context, answers: Vec::new() }
        }
        _ => return Err(other_task()),
    })
}

/// The rows of a search: the query and the texts, each on its own, or the query together with each passage.
fn searched_rows<'a>(query: &'a str, texts: &'a [String], task: Task) -> Result<Vec<Example<'a>>, Diagnostic> {
    let on_its_own = |text| Example::LabeledText { text, class: 0 };
    let texts = texts.iter().map(String::as_str);
    Ok(match task {
        Task::Embeddings => std::iter::once(query).chain(texts).map(on_its_own).collect(),
        Task::Reranking => texts.map(|text| Example::Number { text: query, pair: Some(text), value: 0.0 }).collect(),
        _ => return Err(other_task()),
    })
}

/// The best spans in the windows of a question's passage.
fn spans(windows: Vec<(&Window, &Prediction)>, threshold: Option<f32>) -> Answer {
    let found = best_spans(windows, MAX_SPANS);
    let probabilities = found.probabilities();
    let is_unanswerable = threshold.is_some_and(|threshold| found.no_answer_score() > threshold);
    let span = |(span, score): (&Span, f32)| TextSpan {
        start: span.bytes.start,
        end: span.bytes.end,
        label: String::new(),
        score,
    };
    let spans = found.spans.iter().zip(probabilities.spans).map(span).collect();
    Answer::Spans { spans, no_answer: probabilities.no_answer, is_unanswerable }
}

/// The texts whose vectors are nearest to the first one, or all passages by their scores; the best first.
fn ranked(texts: &[String], predictions: &[Prediction]) -> Answer {
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let (scores, shown): (Vec<f32>, usize) = match predictions.split_first() {
        Some((Prediction::Vector(query), vectors)) => {
            (vectors.iter().map(|prediction| cosine(query, prediction.vector())).collect(), MAX_HITS)
        }
        _ => (predictions.iter().map(Prediction::number).collect(), texts.len()),
    };
    let mut scored: Vec<(f32, &String)> = scores.into_iter().zip(texts).collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.truncate(shown);
    let hit = |(score, text): (f32, &String)| Hit { text: text.clone(), score };
    Answer::Nearest { hits: scored.into_iter().map(hit).collect() }
}

/// The answer for a row that is a query of its own.
fn answer(prediction: Prediction, words: &[Word], context: &InferenceContext) -> Answer {
    match prediction {
        Prediction::Labels(_) => {
            let probabilities = prediction.label_probabilities();
            let thresholds = match context.best.map(|best| &best.detail) {
                Some(Detail::Labels { thresholds, .. }) => thresholds.clone(),
                _ => vec![0.5; probabilities.len()],
            };
            Answer::Labels { probabilities, thresholds }
        }
        Prediction::Number(_) | Prediction::Relevance(_) => {
            Answer::Number { value: Some(prediction.number()).filter(|value| value.is_finite()) }
        }
        Prediction::Tags(tags) => Answer::Entities { entities: found_entities(words, &tags, context.labels) },
        Prediction::Classes(probabilities) => match context.confidence {
            Some(confidence) => Answer::Classes {
                probabilities: with_temperature(&probabilities, confidence.temperature),
                unsure_below: confidence.unsure_below,
            },
            None => Answer::Classes { probabilities, unsure_below: 0.0 },
        },
        Prediction::Vector(values) => Answer::Vector { values },
        Prediction::Spans { .. } | Prediction::Tokens { .. } => {
            Answer::Classes { probabilities: Vec::new(), unsure_below: 0.0 }
        }
    }
}

/// Entities formed by the most probable tag of each word, or runs of equal tags if they are not BIO. The score of an entity
/// is the mean of its tags' probabilities, as in transformers' `aggregation_strategy="simple"`.
fn found_entities(words: &[Word], tags: &[Vec<f32>], labels: &[String]) -> Vec<TextSpan> {
    let most_probable = |word: &Vec<f32>| {
        let tag = argmax(word);
        (tag, word.get(tag).copied().unwrap_or_default())
    };
    let best: Vec<(usize, f32)> = tags.iter().map(most_probable).collect();
    let tags: Vec<&str> = best.iter().map(|&(tag, _)| labels.get(tag).map_or("O", String::as_str)).collect();
    let span = |entity: Entity| {
        let scores = &best[entity.start..entity.end];
        TextSpan {
            start: words[entity.start].start,
            end: words[entity.end - 1].end,
            label: entity.label.into(),
            score: scores.iter().map(|(_, score)| score).sum::<f32>() / scores.len() as f32,
        }
    };
    let found = if are_entity_tags(labels) { entities(&tags) } else { tag_runs(&tags) };
    found.into_iter().filter(|entity| entity.end <= words.len()).map(span).collect()
}

/// The first `count` words that have a token.
fn words_with_tokens(text: &str, words: &[Word], count: usize, tokenizer: &Tokenizer) -> Result<Vec<Word>, Diagnostic> {
    let pieces = tokenizer.tokenize(text)?;
    let has_token =
        |word: &&Word| pieces.iter().any(|piece| piece.bytes.start < word.end && piece.bytes.end > word.start);
    Ok(words.iter().filter(has_token).copied().take(count).collect())
}

/// The error for a query that is for another task than the run's.
pub(super) fn other_task() -> Diagnostic {
    Diagnostic::new("inference.other-task", "The tuned model was trained for another task.")
        .remedy("Enter a query that fits its task.")
}
