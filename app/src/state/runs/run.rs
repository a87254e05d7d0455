//! One training run, from its start to what it scored.

use hone_core::catalog::CatalogEntry;
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::Evaluation;
use hone_core::protocol::RowView;
use hone_core::recipe::{AdapterKind, ParamGroup, Task};
use hone_core::run::{EndReason, ParamGroupState, RunPlan, RunSummary, StepMetrics};

use crate::state::format;
use crate::state::runs::scores;

/// A run and all that it has told so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Where it is.
    pub phase: Phase,
    /// What it is called.
    pub name: String,
    /// Name of the file that it learns from.
    pub data: String,
    /// Whether that holds pairs of texts.
    pub is_of_pairs: bool,
    /// The model that it tunes.
    pub base: Option<CatalogEntry>,
    /// Bytes of that model's weights in a download.
    pub base_bytes: f64,
    /// What it does; absent until it has begun.
    pub plan: Option<RunPlan>,
    /// Every optimizer step, in order.
    pub steps: Vec<StepMetrics>,
    /// Every evaluation, in order.
    pub evaluations: Vec<Evaluation>,
    /// Index of the best of them.
    pub best: Option<usize>,
    /// Batches done and in all, of an evaluation under way.
    pub evaluating: Option<(u32, u32)>,
    /// Sentences read and in all, while it is measured how far the encoder has moved.
    pub measuring: Option<(u32, u32)>,
    /// The parts of the model as they now stand, from the bottom.
    pub param_groups: Vec<ParamGroupState>,
    /// Over the last ten steps, padding not counted.
    pub tokens_per_s: f64,
    /// Until the end, once it can be told.
    pub seconds_left: Option<f64>,
    /// Why a run after this one could not start.
    pub rejected: Option<Diagnostic>,
    /// What should be known; the run went on.
    pub warnings: Vec<Diagnostic>,
    /// The opened cell of the confusion matrix.
    pub cell: Option<Cell>,
    /// Whether the worker holds the tuned weights, with the rows that they were tuned on.
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
    Finished(Box<RunSummary>),
    /// It could not start or go on.
    Failed(Diagnostic),
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
    /// Its name and that of its data, which need not be those in use any more.
    pub fn of_what(&self) -> String {
        format!("{}, on {}", format::visible(&self.name), format::visible(&self.data))
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

    /// What is learned.
    pub fn task(&self) -> Task {
        self.plan.as_ref().map(|plan| plan.recipe.task).unwrap_or_default()
    }

    /// The last optimizer step and the number of steps in all.
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
        let (_, confusion) = self.summary()?.best.classes()?;
        let cells = confusion.iter().zip(0..).flat_map(|(row, actual)| {
            row.iter()
                .zip(0..)
                .filter(move |(rows, predicted)| **rows > 0 && *predicted != actual)
                .map(move |(rows, predicted)| (*rows, (actual, predicted)))
        });
        cells.max_by_key(|(rows, _)| *rows).map(|(_, cell)| cell)
    }

    /// Whether an adapter learned in place of the model.
    pub fn has_adapter(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.recipe.adapter != AdapterKind::None)
    }

    /// A part of the model as it now stands.
    pub fn part(&self, group: ParamGroup) -> Option<&ParamGroupState> {
        self.param_groups.iter().find(|part| part.group == group)
    }

    /// The rate of the last step; the highest before the first.
    pub fn lr(&self) -> f64 {
        let peak = self.plan.as_ref().and_then(|plan| plan.recipe.learning_rate);
        self.steps.last().map(|step| step.lr).or(peak).unwrap_or_default()
    }

    /// Why it ended, in words.
    pub fn end_words(&self) -> String {
        let Some(summary) = self.summary() else { return String::new() };
        match summary.reason {
            EndReason::Completed => "All epochs are done.".into(),
            EndReason::EarlyStopped => match &self.plan {
                Some(plan) => format!(
                    "Stopped early: {} had not improved for {}.",
                    scores::name(scores::deciding(&plan.recipe)),
                    format::counted(plan.recipe.early_stopping_patience, "evaluation", "evaluations"),
                ),
                None => "Stopped early: the score had not improved for a while.".into(),
            },
            EndReason::Stopped => "You stopped it.".into(),
            EndReason::DeviceFailed => "The device failed; the best weights so far are kept.".into(),
            EndReason::NotFinite => {
                "Stopped: the numbers grew beyond what can be computed three steps in a row.".into()
            }
        }
    }
}
