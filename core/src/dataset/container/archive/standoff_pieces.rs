//! Turns annotated texts into lines of three cells: text, spans and file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;
use std::rc::Rc;

use crate::dataset::container::archive::standoff::{AnnotatedRow, Unread, rows};
use crate::dataset::container::archive::tar::TarReader;
use crate::dataset::container::pieces::{Notices, PIECE_BYTES, Pieces};
use crate::dataset::container::tracked::Origin;
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::formats::decode::whatwg;
use crate::dataset::formats::detect::detect;
use crate::dataset::formats::sheet::{CELL_END, write_cell};
use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_ROW_BYTES;
use crate::phrases::thousands;

/// A text with its annotations.
pub(crate) struct AnnotatedText {
    pub text: Vec<u8>,
    pub annotations: Vec<u8>,
    /// Path of the text.
    pub path: String,
}

/// Reads annotated texts one by one.
pub(crate) trait AnnotatedTexts {
    /// The next text; none at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    fn next_text(&mut self) -> Result<Option<AnnotatedText>, Diagnostic>;
}

/// Annotated texts of a zip.
pub(crate) struct ZipStandoff {
    pub files: ZipFiles,
    /// Indices in the zip of each text and of its annotations.
    pub pairs: std::vec::IntoIter<[usize; 2]>,
}

impl ZipStandoff {
    fn bytes(&mut self, index: usize) -> Result<Vec<u8>, Diagnostic> {
        let mut bytes = Vec::new();
        let read = self.files.stream(index)?.take(MAX_ROW_BYTES as u64).read_to_end(&mut bytes);
        read.map_err(|error| self.files.origin.damaged(&self.files.path(index), &error))?;
        Ok(bytes)
    }
}

impl AnnotatedTexts for ZipStandoff {
    fn next_text(&mut self) -> Result<Option<AnnotatedText>, Diagnostic> {
        let Some([text, annotations]) = self.pairs.next() else { return Ok(None) };
        let path = self.files.path(text);
        Ok(Some(AnnotatedText { text: self.bytes(text)?, annotations: self.bytes(annotations)?, path }))
    }
}

/// Annotated texts of a tar archive, in its order.
pub(crate) struct TarStandoff {
    pub tar: TarReader<Box<dyn Read>>,
    pub origin: Origin,
    /// For each text and for each file of annotations, the pair that it belongs to, and if it is the text.
    pub members: HashMap<usize, (usize, bool)>,
    /// Number of files that were passed.
    pub passed: usize,
    /// Files whose counterpart comes later, by pair.
    pub waiting: HashMap<usize, (String, Vec<u8>)>,
}

impl AnnotatedTexts for TarStandoff {
    fn next_text(&mut self) -> Result<Option<AnnotatedText>, Diagnostic> {
        let failed = |error| self.origin.damaged("one of its files", &error);
        while let Some(entry) = self.tar.next_file().map_err(failed)? {
            self.passed += 1;
            let Some(&(pair, is_text)) = self.members.get(&(self.passed - 1)) else { continue };
            let mut bytes = Vec::new();
            let read = self.tar.by_ref().take(MAX_ROW_BYTES as u64).read_to_end(&mut bytes);
            read.map_err(|error| self.origin.damaged(&entry.path, &error))?;
            let Some((path, other)) = self.waiting.remove(&pair) else {
                self.waiting.insert(pair, (entry.path, bytes));
                continue;
            };
            return Ok(Some(if is_text {
                AnnotatedText { text: bytes, annotations: other, path: entry.path }
            } else {
                AnnotatedText { text: other, annotations: bytes, path }
            }));
        }
        Ok(None)
    }
}

impl Notices for Unread {
    fn warnings(&self) -> Vec<Diagnostic> {
        let Self { discontinuous, others, invalid } = *self;
        let parts = [
            (discontinuous, "entity in several pieces", "entities in several pieces"),
            (others, "relation, event, attribute or note", "relations, events, attributes or notes"),
            (invalid, "entity outside its text", "entities outside their texts"),
        ];
        let part = |(n, one, several): (usize, &str, &str)| match n {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{} {several}", thousands(n))),
        };
        let parts: Vec<String> = parts.into_iter().filter_map(part).collect();
        if parts.is_empty() {
            return Vec::new();
        }
        let what = format!("The annotations also have {}.", parts.join(", "));
        vec![Diagnostic::new("data.unread-annotations", what).done("Not read: only entities in one piece are learned.")]
    }
}

/// The rows of annotated texts as lines.
pub(crate) struct StandoffPieces {
    texts: Box<dyn AnnotatedTexts>,
    /// The encoding that the user set.
    encoding: Option<Encoding>,
    unread: Rc<RefCell<Unread>>,
    is_over: bool,
}

impl StandoffPieces {
    pub(crate) fn new(texts: Box<dyn AnnotatedTexts>, encoding: Option<Encoding>) -> (Self, Rc<RefCell<Unread>>) {
        let unread = Rc::<RefCell<Unread>>::default();
        (Self { texts, encoding, unread: unread.clone(), is_over: false }, unread)
    }
}

impl Pieces for StandoffPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        while out.len() < PIECE_BYTES && !self.is_over {
            let Some(AnnotatedText { text, annotations, path }) = self.texts.next_text()? else {
                self.is_over = true;
                break;
            };
            let encoding = self.encoding.unwrap_or_else(|| detect(&text, true).encoding);
            let [text, annotations] =
                [&text, &annotations].map(|bytes| whatwg(encoding).decode_with_bom_removal(bytes).0.into_owned());
            for AnnotatedRow { text, spans } in rows(&text, &annotations, &mut self.unread.borrow_mut()) {
                write_cell(&text, out);
                for cell in [&spans, &path] {
                    out.push(CELL_END as u8);
                    write_cell(cell, out);
                }
                out.push(b'\n');
            }
        }
        Ok(!out.is_empty())
    }
}
