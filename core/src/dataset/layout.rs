//! How a file is written.

use serde::{Deserialize, Serialize};

/// How a file's text is written in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little end first, with a byte order mark.
    Utf16Le,
    /// UTF-16, big end first, with a byte order mark.
    Utf16Be,
    /// Windows-1252, a superset of Latin-1: only when the person says so.
    Windows1252,
}

/// How a file's rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Cells apart by a delimiter, quoted with `"`.
    Delimited,
    /// One JSON object a line.
    JsonLines,
    /// One JSON array of objects.
    JsonArray,
    /// One JSON object of arrays, a column each.
    JsonColumns,
    /// SQuAD's JSON: paragraphs with their questions (v1.1 and v2).
    Squad,
    /// A word a line with its tag in the last column, a blank line between sentences.
    Conll,
    /// Running text: a paragraph or a line a row.
    Text,
}
