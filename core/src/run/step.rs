//! Metrics of an optimizer step.

use serde::{Deserialize, Serialize};

/// Metrics of an optimizer step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Number of the step, from 1.
    pub step: u32,
    /// Epochs done, including the part of the current one.
    pub epoch: f64,
    /// Mean loss of its rows, by the recipe's objective, without the L2-SP penalty.
    pub loss: f64,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Base learning rate of the step.
    pub lr: f64,
    /// Tokens in its rows, without padding.
    pub tokens: u32,
    /// True if the weights were updated; false if the loss or the gradient norm was not finite.
    pub taken: bool,
}
