//! Rows that cannot be used.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::limits::LISTED_ROWS;
use crate::phrases::count;

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    /// Line in the file, from 1; the row number if the file is JSON with several rows on a line.
    pub line: u32,
    /// Reason, such as "no label".
    pub reason: String,
}

/// Number of rows that cannot be used, and the first of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkippedRows {
    pub rows: usize,
    /// At most [`LISTED_ROWS`].
    pub first: Vec<SkippedRow>,
}

impl SkippedRows {
    pub(crate) fn add(&mut self, line: u32, reason: impl Into<String>) {
        self.rows += 1;
        if self.first.len() < LISTED_ROWS {
            self.first.push(SkippedRow { line, reason: reason.into() });
        }
    }

    /// Warning about these rows if they are from the validation or test file, whose `name` is given. A report lists only rows
    /// of the training file.
    pub(crate) fn file_warning(&self, name: &str) -> Option<Diagnostic> {
        let row = self.first.first()?;
        let what = format!("{} of the {name} file cannot be used.", count(self.rows, "row"));
        let done = format!("Skipped. First, line {}: {}.", row.line, row.reason);
        Some(Diagnostic::new(&format!("data.{name}-rows"), what).done(done))
    }
}
