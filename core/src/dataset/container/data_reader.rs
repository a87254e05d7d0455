//! A data file, opened to be read as plain text.

use std::cell::RefCell;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::dataset::container::bounded::{Bounded, unreadable};
use crate::dataset::container::office::{COMPOUND, compound_file, spreadsheet_kind};
use crate::dataset::container::packing::{compression_of, head, is_zip, unpacked_name};
use crate::dataset::container::pieces::{PIECE_BYTES, Pieces};
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::spreadsheet::notes::Notes;
use crate::dataset::container::spreadsheet::sheets::Spreadsheet;
use crate::dataset::container::tracked::{Track, Tracked};
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::container::zstd::ZstdReader;
use crate::dataset::formats::not_text::check_is_text;
use crate::dataset::inspect::scan::Scanner;
use crate::dataset::layout::{Compression, Hints};
use crate::dataset::phrases::names;
use crate::dataset::source::{Content, ContentKind, DataRole, SourceInfo};
use crate::diagnostic::Diagnostic;

/// A data file, which is unpacked while it is read.
pub struct DataReader {
    name: String,
    content: Content,
    pieces: Box<dyn Pieces>,
    piece: Vec<u8>,
    notes: Rc<RefCell<Notes>>,
    track: Track,
    bytes: f64,
}

impl DataReader {
    /// Detects what the file `name` is packed in, and begins to read its content: the part that `hints` name, or else the
    /// likeliest one for the role.
    ///
    /// # Errors
    /// `data.unreadable` if the file cannot be read. For spreadsheets also `data.not-text`, `data.encrypted`,
    /// `data.no-sheet` and `data.damaged`.
    pub fn open<R: Read + Seek + 'static>(
        name: &str,
        file: R,
        role: DataRole,
        hints: &Hints,
    ) -> Result<Self, Diagnostic> {
        let track = Track::default();
        let unreadable = |error: std::io::Error| unreadable(name, &error.to_string());
        let mut file = SharedFile::new(Tracked::new(file, track.clone())).map_err(unreadable)?;
        let bytes = file.len() as f64;
        let head = head(&mut file).map_err(unreadable)?;
        if head.starts_with(COMPOUND) {
            return Err(compound_file(name, &mut file));
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let mut content = Content { name: name.to_owned(), ..Content::default() };
        let mut notes = Rc::default();
        let pieces: Box<dyn Pieces> = if is_zip(&head) {
            let mut files = ZipFiles::open(name, file, track.clone())?;
            let Some(kind) = spreadsheet_kind(&mut files)? else {
                check_is_text(&head)?;
                return Err(files.origin.damaged("the list of its files", &std::io::Error::other("it is empty")));
            };
            let spreadsheet = Spreadsheet::open(&mut files, kind, role, hints.sheet.as_deref())?;
            content.kind = ContentKind::Sheet;
            content.parts.push(spreadsheet.parts);
            notes = spreadsheet.notes;
            spreadsheet.pieces
        } else {
            let compression = compression_of(&head);
            content.compression = compression;
            if let Some(compression) = compression {
                content.name = unpacked_name(name, compression).to_owned();
            }
            Box::new(Bounded::new(name, compression, unpacked(file, compression), track.clone()))
        };
        Ok(Self { name: name.to_owned(), content, pieces, piece: Vec::new(), notes, track, bytes })
    }

    /// A scanner for the content.
    pub fn scanner(&self, hints: Hints) -> Scanner {
        Scanner::of_content(&self.name, self.content.clone(), self.bytes, hints)
    }

    /// Ends a scan of the whole content.
    ///
    /// # Errors
    /// As [`Scanner::finish`]; `data.empty-sheet` and `data.formulas` if the sheet is the reason.
    pub fn finish(&self, scanner: Scanner) -> Result<SourceInfo, Diagnostic> {
        let notes = self.notes.borrow();
        match scanner.finish() {
            Ok(mut source) => {
                source.warnings.extend(notes.warnings());
                Ok(source)
            }
            Err(diagnostic) => Err(notes.only_formulas().or(self.empty_sheet(&diagnostic)).unwrap_or(diagnostic)),
        }
    }

    fn empty_sheet(&self, diagnostic: &Diagnostic) -> Option<Diagnostic> {
        let parts = self.content.parts.last().filter(|_| diagnostic.code == "data.empty")?;
        let what = format!("Sheet {} is empty.", names(&parts.names.get(parts.chosen as usize..)?[..1]));
        Some(Diagnostic::new("data.empty-sheet", what).done("Nothing was read.").remedy(match parts.names.len() {
            1 => "Choose a file with a text and a label in each row.",
            _ => "Choose another sheet.",
        }))
    }

    /// Name of the content: that of the file, without the extension of its compression.
    pub fn content_name(&self) -> &str {
        &self.content.name
    }

    /// The next piece of the content, about a megabyte; none at the end.
    ///
    /// # Errors
    /// `data.unreadable`, `data.truncated`, `data.damaged`, `data.compression` and `data.unpacks-to-too-much`.
    pub fn next_piece(&mut self) -> Result<Option<&[u8]>, Diagnostic> {
        self.piece.clear();
        let is_piece = self.pieces.next(&mut self.piece)?;
        Ok(is_piece.then_some(self.piece.as_slice()))
    }

    /// Bytes of the file that have been read, to compare with its size. A part of a file that is read twice counts twice.
    pub fn read_bytes(&self) -> f64 {
        (self.track.bytes() as f64).min(self.bytes)
    }
}

/// A stream of the content of a compressed file.
fn unpacked(file: SharedFile, compression: Option<Compression>) -> Box<dyn Read> {
    match compression {
        None => Box::new(file),
        Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(BufReader::with_capacity(PIECE_BYTES, file))),
        Some(Compression::Zstd) => Box::new(ZstdReader::new(BufReader::with_capacity(PIECE_BYTES, file))),
    }
}
