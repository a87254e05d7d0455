//! The row that the user is asked to label next.

use serde::{Deserialize, Serialize};

use crate::dataset::PoolRow;

/// The row without a label from which most is to be learned, and how far labeling has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelQuestion {
    /// The row; none if no row is left.
    pub row: Option<PoolRow>,
    /// The labels so far: those of the file, then those that the user has added.
    pub labels: Vec<String>,
    /// Labels to choose from by a key: the first nine, and the likeliest if it is another one. All can be typed.
    pub choices: Vec<LabelChoice>,
    /// Progress of labeling, and the use of more labels.
    pub progress: String,
}

/// A label that is given by a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelChoice {
    /// The key: 1 to 9, or 0.
    pub key: String,
    /// The label.
    pub label: String,
    /// Its probability by a head on the rows that have a label; none before two labels have rows.
    pub probability: Option<f32>,
    /// True for the likeliest label, which is suggested.
    pub is_likely: bool,
}

/// Accuracy of a head that was fitted to some labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Seed of the first rows.
    pub seed: u64,
    /// True if the rows were chosen because they teach most, false if they are random.
    pub is_chosen: bool,
    /// Number of labels.
    pub labels: u32,
    /// Accuracy on the test rows.
    pub accuracy: f64,
    /// Fraction of the predictions for the training rows that the last labels have changed.
    pub changed: Option<f64>,
}

/// A row without a label, in a list of rows to be labeled.
#[derive(Clone, Debug, PartialEq)]
pub struct RowToLabel {
    /// The row.
    pub row: PoolRow,
    /// The likeliest label with its probability; none before two labels have rows.
    pub likely: Option<(String, f32)>,
    /// Difference between the two largest probabilities.
    pub margin: Option<f64>,
}
