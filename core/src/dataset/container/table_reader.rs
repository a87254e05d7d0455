//! Tables whose reader is no part of the engine: Parquet, which the crate of app/tables turns into lines of JSON.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::vec::IntoIter;

use serde_json::{Deserializer, Map, Value};

use crate::dataset::container::bounded::check_size;
use crate::dataset::container::packing::head;
use crate::dataset::container::pieces::Pieces;
use crate::dataset::container::tracked::{Origin, Track};
use crate::diagnostic::Diagnostic;
use crate::phrases::names;

/// A table that is read by another crate, as lines of JSON.
pub trait TableReader {
    /// Appends the next lines, about a megabyte. Returns false at the end.
    ///
    /// # Errors
    /// The reason why the file cannot be read.
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic>;

    /// Share of the table that has been read, from 0 to 1.
    fn share(&self) -> f64;
}

/// Returns true if a file is Parquet, whatever its name. It is then read from the beginning.
///
/// # Errors
/// If the file cannot be read.
pub fn is_parquet(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(end.saturating_sub(4)))?;
    let tail = head(file)?;
    file.seek(SeekFrom::Start(0))?;
    let start = head(file)?;
    file.seek(SeekFrom::Start(0))?;
    // A cut file has no end.
    Ok(is_magic(&start) && (is_magic(&tail) || is_packed_table(&start)))
}

/// Returns true if a file in an archive is Parquet, or one that was compressed, by its first bytes.
pub(crate) fn is_packed_table(start: &[u8]) -> bool {
    // A page's header begins with the byte 0x15, which no text has, and an encrypted one with its length.
    is_magic(start) && start.iter().skip(4).take(4).any(|&byte| byte < 9 || byte == 0x15)
}

fn is_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1") || bytes.starts_with(b"PARE")
}

/// An error or a warning about a file, whose text begins with the verb.
pub fn about_file(name: &str, diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { what: format!("{} {}.", names(&[name]), diagnostic.what), ..diagnostic }
}

/// Opens a table, with warnings about it.
pub type OpenTable = Box<dyn FnOnce() -> Result<(Box<dyn TableReader>, Vec<Diagnostic>), Diagnostic>>;

/// Tables with the same columns, one after another. Each is opened when its turn comes.
pub(crate) struct JoinedTables {
    later: IntoIter<OpenTable>,
    current: Option<Box<dyn TableReader>>,
    /// The columns of the first one; none before it is read.
    columns: Option<BTreeSet<String>>,
    /// Number of tables that were read, and of all.
    done: usize,
    total: usize,
}

impl JoinedTables {
    pub(crate) fn new(tables: Vec<OpenTable>) -> Self {
        Self { total: tables.len(), later: tables.into_iter(), current: None, columns: None, done: 0 }
    }

    /// Opens the next table, if there is one. Returns the warnings about it.
    ///
    /// # Errors
    /// Those of the table.
    pub(crate) fn open_next(&mut self) -> Result<Vec<Diagnostic>, Diagnostic> {
        self.current = None;
        let Some(open) = self.later.next() else { return Ok(Vec::new()) };
        let (table, warnings) = open()?;
        self.current = Some(table);
        Ok(warnings)
    }

    /// Checks the columns of a table by its first row, which has all of them.
    fn check_columns(&mut self, lines: &[u8]) -> Result<(), Diagnostic> {
        let row: Map<String, Value> =
            Deserializer::from_slice(lines).into_iter().next().and_then(Result::ok).unwrap_or_default();
        let columns: BTreeSet<String> = row.into_iter().map(|(name, _)| name).collect();
        let first = self.columns.get_or_insert_with(|| columns.clone());
        if *first == columns {
            return Ok(());
        }
        let differing: Vec<&String> = first.symmetric_difference(&columns).collect();
        let what =
            format!("File {} of the table has other columns than the first one: {}.", self.done + 1, names(&differing));
        Err(Diagnostic::new("data.other-columns", what)
            .done("The files were not joined.")
            .remedy("Choose one of them by its name, or save them with the same columns."))
    }
}

impl TableReader for JoinedTables {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        while let Some(table) = &mut self.current {
            let (begin, is_first) = (out.len(), table.share() == 0.0);
            if table.next(out)? {
                if is_first && self.total > 1 {
                    self.check_columns(&out[begin..])?;
                }
                return Ok(true);
            }
            self.done += 1;
            self.open_next()?;
        }
        Ok(false)
    }

    fn share(&self) -> f64 {
        let current = self.current.as_ref().map_or(0.0, |table| table.share());
        (self.done as f64 + current) / self.total.max(1) as f64
    }
}

/// The lines of such a table, with a bound on their length.
pub(crate) struct TablePieces {
    table: Box<dyn TableReader>,
    name: String,
    unpacked: u64,
}

impl TablePieces {
    pub(crate) fn new(table: Box<dyn TableReader>, name: &str) -> Self {
        Self { table, name: name.to_owned(), unpacked: 0 }
    }
}

impl Pieces for TablePieces {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        let begin = out.len();
        let is_piece = self.table.next(out)?;
        self.unpacked += (out.len() - begin) as u64;
        // Not in relation to the file's size: a text that is in every row is stored once.
        check_size(self.unpacked, u64::MAX, &self.name, "Parquet").map_err(|error| {
            let origin = Origin { file: self.name.clone(), track: Track::default() };
            origin.damaged("its table", &error)
        })?;
        Ok(is_piece)
    }

    fn share(&self) -> Option<f64> {
        Some(self.table.share())
    }
}
