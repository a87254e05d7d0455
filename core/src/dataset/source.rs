//! What the first pass over a file found.

use serde::{Deserialize, Serialize};

use crate::dataset::layout::{Encoding, Format};
use crate::dataset::mapping::Mapping;
use crate::diagnostic::Diagnostic;

/// What was found in a file, read once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The file's name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: f64,
    /// How its rows are written.
    pub format: Format,
    /// How its text is written.
    pub encoding: Encoding,
    /// Between cells, where the format has one: `,`, tab, `;` or `|`.
    pub delimiter: Option<char>,
    /// Whether a cell may hold line ends: a quoted one, or a paragraph of running text.
    pub multiline: bool,
    /// Whether the first line names the columns.
    pub has_header: bool,
    /// Names of the columns; `column 1` and so on where there is no header.
    pub columns: Vec<String>,
    /// Rows, the header not counted.
    pub rows: u32,
    /// The first rows, cells cut to 200 characters.
    pub preview: Vec<Vec<String>>,
    /// What the file looks to be for.
    pub guess: Mapping,
    /// Why: "Column `tags` has one tag for each word of `tokens`."
    pub why: String,
    /// A mapping for each task that the file could serve, `guess` first.
    pub guesses: Vec<Mapping>,
    /// What should be known before going on.
    pub warnings: Vec<Diagnostic>,
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRole {
    /// What is learned from.
    Train,
    /// The person's own validation rows.
    Validation,
}
