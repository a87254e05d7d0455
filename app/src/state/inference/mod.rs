//! Trying the model on the user's own texts, questions and prompts.

pub mod highlight;
pub mod sampling;

use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::generate::Sampling;
use hone_core::inference::{Answer, Query};
use hone_core::protocol::Command;
use hone_core::recipe::Task;
use hone_core::run::{WrongRow, WrongRowQuery, WrongRows};

use crate::format;
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
    /// Index of the open model that is being asked; 0 for the last run.
    pub nth: usize,
    /// The last prediction.
    pub prediction: Option<Prediction>,
    /// Why there is no prediction.
    pub diagnostic: Option<Diagnostic>,
    /// Validation rows that the model got wrong, to pick from.
    pub misclassified: WrongRows,
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
    /// A text to search for, and texts that are searched, one on each line; none for those of the validation rows.
    Search,
    /// A query, and passages that are ranked, one on each line.
    Rank,
}

/// The answers to a query: of the last run's base and tuned model, or of the kept models that are open.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The query.
    pub query: Query,
    /// One or two answers, side by side.
    pub columns: Vec<Column>,
    /// Number of input tokens.
    pub tokens: u32,
    /// True if the text was truncated to that length.
    pub truncated: bool,
}

/// The answer of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name of the model.
    pub caption: String,
    /// Names of classes, labels or tags.
    pub labels: Vec<String>,
    /// Its answer.
    pub answer: Answer,
}

impl Inference {
    /// The query in the boxes; `None` if one of them is empty.
    fn query(&self, kind: QueryKind) -> Option<Query> {
        let is_empty = |text: &str| text.trim().is_empty();
        let needs_other = !matches!(kind, QueryKind::Text | QueryKind::Prompt);
        let needs_text = kind != QueryKind::Search;
        if (needs_text && is_empty(&self.text)) || (needs_other && is_empty(&self.other)) {
            return None;
        }
        let (text, other) = (self.text.clone(), self.other.clone());
        Some(match kind {
            QueryKind::Text => Query::Text { text, pair: None },
            QueryKind::Pair => Query::Text { text, pair: Some(other) },
            QueryKind::Question => Query::Question { question: other, context: text },
            QueryKind::Prompt => Query::Prompt { prompt: text, sampling: self.sampling },
            QueryKind::Search | QueryKind::Rank => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                Query::Search { query: other, texts: lines.map(str::to_owned).collect() }
            }
        })
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

impl QueryKind {
    /// The kind of input of a task, for data with or without pairs of texts.
    pub fn of(task: Task, has_pairs: bool) -> Self {
        match task {
            Task::QuestionAnswering => Self::Question,
            Task::Generation => Self::Prompt,
            Task::Embeddings => Self::Search,
            Task::Reranking => Self::Rank,
            _ if has_pairs => Self::Pair,
            _ => Self::Text,
        }
    }
}

impl State {
    /// The kind of input that the model takes: a kept one that is open, or the last run's.
    pub fn query_kind(&self) -> QueryKind {
        match self.shelf.opened.first() {
            Some(open) => QueryKind::of(open.task(), open.has_pairs),
            None => QueryKind::of(self.run.task(), self.run.mapping.as_ref().is_some_and(Mapping::has_pairs)),
        }
    }

    /// Stores the answers of the last run's models, or that of a kept model. More follow while text is being generated,
    /// and after the first of two kept models comes the second.
    pub(in crate::state) fn on_predicted(
        &mut self,
        base: Option<Answer>,
        tuned: Column,
        tokens: u32,
        truncated: bool,
    ) -> Vec<Effect> {
        let Some(query) = self.inference.pending.take() else { return Vec::new() };
        let is_growing = |answer: &Answer| matches!(answer, Answer::Generated { is_over: false, .. });
        let grows = is_growing(&tuned.answer) || base.as_ref().is_some_and(is_growing);
        let nth = self.inference.nth;
        let columns = match (base, self.shelf.opened.get(nth)) {
            (Some(base), _) => {
                let base = Column { caption: "Before training".into(), answer: base, labels: tuned.labels.clone() };
                vec![base, Column { caption: "After training".into(), ..tuned }]
            }
            (None, open) => {
                let caption = open.map(|open| format::visible(&open.name)).unwrap_or_default();
                let earlier = self.inference.prediction.take().filter(|_| nth > 0);
                let earlier = earlier.into_iter().flat_map(|earlier| earlier.columns).take(nth);
                earlier.chain([Column { caption, ..tuned }]).collect()
            }
        };
        self.inference.prediction = Some(Prediction { query: query.clone(), columns, tokens, truncated });
        let next = self.shelf.opened.get(nth + 1).map(|open| open.id.clone());
        if grows {
            self.inference.pending = Some(query);
        } else if next.is_some() {
            (self.inference.pending, self.inference.nth) = (Some(query.clone()), nth + 1);
            return vec![self.request(Topic::Prediction, Command::Predict { query, tuned: next })];
        }
        Vec::new()
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
    pub fn predict_row(&mut self, WrongRow { text, pair, .. }: WrongRow) -> Vec<Effect> {
        (self.inference.text, self.inference.other) = match (self.query_kind(), pair) {
            (QueryKind::Question, Some(passage)) => (passage, text),
            // Its passage is one of a line each.
            (QueryKind::Rank, Some(passage)) => (passage.replace(['\r', '\n'], " "), text),
            (_, pair) => (text, pair.unwrap_or_else(|| self.inference.other.clone())),
        };
        self.predict()
    }

    /// Sends the query in the boxes to the models.
    pub fn predict(&mut self) -> Vec<Effect> {
        if self.model.is_loading() {
            return Vec::new();
        }
        let kind = self.query_kind();
        let inference = &mut self.inference;
        let Some(query) = inference.query(kind) else { return Vec::new() };
        (inference.diagnostic, inference.pending, inference.nth) = (None, Some(query.clone()), 0);
        let tuned = self.shelf.opened.first().map(|open| open.id.clone());
        vec![self.request(Topic::Prediction, Command::Predict { query, tuned })]
    }

    /// Stops generating; the text so far stays.
    pub fn stop_generating(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopWriting)]
    }

    /// Requests validation rows that the model got wrong, to pick from.
    pub fn fetch_misclassified(&mut self) -> Vec<Effect> {
        vec![self.request(
            Topic::Misclassified,
            Command::FindWrongRows { query: WrongRowQuery::default(), with_nearest: false },
        )]
    }
}
