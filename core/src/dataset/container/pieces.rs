//! A source of plain text, in pieces.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dataset::source::Content;
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

    /// Turns to the next file of a table that is spread over several, whose pieces come next. Returns its name; none if there
    /// is none.
    ///
    /// # Errors
    /// If it cannot be read.
    fn next_file(&mut self) -> Result<Option<String>, Diagnostic> {
        Ok(None)
    }

    /// Share of the content that has been read, from 0 to 1, if the position in the file does not show it.
    fn share(&self) -> Option<f64> {
        None
    }
}

/// Observations while a file is unpacked.
pub(crate) trait Notices {
    /// Warnings about what was not read.
    fn warnings(&self) -> Vec<Diagnostic>;

    /// The reason why nothing was read, if it is known.
    fn reason(&self) -> Option<Diagnostic> {
        None
    }
}

/// A file that is open to be read.
pub(crate) struct Opened {
    pub content: Content,
    pub pieces: Box<dyn Pieces>,
    /// Observations while it is read.
    pub notices: Option<Rc<RefCell<dyn Notices>>>,
    /// Warnings that are known before.
    pub warnings: Vec<Diagnostic>,
}

/// A text in memory.
pub(crate) struct MemoryPieces {
    bytes: Vec<u8>,
    /// Number of bytes that were given out.
    given: usize,
}

impl MemoryPieces {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, given: 0 }
    }
}

impl Pieces for MemoryPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        let end = self.bytes.len().min(self.given + PIECE_BYTES);
        out.extend_from_slice(&self.bytes[self.given..end]);
        let is_piece = end > self.given;
        self.given = end;
        Ok(is_piece)
    }
}
