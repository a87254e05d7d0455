//! A query, encoded for a model.

use std::ops::Range;

use crate::dataset::{Example, Word, words};
use crate::diagnostic::Diagnostic;
use crate::inference::answer::{Answer, TextSpan};
use crate::inference::context::InferenceContext;
use crate::inference::query::Query;
use crate::metrics::{Detail, Entity, Evaluation, are_entity_tags, entities, tag_runs};
use crate::model::{Input, TaskModel};
use crate::recipe::Task;
use crate::text::{EncodedExamples, EncodedRows, Labels, Tokenizer};
use crate::train::{Prediction, Span, best_spans, predict};

/// Most answers to a question.
const MAX_SPANS: usize = 5;

/// A query in the form of the run's rows.
#[derive(Debug)]
pub struct EncodedQuery {
    examples: EncodedExamples,
    /// Words of the text, for token classification.
    words: Vec<Word>,
    /// Number of tokens in the query.
    pub tokens: usize,
    /// True if the query was cut to the run's maximum length.
    pub is_cut: bool,
}

impl EncodedQuery {
    /// Encodes a query for the task of a model.
    ///
    /// # Errors
    /// `inference.other-task` if the query is for another task, or an error of the tokenizer.
    pub fn new(query: &Query, context: &InferenceContext, tokenizer: &Tokenizer) -> Result<Self, Diagnostic> {
        let (recipe, labels) = (context.recipe, context.labels);
        let mut all_words = Vec::new();
        let example = match (query, recipe.task()) {
            (Query::Text { text, pair }, Task::Classification) => {
                Example::Class { text, pair: pair.as_deref(), class: 0 }
            }
            (Query::Text { text, pair }, Task::MultiLabel) => {
                Example::Labels { text, pair: pair.as_deref(), labels: Vec::new() }
            }
            (Query::Text { text, pair }, Task::Regression) => {
                Example::Number { text, pair: pair.as_deref(), value: 0.0 }
            }
            (Query::Text { text, .. }, Task::TokenClassification) => {
                let word = |word: Range<usize>| Word { start: word.start as u32, end: word.end as u32, tag: 0 };
                all_words = words(text).into_iter().map(word).collect();
                Example::Tags { text, words: all_words.clone() }
            }
            (Query::Question { question, context }, Task::QuestionAnswering) => {
                Example::Question { question, context, answers: Vec::new() }
            }
            _ => return Err(other_task()),
        };
        let mut rows = EncodedRows::new(recipe.task());
        let tokens = rows.push(tokenizer, None, labels.len(), &example)?;
        let (examples, cut) = rows.cut(tokenizer, recipe.max_length(), recipe.spec().doc_stride as usize)?;
        // Words without tokens have no prediction, and neither have words that were cut off.
        if let (Labels::Tags(tags), Query::Text { text, .. }) = (&examples.labels, query) {
            let count = tags.first().map_or(0, |tags| tags.len());
            all_words = words_with_tokens(text, &all_words, count, tokenizer)?;
        }
        Ok(Self { examples, words: all_words, tokens, is_cut: cut.shortened > 0 })
    }

    /// Runs the next window of the query through a model, and adds its prediction to those of the windows
    /// before. Returns the answer after the last window.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(
        &self,
        predictions: &mut Vec<Prediction>,
        model: &TaskModel,
        context: &InferenceContext<'_>,
    ) -> Result<Option<Answer>, Diagnostic> {
        let row = predictions.len() as u32;
        let batch = self.examples.batch(&[row], 1, context.recipe.max_length(), context.pad);
        let input = Input::new(&batch, context.device);
        predictions.extend(predict(model, input, &self.examples, &[row]).await?);
        if predictions.len() < self.examples.len() {
            return Ok(None);
        }
        Ok(Some(self.answer(std::mem::take(predictions), context.labels, context.best)))
    }

    /// The answer for the predictions, with thresholds from the best evaluation.
    fn answer(&self, mut predictions: Vec<Prediction>, labels: &[String], best: Option<&Evaluation>) -> Answer {
        let detail = best.map(|best| &best.detail);
        if let Labels::Spans { windows, .. } = &self.examples.labels {
            let found = best_spans(windows.iter().zip(&predictions), MAX_SPANS);
            let probabilities = found.probabilities();
            let threshold = match detail {
                Some(Detail::Answers { threshold, .. }) => *threshold,
                _ => None,
            };
            let is_unanswerable = threshold.is_some_and(|threshold| found.no_answer_score() > threshold);
            let span = |(span, score): (&Span, f32)| TextSpan {
                start: span.bytes.start,
                end: span.bytes.end,
                label: String::new(),
                score,
            };
            let spans = found.spans.iter().zip(probabilities.spans).map(span).collect();
            return Answer::Spans { spans, no_answer: probabilities.no_answer, is_unanswerable };
        }
        match predictions.pop() {
            Some(Prediction::Labels(probabilities)) => {
                let thresholds = match detail {
                    Some(Detail::Labels { thresholds, .. }) => thresholds.clone(),
                    _ => vec![0.5; probabilities.len()],
                };
                Answer::Labels { probabilities, thresholds }
            }
            Some(Prediction::Number(value)) => Answer::Number { value: Some(value).filter(|value| value.is_finite()) },
            Some(Prediction::Tags(tags)) => Answer::Entities { entities: self.entities(&tags, labels) },
            Some(Prediction::Classes(probabilities)) => Answer::Classes { probabilities },
            _ => Answer::Classes { probabilities: Vec::new() },
        }
    }

    /// Entities formed by the most probable tag of each word, or runs of equal tags if they are not BIO. The score of an entity is the mean of its tags'
    /// probabilities, as in transformers' `aggregation_strategy="simple"`.
    fn entities(&self, words: &[Vec<f32>], labels: &[String]) -> Vec<TextSpan> {
        let most_probable = |word: &Vec<f32>| {
            let best = word.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
            best.map_or((0, 0.0), |(tag, &probability)| (tag, probability))
        };
        let best: Vec<(usize, f32)> = words.iter().map(most_probable).collect();
        let tags: Vec<&str> = best.iter().map(|&(tag, _)| labels.get(tag).map_or("O", String::as_str)).collect();
        let span = |entity: Entity| {
            let scores = &best[entity.start..entity.end];
            TextSpan {
                start: self.words[entity.start].start,
                end: self.words[entity.end - 1].end,
                label: entity.label.into(),
                score: scores.iter().map(|(_, score)| score).sum::<f32>() / scores.len() as f32,
            }
        };
        let found = if are_entity_tags(labels) { entities(&tags) } else { tag_runs(&tags) };
        found.into_iter().filter(|entity| entity.end <= self.words.len()).map(span).collect()
    }
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
