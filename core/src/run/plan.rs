//! The plan of a run.

use serde::{Deserialize, Serialize};

use crate::dataset::Cuts;
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::run::baseline::Baseline;
use crate::usage::PromptForm;

/// Facts about a run that are known before it starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The recipe, with every default filled in.
    pub recipe: RecipeSpec,
    /// Class names, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// Number of training rows after cutting; running text and long passages are cut into windows.
    pub train_rows: u32,
    /// Number of validation rows after cutting.
    pub validation_rows: u32,
    /// Number of test rows after cutting.
    #[serde(default)]
    pub test_rows: u32,
    /// Number of optimizer steps.
    pub total_steps: u32,
    /// Optimizer steps per epoch.
    pub steps_per_epoch: u32,
    /// Maximum sequence length, in tokens.
    pub max_length: u32,
    /// Rows that the maximum length shortened or dropped.
    pub cuts: Cuts,
    /// Form of the rows, for generation.
    pub form: PromptForm,
    /// Number of trainable parameters in the last unfreezing stage.
    pub trainable_parameters: f64,
    /// Learning rate at up to 200 evenly spaced steps.
    pub lr_curve: Vec<LrPoint>,
    /// Parameter groups at the start, from the embeddings to the head.
    pub param_groups: Vec<ParamGroupState>,
    /// Scores of a constant prediction; none for tasks without one.
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

/// State of a parameter group in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamGroupState {
    /// The group.
    pub group: ParamGroup,
    /// True if it is trainable now.
    pub trainable: bool,
    /// True if the user froze or unfroze it by hand.
    pub by_hand: bool,
    /// Its learning rate relative to the base learning rate.
    pub rate_factor: f64,
    /// Number of parameters that are trained while it is trainable; with an adapter, those of the adapter.
    pub parameters: f64,
}
