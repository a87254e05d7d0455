//! A verdict on a finished run, in a sentence, and the control that would help. Each rule is a pure function of the
//! recorded steps and evaluations.

mod curves;
mod rules;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::metrics::Evaluation;
use crate::recipe::{Metric, RecipeSpec};
use crate::run::baseline::Baseline;
use crate::run::end_reason::EndReason;
use crate::run::step::StepMetrics;

/// A verdict on a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The rule that applies.
    pub finding: Finding,
    /// The verdict in a sentence.
    pub sentence: String,
    /// The control that would help; none if there is nothing to change.
    pub control: Option<Control>,
}

/// The rule that applies to a run; the first one in this order, if several do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The loss diverged, rose above its first value, or jumped.
    RateTooHigh,
    /// Many texts occur with different labels.
    Contradictions,
    /// The same class is predicted for every row.
    OneClass,
    /// The score is not above that of a constant prediction.
    NothingLearned,
    /// The validation loss rises while the training loss falls.
    Memorizing {
        /// Optimizer step with the lowest validation loss.
        since: u32,
    },
    /// The score was rising when the run ended.
    StillImproving,
    /// None of the above.
    Good,
}

/// A control that would help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// More epochs of the same run.
    TrainFurther,
    /// `learning_rate` of the recipe.
    LearningRate,
    /// `dropout` of the recipe.
    Dropout,
    /// `early_stopping_patience` of the recipe.
    EarlyStopping,
    /// `class_weights` of the recipe.
    ClassWeights,
    /// The repeated texts in the report on the data.
    RepeatedTexts,
}

impl Control {
    /// The action in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::TrainFurther => "Train further",
            Self::LearningRate => "Change the learning rate",
            Self::Dropout => "Raise dropout",
            Self::EarlyStopping => "Turn on early stopping",
            Self::ClassWeights => "Set class weights",
            Self::RepeatedTexts => "See the repeated texts",
        }
    }
}

/// Everything that a verdict depends on.
#[derive(Clone, Copy, Debug)]
pub struct RunLog<'a> {
    /// Why the run ended.
    pub reason: EndReason,
    /// Its recipe.
    pub recipe: &'a RecipeSpec,
    /// The metric that decided which weights are kept.
    pub metric: Metric,
    /// Optimizer steps, in order.
    pub steps: &'a [StepMetrics],
    /// Evaluations, in order.
    pub evaluations: &'a [Evaluation],
    /// Evaluation of the weights that are kept.
    pub best: &'a Evaluation,
    /// Scores of a constant prediction; none for tasks without one.
    pub baseline: Option<&'a Baseline>,
    /// Number of validation rows.
    pub validation_rows: u32,
    /// Number of rows that can be used, for training or validation.
    pub rows: u32,
    /// Number of texts with more than one class, set of labels or list of tags.
    pub contradictions: u32,
}

impl RunLog<'_> {
    /// The verdict of the first rule that applies; none if the device failed, which says nothing about the recipe.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.reason == EndReason::DeviceFailed {
            return None;
        }
        let rules = [
            rules::rate_too_high,
            rules::contradictions,
            rules::one_class,
            rules::nothing_learned,
            rules::memorizing,
            rules::still_improving,
        ];
        Some(rules.iter().find_map(|rule| rule(self)).unwrap_or_else(|| rules::good(self)))
    }
}
