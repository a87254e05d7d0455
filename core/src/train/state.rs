//! State of a run, apart from its tensors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::ParamGroup;
use crate::run::StepMetrics;
use crate::train::early_stop::EarlyStop;
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
    /// Optimizer steps and evaluations, in order.
    pub history: Vec<HistoryEntry>,
}
