//! State of a run, apart from its tensors.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::ParamGroup;
use crate::run::{EarlyStop, StepMetrics};
use crate::train::plateau::Plateau;

/// An entry in the log of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryEntry {
    /// An optimizer step.
    Step(StepMetrics),
    /// An evaluation.
    Evaluation(Evaluation),
}

/// Position in the batches of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BatchPosition {
    /// Completed epochs.
    pub epoch: u32,
    /// Batches done in the current epoch.
    pub batch: u32,
}

/// Everything that changes during a run, apart from tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Optimizer steps so far, including those not taken because of non-finite values.
    pub step: u32,
    /// Completed epochs.
    pub epoch: u32,
    /// Batches done in this epoch.
    pub batch: u32,
    /// Batches done in the whole run; seeds the dropout masks.
    pub batches_seen: u64,
    /// Steps in a row with a non-finite loss or gradient.
    pub not_finite: u32,
    /// Best score and patience.
    pub early_stop: EarlyStop,
    /// Learning rate reductions; none for other schedules than the plateau.
    pub plateau: Option<Plateau>,
    /// Stage of the unfreezing schedule, from 0.
    pub stage: usize,
    /// Evaluations in a row without progress in this stage.
    pub stalled: u32,
    /// Groups that the user froze (false) or unfroze (true).
    pub by_hand: BTreeMap<ParamGroup, bool>,
    /// Groups that have been trainable at any time: the weights of all others are still those of the start.
    pub ever_trainable: BTreeSet<ParamGroup>,
    /// The first training batch whose frozen layers' outputs were cached: caches are emptied when the trainable groups
    /// change.
    pub prefix_begin: BatchPosition,
    /// Steps after which the run had ended and was trained further, with a schedule of more epochs.
    pub extended_at: Vec<u32>,
    /// Optimizer steps and evaluations, in order.
    pub history: Vec<HistoryEntry>,
}
