//! Result of the first pass over a file.

use serde::{Deserialize, Serialize};

use crate::dataset::layout::{Encoding, FileLayout, Format, Quirks};
use crate::dataset::mapping::Mapping;
use crate::diagnostic::Diagnostic;

/// Result of the first pass over a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// File name.
    pub name: String,
    /// File size in bytes.
    pub bytes: f64,
    /// File format.
    pub format: Format,
    /// Character encoding.
    pub encoding: Encoding,
    /// Character between cells, if the format has one: `,`, tab, `;` or `|`.
    pub delimiter: Option<char>,
    /// True if a record may span lines: a quoted cell in a table, a paragraph in running text.
    pub multiline: bool,
    /// True if the first line names the columns.
    pub has_header: bool,
    /// Line ends, quoting and first lines that differ from the usual.
    #[serde(default)]
    pub quirks: Quirks,
    /// Column names; `column 1`, `column 2` and so on if there is no header.
    pub columns: Vec<String>,
    /// Number of rows, excluding the header.
    pub rows: u32,
    /// The first rows, with cells cut to 200 characters.
    pub preview: Vec<Vec<String>>,
    /// The likeliest mapping.
    pub guess: Mapping,
    /// Reason for the guess: "Column `tags` has one tag for each word of `tokens`."
    pub why: String,
    /// One mapping for each task that the file would fit, `guess` first.
    pub guesses: Vec<Mapping>,
    /// Warnings to show before the user continues.
    pub warnings: Vec<Diagnostic>,
}

impl SourceInfo {
    /// The layout by which the file is read again.
    pub(crate) fn layout(&self) -> FileLayout {
        FileLayout {
            format: self.format,
            encoding: self.encoding,
            delimiter: self.delimiter,
            multiline: self.multiline,
            has_header: self.has_header,
            quirks: self.quirks,
            columns: self.columns.clone(),
        }
    }
}

/// Purpose of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRole {
    /// The file with the training rows.
    Train,
    /// A separate file with validation rows.
    Validation,
}
