//! Time and memory that a run would take.

use serde::{Deserialize, Serialize};

use crate::dataset::Cuts;
use crate::recipe::RecipeSpec;

/// What a run would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Wall time in seconds, evaluations counted.
    pub seconds: f64,
    /// Memory at the most, in bytes.
    pub bytes: f64,
    /// Memory that there is, in bytes.
    pub limit_bytes: f64,
    /// Optimizer steps in all.
    pub steps: u32,
    /// What the recipe's length does to the rows.
    pub cuts: Cuts,
    /// The last batch of the trial, in milliseconds; none where the recipe does not fit.
    pub step_ms: Option<f64>,
    /// Where the recipe does not fit: the nearest one that does, if there is one.
    pub nearest: Option<RecipeSpec>,
}

impl Estimate {
    /// Whether there is memory enough.
    pub fn fits(&self) -> bool {
        self.bytes <= self.limit_bytes
    }
}
