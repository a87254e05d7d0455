//! Errors and warnings, in the parts that Hone's diagnostics have.

use parquet::errors::ParquetError;

/// Longest text of an error that is passed on, in characters: the crate's errors may quote whole cells.
const MAX_REASON: usize = 200;

/// An error or a warning about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Stable code, such as `data.truncated`.
    pub code: &'static str,
    /// The problem. The subject is missing, which is the name of the file: "is encrypted".
    pub what: String,
    /// Consequence.
    pub done: String,
    /// Remedy.
    pub remedy: String,
}

impl Report {
    pub(crate) fn new(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code, what: what.into(), done: "The file was not read.".into(), remedy: remedy.into() }
    }

    /// The error of bytes that do not fit together.
    pub(crate) fn damaged(reason: &str) -> Self {
        let mut reason: String = reason.chars().take(MAX_REASON).collect();
        reason = reason.trim_end_matches('.').to_owned();
        // Encrypted columns look like damaged ones.
        let remedy = "Download or copy it again. If another program opens it, save it again there, without encryption.";
        Self::new("data.damaged", format!("is damaged: its table cannot be read ({reason})"), remedy)
    }

    /// The error of the reader.
    pub(crate) fn of(error: &ParquetError) -> Self {
        let text = error.to_string();
        Self::damaged(text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason))
    }

    /// The error of a file whose reading panicked.
    pub(crate) fn panicked() -> Self {
        Self::damaged("its reader stopped")
    }
}
