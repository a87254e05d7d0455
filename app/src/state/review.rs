//! The search for wrong labels.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::Task;
use hone_core::run::SuspectedLabels;

use crate::format;
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
        let Self::Found(SuspectedLabels { rows, total, looked_at, all, accuracy, .. }) = self else {
            return String::new();
        };
        let of = format::counted(*looked_at, "row", "rows");
        let drawn =
            if looked_at < all { format!(", drawn from {}", format::count(f64::from(*all))) } else { String::new() };
        let right = format::percent(*accuracy);
        if *total == 0 {
            return format!("No label of {of}{drawn} looks wrong. The heads agree with {right} of the labels.");
        }
        let labels = format::counted(*total, "label", "labels");
        let listed = if rows.len() < *total as usize {
            format!(" The {} surest are listed.", rows.len())
        } else {
            String::new()
        };
        format!("{labels} of {of}{drawn} may be wrong. The heads agree with {right} of all labels.{listed}")
    }
}

impl State {
    /// Returns true if the rows have one label each.
    pub fn has_labels_to_review(&self) -> bool {
        self.data.report.is_some() && self.data.mapping.as_ref().is_some_and(|it| it.task() == Task::Classification)
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
