//! Texts that are nearly the same, and texts that are unlike all others.

use serde::{Deserialize, Serialize};

use crate::run::labeled_row::LabeledRow;

/// Comparison of the texts of the training and validation rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextIssues {
    /// Groups of texts that are nearly the same: first those that are on both sides of the split, then those whose labels differ.
    /// Then each text that is unlike all others, the farthest first. Not more than can be read.
    pub groups: Vec<TextGroup>,
    /// Findings, in words.
    pub sentence: String,
}

/// Texts that are nearly the same, or one that is unlike all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextGroup {
    /// Their problem, in words.
    pub finding: String,
    /// The rows, of which not more than ten are named.
    pub rows: Vec<LabeledRow>,
}
