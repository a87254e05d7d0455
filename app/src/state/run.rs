//! One training run, from its start to what it scored.

use hone_core::metrics::Evaluation;
use hone_core::problem::Problem;
use hone_core::protocol::{RowView, RunPlan, RunSummary, StepMetrics};

/// A run and all that it has told so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Where it is.
    pub phase: Phase,
    /// What it does; absent until it has begun.
    pub plan: Option<RunPlan>,
    /// Every optimiser step, in order.
    pub steps: Vec<StepMetrics>,
    /// Every evaluation, in order.
    pub evaluations: Vec<Evaluation>,
    /// Index of the best of them.
    pub best: Option<usize>,
    /// Batches done and in all, of an evaluation under way.
    pub evaluating: Option<(u32, u32)>,
    /// Over the last ten steps, padding not counted.
    pub tokens_per_s: f64,
    /// Until the end, once it can be told.
    pub seconds_left: Option<f64>,
    /// Why a run after this one could not start.
    pub rejected: Option<Problem>,
    /// What should be known; the run went on.
    pub warnings: Vec<Problem>,
    /// The opened cell of the confusion matrix.
    pub cell: Option<Cell>,
    /// Whether the worker still holds the tuned weights and the data they were tuned on.
    pub has_weights: bool,
}

/// Where a run is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// There is none.
    #[default]
    Idle,
    /// Asked for; the model is being set up.
    Starting,
    /// It learns.
    Running,
    /// It waits for the person.
    Paused,
    /// The person stopped it; the best weights are being put in place.
    Stopping,
    /// It is over.
    Finished(RunSummary),
    /// It could not start or go on.
    Failed(Problem),
}

/// Rows of one cell of the confusion matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Index of the true class.
    pub actual: u32,
    /// Index of the predicted class.
    pub predicted: u32,
    /// Worst first; absent until they have come.
    pub rows: Option<Vec<RowView>>,
    /// Rows in all.
    pub total: u32,
}

impl Run {
    /// A run that was asked for.
    pub fn starting() -> Self {
        Self { phase: Phase::Starting, ..Self::default() }
    }

    /// Whether a run is under way, waiting or not.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running | Phase::Paused | Phase::Stopping)
    }

    /// Whether the worker must be heard from: it computes and is not told to wait.
    pub fn is_computing(&self) -> bool {
        self.is_active() && self.phase != Phase::Paused
    }

    /// How it ended.
    pub fn summary(&self) -> Option<&RunSummary> {
        match &self.phase {
            Phase::Finished(summary) => Some(summary),
            _ => None,
        }
    }

    /// The last optimiser step and the number of steps in all.
    pub fn position(&self) -> Option<(u32, u32)> {
        let plan = self.plan.as_ref()?;
        Some((self.steps.last().map_or(0, |step| step.step), plan.total_steps))
    }

    /// The name of a class by its index.
    pub fn label(&self, class: u32) -> &str {
        let labels = self.plan.as_ref().map(|plan| &plan.labels);
        labels.and_then(|labels| labels.get(class as usize)).map_or("", String::as_str)
    }

    /// The cell with the most rows that were predicted wrong.
    pub fn worst_cell(&self) -> Option<(u32, u32)> {
        let confusion = &self.summary()?.best.confusion;
        let cells = confusion.iter().zip(0..).flat_map(|(row, actual)| {
            row.iter()
                .zip(0..)
                .filter(move |(rows, predicted)| **rows > 0 && *predicted != actual)
                .map(move |(rows, predicted)| (*rows, (actual, predicted)))
        });
        cells.max_by_key(|(rows, _)| *rows).map(|(_, cell)| cell)
    }
}
