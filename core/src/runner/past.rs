//! The steps and evaluations of a run so far, to report a run that continues.

use crate::run::EarlyStop;
use crate::train::{HistoryEntry, Session};

/// A step or an evaluation of a run so far.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEntry {
    /// The step or evaluation.
    pub entry: HistoryEntry,
    /// True for an evaluation that was the best when it was made.
    pub is_best: bool,
}

/// The steps and evaluations of a run so far.
pub fn past(session: &Session) -> Vec<PastEntry> {
    let recipe = session.recipe();
    let mut early_stop = EarlyStop::new(recipe.metric_for_best_model(), recipe.spec().early_stopping_min_delta, 0);
    let mut has_learned = false;
    let entries = session.state().history.iter().map(|entry| {
        let is_best = match entry {
            HistoryEntry::Step(step) => {
                has_learned |= step.taken && step.lr > 0.0;
                false
            }
            HistoryEntry::Evaluation(evaluation) => has_learned && early_stop.observe(evaluation).is_best,
        };
        PastEntry { entry: entry.clone(), is_best }
    });
    entries.collect()
}
