//! One training run, from its start to its scores.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::{DataRecipe, Mapping};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::Answer;
use hone_core::metrics::Evaluation;
use hone_core::recipe::{AdapterKind, ParamGroup, Task};
use hone_core::run::{EndReason, GroupMovement, ParamGroupState, RunMaps, RunPlan, RunSummary, StepMetrics};

use crate::format;
use crate::state::runs::retraining::Retraining;
use crate::state::runs::scores;
use crate::state::runs::wrong_rows::WrongRowList;

/// A run that is saved up to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPoint {
    /// Id of the run.
    pub id: String,
    /// Number of optimizer steps.
    pub step: u32,
}

/// A run and everything reported about it so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Its phase.
    pub phase: Phase,
    /// Its name.
    pub name: String,
    /// Name of the training file.
    pub data: String,
    /// Where the page keeps the training file.
    pub file: Option<usize>,
    /// The columns that it was started with.
    pub mapping: Option<Mapping>,
    /// The base model.
    pub base: Option<CatalogEntry>,
    /// Bytes of the base model's weights in a download.
    pub base_bytes: f64,
    /// Bytes of its last layer, and of one that the download may add.
    pub layer_bytes: f64,
    /// The plan of the run; absent until it has begun.
    pub plan: Option<RunPlan>,
    /// Settings by which its rows were read, if their file is open.
    pub data_recipe: Option<DataRecipe>,
    /// All optimizer steps, in order.
    pub steps: Vec<StepMetrics>,
    /// All evaluations, in order.
    pub evaluations: Vec<Evaluation>,
    /// Index of the best evaluation.
    pub best: Option<usize>,
    /// Batches done and total, while an evaluation is under way.
    pub evaluating: Option<(u32, u32)>,
    /// Batches done and total, while the test rows are scored.
    pub testing: Option<(u32, u32)>,
    /// Sentences done and total, while forgetting is being measured.
    pub measuring: Option<(u32, u32)>,
    /// The current state of the parameter groups, from the input to the head.
    pub param_groups: Vec<ParamGroupState>,
    /// Tokens per second over the last ten steps, without padding.
    pub tokens_per_s: f64,
    /// Seconds until the end, once they are known.
    pub seconds_left: Option<f64>,
    /// Why a run after this one could not start.
    pub rejected: Option<Diagnostic>,
    /// Warnings that did not end the run.
    pub warnings: Vec<Diagnostic>,
    /// The list of validation rows that are wrong; none until the user opens it.
    pub wrong: Option<WrongRowList>,
    /// The way to a run that trains its weights further on the corrected file.
    pub retraining: Retraining,
    /// The maps of its validation rows; none until the user asks for them.
    pub maps: Option<RunMaps>,
    /// True while the worker holds the tuned weights, along with the rows that they were tuned on.
    pub has_weights: bool,
    /// Up to where it is saved.
    pub saved: Option<SavedPoint>,
    /// True if it is no longer saved, or never was.
    pub is_unsaved: bool,
    /// True while the worker holds the optimizer state of the finished run, so that it can be trained further.
    pub has_optimizer: bool,
    /// Number of epochs that it would be trained further.
    pub more_epochs: u32,
    /// The user's own texts, predicted at each evaluation.
    pub pinned: Vec<String>,
    /// The answers for them, in the order of the evaluations.
    pub pin_answers: Vec<PinnedAnswers>,
    /// Distances of the weights from their beginning, in the order of the evaluations.
    pub movements: Vec<Movement>,
    /// Id of the run in the history, once it has finished.
    pub past_id: Option<u32>,
}

/// The phase of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// There is no run.
    #[default]
    Idle,
    /// The model is being set up.
    Starting,
    /// The model is being trained.
    Running,
    /// Training is paused.
    Paused,
    /// The user stopped it; the best weights are being restored.
    Stopping,
    /// The run has finished.
    Finished(Box<RunSummary>),
    /// Why the run could not start or continue.
    Failed(Diagnostic),
}

/// The answers for the pinned texts at an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct PinnedAnswers {
    /// Number of optimizer steps.
    pub step: u32,
    /// The answer for each text.
    pub answers: Vec<Answer>,
}

/// Distances of the weights from their beginning, at an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// Number of optimizer steps.
    pub step: u32,
    /// The parameter groups, from the bottom.
    pub groups: Vec<GroupMovement>,
}

impl Run {
    /// Name of the run and of its data, which may no longer be in use.
    pub fn title(&self) -> String {
        format!("{}, on {}", format::visible(&self.name), format::visible(&self.data))
    }

    /// Returns true while a run is under way, paused or not.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running | Phase::Paused | Phase::Stopping)
    }

    /// Returns true while the worker computes and is expected to report.
    pub fn is_computing(&self) -> bool {
        self.is_active() && self.phase != Phase::Paused
    }

    /// Returns true for a saved run that has not begun to continue yet.
    pub fn is_continued(&self) -> bool {
        self.phase == Phase::Starting && self.plan.is_none() && self.saved.is_some()
    }

    /// The summary of a finished run.
    pub fn summary(&self) -> Option<&RunSummary> {
        match &self.phase {
            Phase::Finished(summary) => Some(summary),
            _ => None,
        }
    }

    /// The task.
    pub fn task(&self) -> Task {
        self.plan.as_ref().map(|plan| plan.recipe.task).unwrap_or_default()
    }

    /// The last optimizer step and the total number of steps.
    pub fn position(&self) -> Option<(u32, u32)> {
        let plan = self.plan.as_ref()?;
        Some((self.steps.last().map_or(0, |step| step.step), plan.total_steps))
    }

    /// Returns true if an adapter was trained in place of the model's own weights.
    pub fn has_adapter(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.recipe.adapter != AdapterKind::None)
    }

    /// The current state of a parameter group.
    pub fn param_group(&self, group: ParamGroup) -> Option<&ParamGroupState> {
        self.param_groups.iter().find(|state| state.group == group)
    }

    /// The learning rate of the last step, or the peak before the first.
    pub fn lr(&self) -> f64 {
        let peak = self.plan.as_ref().and_then(|plan| plan.recipe.learning_rate);
        self.steps.last().map(|step| step.lr).or(peak).unwrap_or_default()
    }

    /// The reason why it ended, in a sentence.
    pub fn end_words(&self) -> String {
        let Some(summary) = self.summary() else { return String::new() };
        match summary.reason {
            EndReason::Completed
                if self.plan.as_ref().is_some_and(|plan| plan.recipe.max_steps == plan.total_steps) =>
            {
                "The maximum number of steps is reached.".into()
            }
            EndReason::Completed => "All epochs are done.".into(),
            EndReason::EarlyStopped => match &self.plan {
                Some(plan) => format!(
                    "Early stopping: {} had not improved for {}.",
                    scores::deciding(&plan.recipe).name(),
                    format::counted(
                        plan.recipe.early_stopping_patience.unwrap_or_default(),
                        "evaluation",
                        "evaluations"
                    ),
                ),
                None => "Early stopping: the score had not improved for a while.".into(),
            },
            EndReason::Stopped => "You stopped it.".into(),
            EndReason::DeviceFailed => "The device failed. The best weights so far were kept.".into(),
            EndReason::NotFinite => "Stopped: the loss or gradients were not finite for three steps in a row.".into(),
        }
    }
}
