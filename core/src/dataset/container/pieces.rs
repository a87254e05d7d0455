//! A source of plain text, in pieces.

use crate::diagnostic::Diagnostic;

/// Size of a piece, in bytes: enough to be fast, but few enough that a worker handles messages in between.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// A source of plain text.
pub(crate) trait Pieces {
    /// Appends the next piece of about [`PIECE_BYTES`] to `out`. Returns false at the end.
    ///
    /// # Errors
    /// The reason why the file cannot be read.
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic>;
}
