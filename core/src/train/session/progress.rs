//! Results of single batches.

use crate::metrics::Evaluation;
use crate::run::{EndReason, StepMetrics};

/// Result of one batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A batch of an optimizer step that needs more batches (gradient accumulation).
    Accumulated,
    /// A batch whose frozen layers' outputs were cached again, after the run was restored.
    Recomputed,
    /// An optimizer step.
    Step(StepMetrics),
    /// A batch of an evaluation, or a few tokens of a generated sample.
    Evaluating {
        /// Batches and samples done.
        done: u32,
        /// Batches and samples in all.
        total: u32,
    },
    /// A complete evaluation.
    Evaluated {
        /// Its scores.
        evaluation: Evaluation,
        /// True if it is the best so far.
        is_best: bool,
    },
    /// A batch of test rows, or a few tokens of a sample generated for one.
    Testing {
        /// Batches and samples done.
        done: u32,
        /// Batches and samples in all.
        total: u32,
    },
    /// A batch of general sentences, which measure forgetting.
    Measuring {
        /// Batches done.
        done: u32,
        /// Batches in all.
        total: u32,
    },
    /// The end of the run, with the best weights in place.
    Finished(EndReason),
}

/// Shape of a batch. It determines the batch's cost, and each new shape triggers kernel compilation on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchShape {
    /// True for a training batch, false for an evaluation.
    pub is_training: bool,
    /// Rows, including padding rows.
    pub rows: usize,
    /// Tokens per row, including padding.
    pub len: usize,
}
