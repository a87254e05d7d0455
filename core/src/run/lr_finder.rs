//! Results of a learning rate range test.

use serde::{Deserialize, Serialize};

/// An optimizer step of a range test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrFinderPoint {
    /// Learning rate.
    pub lr: f64,
    /// Loss of the batch.
    pub loss: f64,
    /// Exponentially smoothed loss.
    pub smooth: f64,
}

/// Result of a range test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrFinderResult {
    /// Steps, in order.
    pub points: Vec<LrFinderPoint>,
    /// Learning rate at which the smoothed loss falls fastest; none if it never falls.
    pub steepest: Option<f64>,
    /// Learning rate halfway into the longest fall of the smoothed loss; none if it never falls.
    pub valley: Option<f64>,
    /// True if it ended because the loss diverged; false if it reached the highest rate or was stopped.
    pub diverged: bool,
}
