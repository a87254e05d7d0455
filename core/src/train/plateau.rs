//! Cuts the learning rate when the score stalls.

use serde::{Deserialize, Serialize};

/// Watches a score, as `torch.optim.lr_scheduler.ReduceLROnPlateau` with an absolute threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    factor: f64,
    patience: u32,
    early_stopping_min_delta: f64,
    least: f64,
    best: Option<f64>,
    waited: u32,
    scale: f64,
}

impl Plateau {
    /// Multiplies the rate with `factor` after more than `patience` scores in a row that are not better by more than
    /// `early_stopping_min_delta`, and never below `least`, a share of the full rate.
    pub fn new(factor: f64, patience: u32, early_stopping_min_delta: f64, least: f64) -> Self {
        Self { factor, patience, early_stopping_min_delta, least, best: None, waited: 0, scale: 1.0 }
    }

    /// Takes in a score, where higher is better.
    pub fn observe(&mut self, score: f64) {
        if score.is_finite() && self.best.is_none_or(|best| score > best + self.early_stopping_min_delta) {
            (self.best, self.waited) = (Some(score), 0);
            return;
        }
        self.waited += 1;
        if self.waited > self.patience {
            (self.scale, self.waited) = ((self.scale * self.factor).max(self.least), 0);
        }
    }

    /// The rate, as a share of the full one.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}
