//! Time and memory estimate of a run.

use serde::{Deserialize, Serialize};

use crate::dataset::Cuts;
use crate::recipe::RecipeSpec;

/// Estimated cost of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Wall time including evaluations, in seconds.
    pub seconds: f64,
    /// Peak memory, in bytes.
    pub bytes: f64,
    /// Available memory, in bytes.
    pub limit_bytes: f64,
    /// Number of optimizer steps.
    pub steps: u32,
    /// Rows that the maximum length shortens or drops.
    pub cuts: Cuts,
    /// Duration of the last optimizer step of the dry run, in milliseconds; none if the recipe does not fit.
    pub step_ms: Option<f64>,
    /// If the recipe does not fit: the closest one that does, if there is one.
    pub nearest: Option<RecipeSpec>,
}

impl Estimate {
    /// Returns true if the run fits into memory.
    pub fn fits(&self) -> bool {
        self.bytes <= self.limit_bytes
    }
}
