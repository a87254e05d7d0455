//! Texts that are nearly the same, and texts that are unlike all others.

use serde::{Deserialize, Serialize};

/// What the texts of the training and validation rows tell about each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TextIssues {
    /// Groups of texts that are nearly the same: first those that are on both sides of the split, then those whose labels differ.
    /// Then each text that is unlike all others, the farthest first. Not more than can be read.
    pub groups: Vec<TextGroup>,
    /// What was found, in words.
    pub sentence: String,
}

/// Texts that are nearly the same, or one that is unlike all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextGroup {
    /// What is the matter with them, in words.
    pub finding: String,
    /// The rows, of which not more than ten are named.
    pub rows: Vec<GroupedRow>,
}

/// A row of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupedRow {
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
    /// The label of most rows of the group; its own if none has more.
    pub likely: String,
}
