//! The uncertainty of a score.

use serde::{Deserialize, Serialize};

/// A 95 % confidence interval of a score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}
