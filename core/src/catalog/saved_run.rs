//! Runs that are saved in this browser, so that they can continue.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogEntry;
use crate::dataset::{Hints, InputColumns};
use crate::diagnostic::Diagnostic;
use crate::run::{EndReason, RunRecord};

/// A data file of a saved run, and how it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its name.
    pub name: String,
    /// Name of a second file whose lines are parallel to the first one's.
    pub aligned_with: Option<String>,
    /// Settings by which it is read, where the user has chosen them.
    pub hints: Hints,
}

/// Facts about a saved run that its [`RunRecord`] lacks: what the page needs to open its data and its model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunAbout {
    /// Its name.
    pub name: String,
    /// The base model; absent if the run was saved elsewhere.
    pub model: Option<CatalogEntry>,
    /// The training file; absent if the run was saved elsewhere.
    pub train: Option<DataFile>,
    /// The user's own validation file.
    pub validation: Option<DataFile>,
    /// The user's own test file.
    #[serde(default)]
    pub test: Option<DataFile>,
    /// True if the rows are pairs of texts.
    pub has_pairs: bool,
    /// Names of the columns that the model's input came from, if they are known.
    #[serde(default)]
    pub input: Option<InputColumns<String>>,
    /// Time of the last save, in milliseconds since 1970.
    pub saved_ms: f64,
    /// True if a copy of the data files is stored with the run.
    pub has_copy: bool,
    /// The reason why the run ended; absent if it can continue.
    pub ended: Option<EndReason>,
}

impl RunAbout {
    /// The description of a run that was saved elsewhere, or whose own description is lost.
    pub fn of_unknown(name: &str, saved_ms: f64) -> Self {
        Self {
            name: name.to_owned(),
            model: None,
            train: None,
            validation: None,
            test: None,
            has_pairs: false,
            input: None,
            saved_ms,
            has_copy: false,
            ended: None,
        }
    }
}

/// A saved run in the browser's storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedRun {
    /// Name of its folder.
    pub id: String,
    /// Its data and model.
    pub about: RunAbout,
    /// Its plan, progress and scores.
    pub record: RunRecord,
    /// Storage that it takes, in bytes.
    pub bytes: f64,
}

/// An entry of the list of saved runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedRunEntry {
    /// A run that can be opened.
    Whole(Box<SavedRun>),
    /// A run that cannot be opened, only deleted.
    Damaged {
        /// Name of its folder.
        id: String,
        /// The reason.
        diagnostic: Diagnostic,
    },
}
