//! What a run will do.

use serde::{Deserialize, Serialize};

use crate::dataset::Cuts;
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::run::summary::Baseline;
use crate::usage::PromptForm;

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The recipe with every default filled in.
    pub recipe: RecipeSpec,
    /// Class names, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// Rows learned from, as they were cut: of running text and of long passages, windows.
    pub train_rows: u32,
    /// Rows validated on, likewise.
    pub validation_rows: u32,
    /// Optimizer steps in all.
    pub total_steps: u32,
    /// Optimizer steps an epoch.
    pub steps_per_epoch: u32,
    /// Longest sequence, in tokens.
    pub max_length: u32,
    /// What that did to the rows.
    pub cuts: Cuts,
    /// The form of the rows, in the task of generation.
    pub form: PromptForm,
    /// Parameters that learn in the last stage.
    pub trainable_parameters: f64,
    /// Learning rate at up to 200 evenly spaced steps.
    pub lr_curve: Vec<LrPoint>,
    /// The parts of the model at the beginning, from the bottom.
    pub param_groups: Vec<ParamGroupState>,
    /// What saying the same of every row scores, where there is such a thing to say.
    pub baseline: Option<Baseline>,
}

/// Learning rate at an optimizer step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrPoint {
    /// Optimizer step, from 1.
    pub step: u32,
    /// Base learning rate at that step, before the groups' factors.
    pub lr: f64,
}

/// A part of the model in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamGroupState {
    /// Which.
    pub group: ParamGroup,
    /// Whether it learns.
    pub trainable: bool,
    /// Whether that was decided by hand.
    pub by_hand: bool,
    /// Its rate over the rate of the step.
    pub rate_factor: f64,
    /// Its parameters that learn when it is live; with an adapter, those of the adapter.
    pub parameters: f64,
}
