//! Rows whose label is probably wrong.

use serde::{Deserialize, Serialize};

use crate::run::text_issues::TextIssues;

/// Result of a search for wrong labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuspectedLabels {
    /// The rows whose label is probably wrong, the surest first; not more than can be read.
    pub rows: Vec<SuspectedLabel>,
    /// Number of such rows.
    pub total: u32,
    /// Number of rows that were looked at.
    pub looked_at: u32,
    /// Number of rows in all, without the test rows.
    pub all: u32,
    /// Estimated number of wrong labels among the rows that were looked at, by the confident joint. It can be larger than
    /// `total`: the estimate counts wrong labels, but not which rows have them.
    pub estimate: u32,
    /// Accuracy of the probabilities that the labels were compared with.
    pub accuracy: f64,
    /// Near duplicates and outliers among the texts of the rows that were looked at.
    pub texts: TextIssues,
}

/// A row whose label is probably wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectedLabel {
    /// Line in its file, from 1.
    pub line: u32,
    /// True if the file is the training file, and not a validation file of the user's own.
    pub is_in_train_file: bool,
    /// The side that the row is on.
    pub is_validation: bool,
    /// Text of the row.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// Name of its label.
    pub given: String,
    /// Name of the likeliest label.
    pub likely: String,
    /// Probability of its label, from models that have not seen the row: its self-confidence.
    pub given_probability: f32,
    /// Probability of the likeliest label.
    pub likely_probability: f32,
    /// Normalized margin of its label: 0 if it is surely wrong, 1 if it is surely right.
    pub score: f32,
}
