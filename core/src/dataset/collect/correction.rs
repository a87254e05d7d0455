//! Changes to the rows of a file.

use serde::{Deserialize, Serialize};

/// A change to a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Line on which the row begins, from 1.
    pub line: u32,
    /// Number of the word whose tag changes, from 0; none if the labels of the row change.
    pub word: Option<u32>,
    /// Its new label, its new labels, or the new tag of the word; none to drop the row.
    pub labels: Option<Vec<String>>,
}
