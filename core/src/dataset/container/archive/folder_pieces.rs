//! Turns texts in folders into lines of three cells: text, label and file.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;
use std::rc::Rc;

use crate::dataset::container::archive::tar::TarReader;
use crate::dataset::container::pieces::{Notices, PIECE_BYTES, Pieces};
use crate::dataset::container::tracked::Origin;
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::formats::decode::whatwg;
use crate::dataset::formats::detect::detect;
use crate::dataset::formats::not_text::check_is_text;
use crate::dataset::formats::sheet::{CELL_END, write_cell};
use crate::dataset::layout::Encoding;
use crate::diagnostic::Diagnostic;
use crate::limits::MAX_CELL_BYTES;
use crate::phrases::{count, names};

/// Bytes of a text that are read: more than a cell may have, so that it counts as cut.
const TEXT_BYTES: u64 = MAX_CELL_BYTES as u64 + 4;

/// A text with its label and its path.
pub(crate) struct LabeledText {
    pub bytes: Vec<u8>,
    pub label: String,
    pub path: String,
}

/// Reads texts one by one.
pub(crate) trait Texts {
    /// The next text; none at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    fn next_text(&mut self) -> Result<Option<LabeledText>, Diagnostic>;
}

/// Texts of a zip, in any order.
pub(crate) struct ZipTexts {
    pub files: ZipFiles,
    /// Index in the zip, and label of each text.
    pub texts: std::vec::IntoIter<(usize, String)>,
}

impl Texts for ZipTexts {
    fn next_text(&mut self) -> Result<Option<LabeledText>, Diagnostic> {
        let Some((index, label)) = self.texts.next() else { return Ok(None) };
        let path = self.files.path(index);
        let mut bytes = Vec::new();
        let read = self.files.stream(index)?.take(TEXT_BYTES).read_to_end(&mut bytes);
        read.map_err(|error| self.files.origin.damaged(&path, &error))?;
        Ok(Some(LabeledText { bytes, label, path }))
    }
}

/// Texts of a tar archive, in its order.
pub(crate) struct TarTexts {
    pub tar: TarReader<Box<dyn Read>>,
    /// Label of each file in the archive; none if it is not read.
    pub labels: std::vec::IntoIter<Option<String>>,
    pub origin: Origin,
}

impl Texts for TarTexts {
    fn next_text(&mut self) -> Result<Option<LabeledText>, Diagnostic> {
        let failed = |error| self.origin.damaged("one of its files", &error);
        while let Some(entry) = self.tar.next_file().map_err(failed)? {
            let Some(label) = self.labels.next().flatten() else { continue };
            let mut bytes = Vec::new();
            let read = self.tar.by_ref().take(TEXT_BYTES).read_to_end(&mut bytes);
            read.map_err(|error| self.origin.damaged(&entry.path, &error))?;
            return Ok(Some(LabeledText { bytes, label, path: entry.path }));
        }
        Ok(None)
    }
}

/// Files in folders that are no texts.
#[derive(Default)]
pub(crate) struct FolderNotices {
    files: usize,
    first: String,
}

impl Notices for FolderNotices {
    fn warnings(&self) -> Vec<Diagnostic> {
        if self.files == 0 {
            return Vec::new();
        }
        let verb = if self.files == 1 { "is no text" } else { "are no texts" };
        let what = format!("{} {verb} (first: {}).", count(self.files, "file"), names(&[&self.first]));
        vec![Diagnostic::new("data.not-texts", what).done("Not read.")]
    }
}

/// The texts of folders as lines, text n on line n.
pub(crate) struct FolderPieces {
    texts: Box<dyn Texts>,
    /// The encoding that the user set.
    encoding: Option<Encoding>,
    notices: Rc<RefCell<FolderNotices>>,
    is_over: bool,
}

impl FolderPieces {
    pub(crate) fn new(texts: Box<dyn Texts>, encoding: Option<Encoding>) -> (Self, Rc<RefCell<FolderNotices>>) {
        let notices = Rc::<RefCell<FolderNotices>>::default();
        (Self { texts, encoding, notices: notices.clone(), is_over: false }, notices)
    }
}

impl Pieces for FolderPieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        while out.len() < PIECE_BYTES && !self.is_over {
            let Some(LabeledText { bytes, label, path }) = self.texts.next_text()? else {
                self.is_over = true;
                break;
            };
            if check_is_text(&bytes).is_err() {
                let mut notices = self.notices.borrow_mut();
                if notices.files == 0 {
                    notices.first = path;
                }
                notices.files += 1;
            } else {
                write_cell(decoded(&bytes, self.encoding).trim(), out);
                for cell in [&label, &path] {
                    out.push(CELL_END as u8);
                    write_cell(cell, out);
                }
            }
            out.push(b'\n');
        }
        Ok(!out.is_empty())
    }
}

/// A whole text, in the encoding that the user set, or else in the one that it seems to be in. Letters that are not valid
/// are replaced, because a folder may have texts of many encodings.
fn decoded(bytes: &[u8], encoding: Option<Encoding>) -> Cow<'_, str> {
    let encoding = encoding.unwrap_or_else(|| detect(bytes, bytes.len() < TEXT_BYTES as usize).encoding);
    whatwg(encoding).decode_with_bom_removal(bytes).0
}
