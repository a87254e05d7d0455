//! What a run is, apart from its tensors: enough to go on with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::ParamGroup;
use crate::run::StepMetrics;
use crate::train::{EarlyStop, Plateau};

/// What a run has shown of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryEntry {
    /// An optimizer step.
    Step(StepMetrics),
    /// An evaluation.
    Evaluation(Evaluation),
}

/// Everything that changes during a run and is no tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Optimizer steps tried.
    pub step: u32,
    /// Epochs begun and finished.
    pub epoch: u32,
    /// Batches of this epoch that are done.
    pub batch: u32,
    /// Batches of the whole run that are done: the number that dropout masks go by.
    pub batches_seen: u64,
    /// Steps in a row whose loss or gradient was not finite.
    pub not_finite: u32,
    /// Best score, and patience.
    pub early_stop: EarlyStop,
    /// The rate's cuts, where the schedule is a plateau.
    pub plateau: Option<Plateau>,
    /// Stage of unfreezing, from 0.
    pub stage: usize,
    /// Evaluations in a row without improvement in this stage.
    pub stalled: u32,
    /// Parts that the person froze (false) or thawed (true).
    pub by_hand: BTreeMap<ParamGroup, bool>,
    /// Steps and evaluations, in order.
    pub history: Vec<HistoryEntry>,
}
