//! Rows whose label is probably wrong.

use serde::{Deserialize, Serialize};

use crate::run::labeled_row::LabeledRow;
use crate::run::text_issues::TextIssues;

/// Result of a search for wrong labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuspectedLabels {
    /// The rows or words whose label is probably wrong, the surest first; not more than can be read.
    pub rows: Vec<SuspectedLabel>,
    /// Number of such rows or words.
    pub total: u32,
    /// Number of rows that were looked at.
    pub looked_at: u32,
    /// Findings, in words.
    pub sentence: String,
    /// Near duplicates and outliers among the texts of the rows that were looked at.
    pub texts: TextIssues,
}

/// A row or a word whose label is probably wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectedLabel {
    /// The row or word.
    pub row: LabeledRow,
    /// The problem, in words.
    pub finding: String,
    /// Probability of its label, from models that have not seen the row: its self-confidence. Of several labels, the
    /// least probable one counts, whether the row has or lacks it.
    pub given_probability: f32,
    /// Probability of the likeliest label; of several labels, that the same one is wrong.
    pub likely_probability: f32,
    /// Quality of the label, by which the list is ordered: 0 if it is surely wrong, 1 if it is surely right.
    pub score: f32,
}
