//! The learning rate range test.

use serde::{Deserialize, Serialize};

/// A step of a range test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrFinderPoint {
    /// Learning rate.
    pub lr: f64,
    /// Loss of the batch.
    pub loss: f64,
    /// Loss, smoothed over the steps before.
    pub smooth: f64,
}

/// What a range test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrFinderResult {
    /// Its steps, in order.
    pub points: Vec<LrFinderPoint>,
    /// Where the smoothed loss falls fastest.
    pub steepest: Option<f64>,
    /// Half way into the longest fall of the smoothed loss.
    pub valley: Option<f64>,
    /// Whether it ended because the loss exploded (else at the highest rate, or by hand).
    pub diverged: bool,
}
