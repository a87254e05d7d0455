//! One optimizer step.

use serde::{Deserialize, Serialize};

/// One optimizer step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// From 1.
    pub step: u32,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Mean loss of its rows, by the recipe's objective; what L2-SP adds is not counted.
    pub loss: f64,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Learning rate of this step.
    pub lr: f64,
    /// Tokens of its rows, padding not counted.
    pub tokens: u32,
    /// Whether weights were changed: not when loss or gradient norm was not finite.
    pub taken: bool,
}
