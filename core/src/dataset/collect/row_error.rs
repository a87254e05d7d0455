//! Why a row, or the whole file, is not collected.

use crate::diagnostic::Diagnostic;

/// Why a row or the whole file is not taken.
pub(crate) enum RowError {
    /// The row is left out, for this reason.
    Row(String),
    /// Reading stops.
    File(Diagnostic),
}

impl From<String> for RowError {
    fn from(reason: String) -> Self {
        Self::Row(reason)
    }
}

impl From<&str> for RowError {
    fn from(reason: &str) -> Self {
        Self::Row(reason.into())
    }
}

impl From<Diagnostic> for RowError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::File(diagnostic)
    }
}
