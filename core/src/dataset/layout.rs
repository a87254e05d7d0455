//! The layout of a file: its encoding, its format and its columns.

use serde::{Deserialize, Serialize};

/// Character encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little-endian, with a byte order mark.
    Utf16Le,
    /// UTF-16, big-endian, with a byte order mark.
    Utf16Be,
    /// Windows-1252, a superset of Latin-1. Never guessed: the user has to ask for it.
    Windows1252,
}

/// File format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Cells separated by a delimiter and quoted with `"`: CSV, TSV and their relatives.
    Delimited,
    /// One JSON object per line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// One JSON object of arrays, one per column.
    JsonColumns,
    /// SQuAD's JSON: paragraphs with their questions (v1.1 and v2).
    Squad,
    /// One word per line with its tag in the last column; a blank line ends a sentence.
    Conll,
    /// Running text: one paragraph or line per row.
    Text,
}

/// Everything needed to read a file's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLayout {
    pub format: Format,
    pub encoding: Encoding,
    /// Character between cells, if the format has one.
    pub delimiter: Option<char>,
    /// True if a record may span lines: a quoted cell in a table, a paragraph in running text.
    pub multiline: bool,
    pub has_header: bool,
    /// Column names. Empty if the objects' keys are not known yet.
    pub columns: Vec<String>,
}
