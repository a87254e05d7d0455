//! Turns paragraphs into lines of one cell.

use crate::dataset::container::pieces::{PIECE_BYTES, Pieces};
use crate::dataset::formats::sheet::write_cell;
use crate::diagnostic::Diagnostic;

/// Reads paragraphs one by one.
pub(crate) trait Paragraphs {
    /// The next paragraph; none at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    fn next_paragraph(&mut self) -> Result<Option<String>, Diagnostic>;
}

/// The paragraphs of a document as lines, without those that are empty.
pub(crate) struct DocumentPieces {
    paragraphs: Box<dyn Paragraphs>,
    is_over: bool,
}

impl DocumentPieces {
    pub(crate) fn new(paragraphs: Box<dyn Paragraphs>) -> Self {
        Self { paragraphs, is_over: false }
    }
}

impl Pieces for DocumentPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        while out.len() < PIECE_BYTES && !self.is_over {
            match self.paragraphs.next_paragraph()? {
                Some(paragraph) if paragraph.trim().is_empty() => {}
                Some(paragraph) => {
                    write_cell(paragraph.trim(), out);
                    out.push(b'\n');
                }
                None => self.is_over = true,
            }
        }
        Ok(!out.is_empty())
    }
}
