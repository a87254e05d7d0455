//! Trying the model on one's own texts, questions and prompts.

pub mod highlight;
pub mod sampling;

use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Sampling;
use hone_core::inference::{Answer, Query};
use hone_core::protocol::{Command, RowView};
use hone_core::recipe::Task;

use crate::state::{Effect, State, Topic};

/// What was asked and answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// The text, the passage or the prompt in the box.
    pub text: String,
    /// The second text of a pair, or the question.
    pub other: String,
    /// How a prompt is written on.
    pub sampling: Sampling,
    /// What is wrong with a field of it, by the field's name.
    pub errors: Vec<(&'static str, String)>,
    /// The query that is not answered yet, or not to its end; the boxes may hold something else by now.
    pub pending: Option<Query>,
    /// The last answer.
    pub reply: Option<Reply>,
    /// Why there is none.
    pub diagnostic: Option<Diagnostic>,
    /// Whether the person asked for rows to pick from.
    pub is_picking: bool,
    /// Rows that validation got wrong, to pick from.
    pub mistakes: Vec<Mistake>,
}

/// What is asked of a model, and so which boxes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asking {
    /// One text.
    #[default]
    Text,
    /// Two texts.
    Pair,
    /// A question and a passage.
    Question,
    /// A prompt.
    Prompt,
}

/// What both models say.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What was asked.
    pub query: Query,
    /// Names of classes, labels or tags.
    pub labels: Vec<String>,
    /// By the base model; its head, where the task needs one, is untrained.
    pub base: Answer,
    /// By the tuned model.
    pub tuned: Answer,
    /// Tokens that were read.
    pub tokens: u32,
    /// Whether the text was longer than that.
    pub truncated: bool,
}

/// A validation row that the model got wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// It.
    pub row: RowView,
    /// What it is.
    pub actual: String,
}

impl Trial {
    /// What the boxes ask; none where one is empty.
    fn query(&self, asking: Asking) -> Option<Query> {
        let is_empty = |text: &str| text.trim().is_empty();
        let needs_other = matches!(asking, Asking::Pair | Asking::Question);
        if is_empty(&self.text) || (needs_other && is_empty(&self.other)) {
            return None;
        }
        let (text, other) = (self.text.clone(), self.other.clone());
        Some(match asking {
            Asking::Text => Query::Text { text, pair: None },
            Asking::Pair => Query::Text { text, pair: Some(other) },
            Asking::Question => Query::Question { question: other, context: text },
            Asking::Prompt => Query::Prompt { prompt: text, sampling: self.sampling },
        })
    }

    /// Takes an answer. A text that is still being written is not the last.
    pub fn answered(&mut self, reply: impl FnOnce(Query) -> Reply) {
        let Some(query) = self.pending.take() else { return };
        let reply = reply(query.clone());
        if [&reply.base, &reply.tuned].iter().any(|answer| matches!(answer, Answer::Generated { is_over: false, .. })) {
            self.pending = Some(query);
        }
        self.reply = Some(reply);
    }

    /// Takes the reason why a query has no answer.
    pub fn failed(&mut self, diagnostic: Diagnostic) {
        self.pending = None;
        self.diagnostic = Some(diagnostic);
    }

    /// Forgets answers of earlier weights; what is in the boxes stays.
    pub fn reset(&mut self) {
        let Self { text, other, sampling, errors, .. } = std::mem::take(self);
        *self = Self { text, other, sampling, errors, ..Self::default() };
    }
}

impl State {
    /// What the tuned model is asked.
    pub fn asking(&self) -> Asking {
        match self.run.task() {
            Task::QuestionAnswering => Asking::Question,
            Task::Generation => Asking::Prompt,
            _ if self.run.is_of_pairs => Asking::Pair,
            _ => Asking::Text,
        }
    }

    /// Whether there is enough in the boxes, and nothing is being answered or loaded.
    pub fn can_ask(&self) -> bool {
        let trial = &self.trial;
        !self.model.is_loading()
            && trial.pending.is_none()
            && trial.errors.is_empty()
            && trial.query(self.asking()).is_some()
    }

    /// Whether a text is being written.
    pub fn is_writing(&self) -> bool {
        matches!(&self.trial.pending, Some(Query::Prompt { .. }))
    }

    /// Asks about a row of the data, whose texts go into the boxes.
    pub fn ask_row(&mut self, RowView { text, pair, .. }: RowView) -> Vec<Effect> {
        self.trial.text = text;
        if let Some(pair) = pair {
            self.trial.other = pair;
        }
        self.ask()
    }

    /// Asks what is in the boxes.
    pub fn ask(&mut self) -> Vec<Effect> {
        if self.model.is_loading() {
            return Vec::new();
        }
        let asking = self.asking();
        let trial = &mut self.trial;
        let Some(query) = trial.query(asking) else { return Vec::new() };
        (trial.diagnostic, trial.pending) = (None, Some(query.clone()));
        vec![self.request(Topic::Prediction, Command::Predict { query })]
    }

    /// Ends what is being written.
    pub fn stop_writing(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopWriting)]
    }
}
