//! Bytes to rows: what a dropped file is, what is in it, and which rows train and validate.
//!
//! A file is read twice, in chunks: a [`Scanner`] tells what is in it and for which task it looks to be, and once the
//! person has agreed on the [`Mapping`] a [`Collector`] takes what it names of each row. A [`Dataset`] splits those
//! [`Examples`] without reading again.

mod align;
mod answers;
mod cells;
mod collect;
mod columns;
mod conll;
mod decode;
mod delimited;
mod example;
mod examples;
mod guess;
mod json;
mod json_columns;
mod label_lists;
mod labels;
mod languages;
mod mapping;
mod messages;
mod plain;
mod refused;
mod repeats;
mod report;
mod rows;
mod scan;
mod shape;
mod sniff;
mod spans;
mod split;
mod squad;
mod summary;
mod tags;
mod template;
mod usable;
mod words;

#[cfg(test)]
mod task_tests;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

pub use align::align;
pub use collect::Collector;
pub use example::{Example, Message, Role, Word};
pub use examples::Examples;
pub use mapping::Mapping;
pub use report::{ClassCount, Cut, Cuts, DataReport, DroppedRow, RepeatedText, TaskFacts, TokenLengths};
pub use scan::{Hints, Scanner};
pub use spans::words;
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
    /// One JSON object of arrays, a column each.
    JsonColumns,
    /// SQuAD's JSON: paragraphs with their questions (v1.1 and v2).
    Squad,
    /// A word a line with its tag in the last column, a blank line between sentences.
    Conll,
    /// Running text: a paragraph or a line a row.
    Text,
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
    pub warnings: Vec<Problem>,
}
