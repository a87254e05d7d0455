//! Bytes to rows: what a dropped file is, what is in it, and which rows train and validate.
//!
//! A file is read twice, in chunks: a [`Scanner`] tells what is in it, and once the person has agreed on the columns
//! a [`Collector`] takes text and label of each row. A [`Dataset`] splits those without reading again.

mod cells;
mod collect;
mod columns;
mod decode;
mod delimited;
mod json;
mod labels;
mod repeats;
mod rows;
mod scan;
mod sniff;
mod split;
mod usable;
mod words;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

pub use collect::{Collector, Labelled};
pub use scan::{Hints, Scanner};
pub use usable::Dataset;

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
}

/// Which columns are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Index of the column with the text.
    pub text: u32,
    /// Index of the column with the label.
    pub label: u32,
}

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
    /// Whether quoted cells may hold line ends.
    pub multiline: bool,
    /// Whether the first line names the columns.
    pub has_header: bool,
    /// Names of the columns; `column 1` and so on where there is no header.
    pub columns: Vec<String>,
    /// Rows, the header not counted.
    pub rows: u32,
    /// The first rows, cells cut to 200 characters.
    pub preview: Vec<Vec<String>>,
    /// Which columns look like text and label.
    pub guess: Mapping,
    /// What should be known before going on.
    pub warnings: Vec<Problem>,
}

/// What was found in the two columns, before any training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataReport {
    /// The columns.
    pub mapping: Mapping,
    /// Rows that can be used.
    pub rows_kept: u32,
    /// Rows that cannot.
    pub rows_dropped: u32,
    /// The first of those, with line and reason.
    pub dropped: Vec<DroppedRow>,
    /// Classes with their rows, commonest first.
    pub classes: Vec<ClassCount>,
    /// Rows whose text and label stand earlier in the file.
    pub duplicates: u32,
    /// Texts that stand with more than one label.
    pub contradictions: u32,
    /// Training rows whose text is also in the validation file; they are not learned from.
    pub across_split: u32,
    /// The first of the duplicates, contradictions and texts across the split, with their lines.
    pub repeated: Vec<RepeatedText>,
    /// Rows learned from.
    pub train_rows: u32,
    /// Rows validated on.
    pub validation_rows: u32,
    /// Always guessing the commonest class is right for this share.
    pub majority_share: f64,
    /// Token lengths, once a tokenizer is loaded.
    pub tokens: Option<TokenLengths>,
    /// What should be known before going on.
    pub warnings: Vec<Problem>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRow {
    /// Line in the file, from 1.
    pub line: u32,
    /// "no label"
    pub reason: String,
}

/// A class and its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The class's name.
    pub label: String,
    /// Its rows.
    pub rows: u32,
}

/// A text that stands more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedText {
    /// The text, cut to 200 characters.
    pub text: String,
    /// The lines it stands on, the first few.
    pub lines: Vec<u32>,
    /// The labels it has.
    pub labels: Vec<String>,
}

/// How long the texts are in tokens, and what a length would cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenLengths {
    /// Half of the rows are at most this long.
    pub p50: u32,
    /// 95 % of the rows are at most this long.
    pub p95: u32,
    /// The longest.
    pub max: u32,
    /// The length chosen.
    pub max_len: u32,
    /// Share of the rows that it cuts.
    pub truncated_share: f64,
}
