//! Rows that cannot be used.

use serde::{Deserialize, Serialize};

use crate::dataset::phrases::count;
use crate::diagnostic::Diagnostic;
use crate::limits::REPORTED_ROWS;

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    /// Line in the file, from 1; the row's number where the file is a JSON document of columns.
    pub line: u32,
    /// "no label"
    pub reason: String,
}

/// Rows that cannot be used: how many, and the first of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SkippedRows {
    pub rows: usize,
    pub first: Vec<SkippedRow>,
}

impl SkippedRows {
    pub(crate) fn add(&mut self, line: u32, reason: impl Into<String>) {
        self.rows += 1;
        if self.first.len() < REPORTED_ROWS {
            self.first.push(SkippedRow { line, reason: reason.into() });
        }
    }

    /// Warns of these where they are rows of the validation file: a report's own list is of the training file.
    pub(crate) fn of_validation_file(&self) -> Option<Diagnostic> {
        let row = self.first.first()?;
        let what = format!("{} of the validation file cannot be used.", count(self.rows, "row"));
        let done = format!("Left out. The first, line {}: {}.", row.line, row.reason);
        Some(Diagnostic::new("data.validation-rows", what).done(done))
    }
}
