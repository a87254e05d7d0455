//! Learning rate reduction on a plateau of the validation metric.

use serde::{Deserialize, Serialize};

/// Reduces the learning rate when the score stalls, as `torch.optim.lr_scheduler.ReduceLROnPlateau` with
/// `threshold_mode="abs"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    factor: f64,
    patience: u32,
    min_delta: f64,
    min_scale: f64,
    best: Option<f64>,
    evaluations_without_improvement: u32,
    scale: f64,
}

impl Plateau {
    /// Multiplies the rate by `factor` after more than `patience` scores in a row that did not improve by more than
    /// `min_delta`, down to `min_scale` times the full rate.
    pub fn new(factor: f64, patience: u32, min_delta: f64, min_scale: f64) -> Self {
        Self { factor, patience, min_delta, min_scale, best: None, evaluations_without_improvement: 0, scale: 1.0 }
    }

    /// Records a score, where higher is better.
    pub fn observe(&mut self, score: f64) {
        if score.is_finite() && self.best.is_none_or(|best| score > best + self.min_delta) {
            (self.best, self.evaluations_without_improvement) = (Some(score), 0);
            return;
        }
        self.evaluations_without_improvement += 1;
        if self.evaluations_without_improvement > self.patience {
            self.scale = (self.scale * self.factor).max(self.min_scale);
            self.evaluations_without_improvement = 0;
        }
    }

    /// Factor of the learning rate, from `min_scale` to 1.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}
