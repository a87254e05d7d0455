//! Errors while collecting rows.

use crate::diagnostic::Diagnostic;

/// The reason why a record did not become a row.
#[derive(Debug)]
pub(crate) enum RowError {
    /// The row is skipped for this reason, and reading continues.
    Skip(String),
    /// The row has these texts and no label yet.
    Unlabeled(Vec<String>),
    /// Reading stops with this error.
    Abort(Diagnostic),
}

impl From<String> for RowError {
    fn from(reason: String) -> Self {
        Self::Skip(reason)
    }
}

impl From<&str> for RowError {
    fn from(reason: &str) -> Self {
        Self::Skip(reason.into())
    }
}

impl From<Diagnostic> for RowError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Abort(diagnostic)
    }
}
