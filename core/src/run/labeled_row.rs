//! A row of a file with its labels, and what could be done about them.

use serde::{Deserialize, Serialize};

/// A row of the training or validation file, or a word of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabeledRow {
    /// Line in its file, from 1.
    pub line: u32,
    /// Number of the word in the row, from 0, if it is about the tag of a word.
    pub word: Option<u32>,
    /// True if the file is the training file, and not a validation file of the user's own.
    pub is_in_train_file: bool,
    /// The side that the row is on.
    pub is_validation: bool,
    /// Text of the row, or the words around the word.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// Its label, labels or number, or the tag of the word; empty if it has none.
    pub given: String,
    /// The labels, or the tag, that it should perhaps have; none if there is nothing to propose.
    pub likely: Option<Vec<String>>,
}
