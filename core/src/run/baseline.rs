//! The scores that a run is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::recipe::Metric;

/// Scores of a constant prediction, or of the model before training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// The constant prediction: the majority class of the training rows, or the mean of their numbers. None for the model
    /// before training.
    pub prediction: Option<String>,
    /// Scores on the validation rows.
    pub scores: BTreeMap<Metric, f64>,
}
