//! A data file, opened to be read as plain text.

use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use crate::dataset::container::archive::opened::{open_document, open_tar, open_zip, packed_kind};
use crate::dataset::container::archive::tar::is_tar;
use crate::dataset::container::bounded::{TextOrigin, TextPieces};
use crate::dataset::container::document::web_page::{is_web_page, read_page};
use crate::dataset::container::office::{COMPOUND, compound_file};
use crate::dataset::container::packing::{compression_of, head, is_zip, unpacked_name};
use crate::dataset::container::pieces::Opened;
use crate::dataset::container::shared_file::SharedFile;
use crate::dataset::container::table_reader::{JoinedTables, OpenTable, TablePieces, TableReader};
use crate::dataset::container::tracked::{Origin, Track, Tracked, unreadable};
use crate::dataset::container::unpacked::unpacked;
use crate::dataset::container::whole_file::{WholeFile, open_whole};
use crate::dataset::container::zip_files::ZipFiles;
use crate::dataset::inspect::scan::Scanner;
use crate::dataset::layout::Hints;
use crate::dataset::source::{Content, ContentKind, DataRole, PartKind, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// A data file, which is unpacked while it is read.
pub struct DataReader {
    name: String,
    opened: Opened,
    piece: Vec<u8>,
    track: Track,
    bytes: f64,
    /// True if the pieces are the rows of a table that another crate reads.
    has_table: bool,
    /// Share of the work that was done before the rows are read.
    unpacking: f64,
}

impl DataReader {
    /// Detects what the file `name` is packed in, and begins to read its content: the part that `hints` name, or else the
    /// likeliest one for the role.
    ///
    /// # Errors
    /// `data.unreadable` if the file cannot be read. For spreadsheets and archives also the reason why they have no rows to
    /// read, such as `data.encrypted`, `data.no-sheet`, `data.no-table` and `data.damaged`; `data.is-model` for a model.
    pub fn open<R: Read + Seek + 'static>(
        name: &str,
        file: R,
        role: DataRole,
        hints: &Hints,
    ) -> Result<Self, Diagnostic> {
        let track = Track::default();
        let unreadable = |error: io::Error| unreadable(name, &error.to_string());
        let mut file = SharedFile::new(Tracked::new(file, track.clone())).map_err(unreadable)?;
        let bytes = file.len() as f64;
        let start = head(&mut file).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let opened = if start.starts_with(COMPOUND) {
            return Err(compound_file(name, &mut file));
        } else if is_zip(&start) {
            open_zip(ZipFiles::open(name, file, track.clone())?, role, hints)?
        } else {
            let compression = compression_of(&start);
            let origin = Origin { file: name.to_owned(), track: track.clone() };
            let open: Rc<dyn Fn() -> Box<dyn Read>> = {
                let (name, track) = (name.to_owned(), track.clone());
                Rc::new(move || unpacked(file.clone(), compression, &name, &track))
            };
            let inner = if compression.is_some() { head(&mut open()).unwrap_or_default() } else { start };
            let content_name = compression.map_or(name, |compression| unpacked_name(name, compression)).to_owned();
            if is_web_page(&content_name, &inner) {
                let page = read_page(&mut open(), &origin, &content_name)?;
                let opened = open_document(&content_name, Box::new(page));
                Opened { content: Content { compression, ..opened.content }, ..opened }
            } else if is_tar(&inner) {
                let opened = open_tar(&open, origin, role, hints)?;
                Opened { content: Content { compression, ..opened.content }, ..opened }
            } else {
                match open_whole(&content_name, &inner, open(), &origin, role, hints)? {
                    WholeFile::Opened(opened) => {
                        Opened { content: Content { compression, ..opened.content }, ..opened }
                    }
                    WholeFile::Other(stream) => {
                        let kind = packed_kind(&inner);
                        let content = Content { name: content_name, compression, kind, ..Content::default() };
                        let pieces = Box::new(TextPieces::new(stream, TextOrigin::File(origin, compression)));
                        Opened { content, pieces, notices: None, warnings: Vec::new() }
                    }
                }
            }
        };
        Ok(Self { name: name.to_owned(), opened, piece: Vec::new(), track, bytes, has_table: false, unpacking: 0.0 })
    }

    /// Begins to read the file `name` of `bytes` bytes, which is Parquet ([`is_parquet`](super::table_reader::is_parquet)),
    /// through its reader.
    pub fn of_table(name: &str, bytes: f64, table: Box<dyn TableReader>, warnings: Vec<Diagnostic>) -> Self {
        let content = Content { name: name.to_owned(), kind: ContentKind::Parquet, ..Content::default() };
        let opened = Opened { content, pieces: Box::new(TablePieces::new(table, name)), notices: None, warnings };
        Self {
            name: name.to_owned(),
            opened,
            piece: Vec::new(),
            track: Track::default(),
            bytes,
            has_table: true,
            unpacking: 0.0,
        }
    }

    /// Returns true if the content is a Parquet file, which was compressed or is in an archive: the pieces are its bytes. They
    /// are for a [`TableReader`], which goes to [`DataReader::set_tables`].
    pub fn is_packed_table(&self) -> bool {
        self.opened.content.kind == ContentKind::Parquet && !self.has_table
    }

    /// Turns to the next file of a table that is spread over several, once the pieces of one have ended. Returns its path;
    /// none if there is none.
    ///
    /// # Errors
    /// As [`DataReader::next_piece`].
    pub fn next_table(&mut self) -> Result<Option<String>, Diagnostic> {
        self.opened.pieces.next_file()
    }

    /// Reads the rows of Parquet files that were unpacked, one after another. `unpacking` is the share of the work that was
    /// done by then, from 0 to 1.
    ///
    /// # Errors
    /// Those of the first file.
    pub fn set_tables(&mut self, tables: Vec<OpenTable>, unpacking: f64) -> Result<(), Diagnostic> {
        let mut tables = JoinedTables::new(tables);
        self.opened.warnings.extend(tables.open_next()?);
        self.opened.pieces = Box::new(TablePieces::new(Box::new(tables), &self.opened.content.name));
        (self.has_table, self.unpacking) = (true, unpacking);
        Ok(())
    }

    /// A scanner for the content.
    pub fn scanner(&self, hints: Hints) -> Scanner {
        Scanner::of_content(&self.name, self.opened.content.clone(), self.bytes, hints)
    }

    /// Ends a scan of the whole content.
    ///
    /// # Errors
    /// As [`Scanner::finish`]; `data.empty-sheet` and `data.formulas` if the sheet is the reason.
    pub fn finish(&self, scanner: Scanner) -> Result<SourceInfo, Diagnostic> {
        let notices = self.opened.notices.as_ref().map(|notices| notices.borrow());
        match scanner.finish() {
            Ok(mut source) => {
                source.warnings.extend(self.opened.warnings.clone());
                source.warnings.extend(notices.into_iter().flat_map(|notices| notices.warnings()));
                Ok(source)
            }
            Err(diagnostic) => {
                let reason = notices.and_then(|notices| notices.reason());
                Err(reason.or(self.empty_sheet(&diagnostic)).unwrap_or(diagnostic))
            }
        }
    }

    fn empty_sheet(&self, diagnostic: &Diagnostic) -> Option<Diagnostic> {
        let sheets = self.opened.content.parts.iter().find(|parts| parts.kind == PartKind::Sheet)?;
        let sheet = sheets.names.get(sheets.chosen as usize).filter(|_| diagnostic.code == "data.empty")?;
        let what = format!("Sheet {} is empty.", names(&[sheet]));
        Some(Diagnostic::new("data.empty-sheet", what).done("Nothing was read.").remedy(match sheets.names.len() {
            1 => "Choose a file with a text and a label in each row.",
            _ => "Choose another sheet.",
        }))
    }

    /// Name of the content: that of the file, without the extension of its compression.
    pub fn content_name(&self) -> &str {
        &self.opened.content.name
    }

    /// The next piece of the content, about a megabyte; none at the end.
    ///
    /// # Errors
    /// `data.unreadable`, `data.truncated`, `data.damaged`, `data.compression` and `data.unpacks-to-too-much`.
    pub fn next_piece(&mut self) -> Result<Option<&[u8]>, Diagnostic> {
        self.piece.clear();
        let is_piece = self.opened.pieces.next(&mut self.piece)?;
        Ok(is_piece.then_some(self.piece.as_slice()))
    }

    /// Bytes of the file that have been read, to compare with its size. A part of a file that is read twice counts twice.
    pub fn read_bytes(&self) -> f64 {
        let share = self.opened.pieces.share();
        let by_rows = share.map(|share| (self.unpacking + (1.0 - self.unpacking) * share) * self.bytes);
        by_rows.unwrap_or(self.track.bytes() as f64).min(self.bytes)
    }
}
