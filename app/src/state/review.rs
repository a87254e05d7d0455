//! The search for wrong labels.

use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::Task;
use hone_core::run::SuspectedLabels;

use crate::state::{Effect, Load, State, Topic};

/// Stage of the search.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Review {
    /// The labels have not been checked.
    #[default]
    Idle,
    /// This fraction of the work is done.
    Looking(f64),
    /// The search is done.
    Found(SuspectedLabels),
    /// The labels cannot be checked, or the search was stopped.
    Failed(Diagnostic),
}

impl Review {
    /// Returns true while the worker searches.
    pub fn is_looking(&self) -> bool {
        matches!(self, Self::Looking(_))
    }

    /// The result in words; empty before there is one.
    pub fn sentence(&self) -> String {
        if let Self::Found(found) = self { found.sentence.clone() } else { String::new() }
    }
}

impl State {
    /// Returns true if the rows can be checked: those with labels, tags or numbers, and pairs.
    pub fn has_rows_to_review(&self) -> bool {
        let task = self.data.mapping.as_ref().map(Mapping::task);
        let is_checked = |task| !matches!(task, Task::QuestionAnswering | Task::Generation);
        self.data.report.is_some() && task.is_some_and(is_checked)
    }

    /// Returns true if the rows have labels or tags that can be wrong.
    pub fn has_labels_to_review(&self) -> bool {
        use Mapping::{Pairs, Regression, Reranking, ScoredPairs};
        !matches!(self.data.mapping, Some(Regression { .. } | Pairs { .. } | ScoredPairs { .. } | Reranking { .. }))
    }

    /// Returns true if the labels can be checked now: the model has read the texts, and the worker is free.
    pub fn can_review(&self) -> bool {
        let is_encoded = self.data.report.as_ref().is_some_and(|report| report.tokens.is_some());
        let is_loaded = matches!(self.model.load, Load::Ready(_));
        is_encoded && is_loaded && self.data.is_ready() && !self.is_engaged() && !self.review.is_looking()
    }

    /// Looks for wrong labels.
    pub fn review_labels(&mut self) -> Vec<Effect> {
        if !self.can_review() {
            return Vec::new();
        }
        self.review = Review::Looking(0.0);
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::Labels, Command::ReviewLabels));
        effects
    }

    /// Stops looking.
    pub fn stop_review(&mut self) -> Vec<Effect> {
        self.forget_review();
        vec![self.send(Command::StopReview)]
    }

    /// The result belongs to other rows or to another model.
    pub(in crate::state) fn forget_review(&mut self) {
        self.requests.give_up(Topic::Labels);
        self.review = Review::Idle;
    }
}
