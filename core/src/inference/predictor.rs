//! What a model says to a person's own text, question or pair.

use crate::dataset::{Example, Word, words};
use crate::diagnostic::Diagnostic;
use crate::generate::bytes_per_token;
use crate::inference::{Answer, Query, TextSpan};
use crate::metrics::{Detail, Evaluation, entities};
use crate::model::TaskModel;
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::text::{EncodedExamples, EncodedRows, Labels, Tokenizer, conversation};
use crate::train::{Prediction, Session, best_spans, predict};

/// Answers that are shown of a passage.
const SPANS: usize = 5;

/// A query in a run's own form.
#[derive(Debug)]
pub struct EncodedQuery {
    examples: EncodedExamples,
    /// Where the words of a text stand, in the task of tags.
    words: Vec<Word>,
    /// Tokens of the query.
    pub tokens: usize,
    /// Whether it was cut to the run's length.
    pub is_cut: bool,
}

impl EncodedQuery {
    /// Puts a query of a run's task into tokens.
    ///
    /// # Errors
    /// When the query is of another task, or cannot be put into tokens.
    pub fn new(query: &Query, session: &Session, tokenizer: &Tokenizer) -> Result<Self, Diagnostic> {
        let (recipe, labels) = (session.recipe(), &session.data().labels);
        let mut places = Vec::new();
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
                let word =
                    |word: std::ops::Range<usize>| Word { start: word.start as u32, end: word.end as u32, tag: 0 };
                places = words(text).into_iter().map(word).collect();
                Example::Tags { text, words: places.clone() }
            }
            (Query::Question { question, context }, Task::QuestionAnswering) => {
                Example::Question { question, context, answers: Vec::new() }
            }
            _ => return Err(other_task()),
        };
        let mut rows = EncodedRows::new(recipe.task());
        let tokens = rows.push(tokenizer, None, labels.len(), &example)?;
        let (examples, cut) = rows.cut(tokenizer, recipe.max_length(), recipe.spec().doc_stride as usize)?;
        // What is left of the words is in the order of the tokens: those without one were passed over.
        if let Labels::Tags(tags) = &examples.labels {
            places = kept(&places, tags.first().map_or(0, |tags| tags.len()), tokenizer, query)?;
        }
        Ok(Self { examples, words: places, tokens, is_cut: cut.shortened > 0 })
    }

    /// Puts the next window of the query through a model of the run, after those of which it has `said` something. The
    /// answer comes with the last.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn advance(
        &self,
        said: &mut Vec<Prediction>,
        model: &TaskModel,
        session: &Session,
    ) -> Result<Option<Answer>, Diagnostic> {
        let (data, row) = (session.data(), said.len() as u32);
        let input = self.examples.batch(&[row], 1, session.recipe().max_length(), data.pad).input(session.device());
        said.extend(predict(model, input, &self.examples, &[row]).await?);
        if said.len() < self.examples.len() {
            return Ok(None);
        }
        let best = session.best().map(|(best, _)| best);
        Ok(Some(self.read(std::mem::take(said), &data.labels, best)))
    }

    fn read(&self, mut said: Vec<Prediction>, labels: &[String], best: Option<&Evaluation>) -> Answer {
        if let Labels::Spans { windows, .. } = &self.examples.labels {
            let found = best_spans(windows.iter().zip(&said), SPANS);
            let (shares, no_answer) = found.probabilities();
            let threshold = match best.map(|best| &best.detail) {
                Some(Detail::Answers { threshold, .. }) => *threshold,
                _ => None,
            };
            let is_unanswerable = threshold.is_some_and(|threshold| found.no_answer_score() > threshold);
            let span = |(span, score): (&crate::train::Span, f32)| TextSpan {
                start: span.bytes.start,
                end: span.bytes.end,
                label: String::new(),
                score,
            };
            let spans = found.spans.iter().zip(shares).map(span).collect();
            return Answer::Spans { spans, no_answer, is_unanswerable };
        }
        match said.pop() {
            Some(Prediction::Labels(probabilities)) => {
                let thresholds = match best.map(|best| &best.detail) {
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

    /// The entities that the likeliest tags make up; each scores the mean of its tags' probabilities.
    fn entities(&self, said: &[Vec<f32>], labels: &[String]) -> Vec<TextSpan> {
        let likeliest = |word: &Vec<f32>| {
            let best = word.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
            best.map_or((0, 0.0), |(tag, &score)| (tag, score))
        };
        let best: Vec<(usize, f32)> = said.iter().map(likeliest).collect();
        let tags: Vec<&str> = best.iter().map(|&(tag, _)| labels.get(tag).map_or("O", String::as_str)).collect();
        let span = |entity: crate::metrics::Entity| {
            let scores = &best[entity.start..entity.end];
            TextSpan {
                start: self.words[entity.start].start,
                end: self.words[entity.end - 1].end,
                label: entity.label.into(),
                score: scores.iter().map(|(_, score)| score).sum::<f32>() / scores.len() as f32,
            }
        };
        entities(&tags).into_iter().filter(|entity| entity.end <= self.words.len()).map(span).collect()
    }
}

/// A text that base and tuned model are to write on from.
#[derive(Debug)]
pub struct EncodedPrompt {
    /// Its tokens, in the form that the run's rows were learned in.
    pub ids: Vec<u32>,
    /// Whether its beginning was cut off.
    pub is_cut: bool,
}

impl EncodedPrompt {
    /// Puts a person's text into tokens. Of one that is longer than the model can read the end stays: that is what is
    /// written on from. `free_bytes` is the memory that both may take for it.
    ///
    /// # Errors
    /// When the run learned another task, the text cannot be put into tokens, or the memory is not enough for it.
    pub fn new(
        text: &str,
        new_tokens: usize,
        session: &Session,
        pretrained: &Pretrained,
        free_bytes: f64,
    ) -> Result<Self, Diagnostic> {
        if session.recipe().task() != Task::Generation {
            return Err(other_task());
        }
        let (tokenizer, form) = (&pretrained.tokenizer, session.data().form);
        let mut ids = conversation::asked(tokenizer, pretrained.chat.as_ref(), form, text)?;
        let room = pretrained.config.positions().saturating_sub(new_tokens).max(1);
        let is_cut = ids.len() > room;
        ids.drain(..ids.len().saturating_sub(room));
        let fitting = (free_bytes / bytes_per_token(&pretrained.body, 2)).max(0.0) as usize;
        if ids.len() + new_tokens > fitting {
            let fitting = fitting.saturating_sub(new_tokens);
            let what = format!("The prompt has {} tokens, and the memory is enough for about {fitting}.", ids.len());
            return Err(Diagnostic::new("trial.too-long", what)
                .done("Nothing was asked; the tuned model is still here.")
                .remedy("Shorten the prompt, or let fewer tokens be written."));
        }
        Ok(Self { ids, is_cut })
    }
}

fn other_task() -> Diagnostic {
    Diagnostic::new("trial.other-task", "The tuned model learned another task.").remedy("Ask it what it has learned.")
}

/// The first `count` of the words that a token begins in.
fn kept(words: &[Word], count: usize, tokenizer: &Tokenizer, query: &Query) -> Result<Vec<Word>, Diagnostic> {
    let Query::Text { text, .. } = query else { return Ok(Vec::new()) };
    let pieces = tokenizer.pieces(text)?;
    let has_token =
        |word: &&Word| pieces.iter().any(|piece| piece.bytes.start < word.end && piece.bytes.end > word.start);
    Ok(words.iter().filter(has_token).copied().take(count).collect())
}
