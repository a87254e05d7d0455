//! Trying the model on the user's own texts, questions and prompts.

pub mod highlight;
pub mod sampling;

use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Sampling;
use hone_core::inference::{Answer, Query};
use hone_core::protocol::{Command, RowView};
use hone_core::recipe::Task;

use crate::state::{Effect, State, Topic};

/// The input boxes and the last prediction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inference {
    /// The text, the passage or the prompt in the box.
    pub text: String,
    /// The second text of a pair, or the question.
    pub other: String,
    /// Settings for generating text from a prompt.
    pub sampling: Sampling,
    /// Error messages for the sampling fields, by label.
    pub errors: Vec<(&'static str, String)>,
    /// The query that has not been answered yet, or not completely; the boxes may have changed since.
    pub pending: Option<Query>,
    /// The last prediction.
    pub prediction: Option<Prediction>,
    /// Why there is no prediction.
    pub diagnostic: Option<Diagnostic>,
    /// True while misclassified rows are requested.
    pub is_picking: bool,
    /// Validation rows that the model got wrong, to pick from.
    pub misclassified: Vec<MisclassifiedRow>,
}

/// The kind of input that the model takes. It decides which boxes are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryKind {
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

/// The answers of both models to a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The query.
    pub query: Query,
    /// Names of classes, labels or tags.
    pub labels: Vec<String>,
    /// The base model's answer; its head, if the task needs one, is untrained.
    pub base: Answer,
    /// The tuned model's answer.
    pub tuned: Answer,
    /// Number of input tokens.
    pub tokens: u32,
    /// True if the text was truncated to that length.
    pub truncated: bool,
}

/// A validation row that the model got wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct MisclassifiedRow {
    /// The row.
    pub row: RowView,
    /// Its true label.
    pub actual: String,
}

impl Inference {
    /// The query in the boxes; `None` if one of them is empty.
    fn query(&self, kind: QueryKind) -> Option<Query> {
        let is_empty = |text: &str| text.trim().is_empty();
        let needs_other = matches!(kind, QueryKind::Pair | QueryKind::Question);
        if is_empty(&self.text) || (needs_other && is_empty(&self.other)) {
            return None;
        }
        let (text, other) = (self.text.clone(), self.other.clone());
        Some(match kind {
            QueryKind::Text => Query::Text { text, pair: None },
            QueryKind::Pair => Query::Text { text, pair: Some(other) },
            QueryKind::Question => Query::Question { question: other, context: text },
            QueryKind::Prompt => Query::Prompt { prompt: text, sampling: self.sampling },
        })
    }

    /// Stores a prediction. More follow while text is being generated.
    pub fn on_prediction(&mut self, prediction: impl FnOnce(Query) -> Prediction) {
        let Some(query) = self.pending.take() else { return };
        let prediction = prediction(query.clone());
        if [&prediction.base, &prediction.tuned]
            .iter()
            .any(|answer| matches!(answer, Answer::Generated { is_over: false, .. }))
        {
            self.pending = Some(query);
        }
        self.prediction = Some(prediction);
    }

    /// Stores the reason why a query could not be answered.
    pub fn on_failed(&mut self, diagnostic: Diagnostic) {
        self.pending = None;
        self.diagnostic = Some(diagnostic);
    }

    /// Clears predictions of earlier weights; the boxes keep their content.
    pub fn reset(&mut self) {
        let Self { text, other, sampling, errors, .. } = std::mem::take(self);
        *self = Self { text, other, sampling, errors, ..Self::default() };
    }
}

impl State {
    /// The kind of input that the tuned model takes.
    pub fn query_kind(&self) -> QueryKind {
        match self.run.task() {
            Task::QuestionAnswering => QueryKind::Question,
            Task::Generation => QueryKind::Prompt,
            _ if self.run.is_of_pairs => QueryKind::Pair,
            _ => QueryKind::Text,
        }
    }

    /// Returns true if the boxes hold a complete query and nothing is being predicted or loaded.
    pub fn can_predict(&self) -> bool {
        let inference = &self.inference;
        !self.model.is_loading()
            && inference.pending.is_none()
            && inference.errors.is_empty()
            && inference.query(self.query_kind()).is_some()
    }

    /// Returns true while text is being generated.
    pub fn is_generating(&self) -> bool {
        matches!(&self.inference.pending, Some(Query::Prompt { .. }))
    }

    /// Puts the texts of a row into the boxes and sends them to both models.
    pub fn predict_row(&mut self, RowView { text, pair, .. }: RowView) -> Vec<Effect> {
        self.inference.text = text;
        if let Some(pair) = pair {
            self.inference.other = pair;
        }
        self.predict()
    }

    /// Sends the query in the boxes to both models.
    pub fn predict(&mut self) -> Vec<Effect> {
        if self.model.is_loading() {
            return Vec::new();
        }
        let kind = self.query_kind();
        let inference = &mut self.inference;
        let Some(query) = inference.query(kind) else { return Vec::new() };
        (inference.diagnostic, inference.pending) = (None, Some(query.clone()));
        vec![self.request(Topic::Prediction, Command::Predict { query })]
    }

    /// Stops generating; the text so far stays.
    pub fn stop_generating(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopWriting)]
    }

    /// Requests validation rows that the model got wrong, to pick from.
    pub fn fetch_misclassified(&mut self) -> Vec<Effect> {
        let Some((actual, predicted)) = self.run.worst_cell() else { return Vec::new() };
        self.inference.is_picking = true;
        vec![self.request(Topic::Misclassified, Command::Rows { actual, predicted })]
    }
}
