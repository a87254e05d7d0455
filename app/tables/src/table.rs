//! A Parquet file, opened to be read row by row.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use serde_json::Value;

use crate::columns::{Columns, Kind, columns};
use crate::json::{Position, write_row};
use crate::report::Report;
use crate::source::{Chunks, Source};

/// Size of a piece, in bytes.
const PIECE_BYTES: usize = 1 << 20;
/// Maximum number of columns, as in the engine's `limits`; each member of a struct counts.
pub const MAX_COLUMNS: usize = 1_000;
/// The first and last bytes of a file, and those of an encrypted one.
const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED: &[u8] = b"PARE";

/// A Parquet file that is being read.
pub struct Table {
    rows: RowIter<'static>,
    kind: Kind,
    warnings: Vec<Report>,
    done: u64,
    total: u64,
}

impl Table {
    /// Reads the description of the table at the end of the file. If the crate panics, that is an error of the file, except
    /// in wasm, where it ends the module.
    ///
    /// # Errors
    /// `data.truncated`, `data.damaged`, `data.encrypted`, `data.compression`, `data.no-rows`, `data.too-many-columns`,
    /// `data.same-columns` and `data.binary`.
    pub fn open(source: impl Source) -> Result<Self, Report> {
        caught(|| Self::opened(Arc::new(source)))
    }

    fn opened<S: Source>(source: Arc<S>) -> Result<Self, Report> {
        let mut end = [0; 4];
        let at = source.size().saturating_sub(end.len() as u64);
        let read = source.read_at(at, &mut end).map_err(|error| Report::damaged(&error.to_string()))?;
        match end.get(..read).unwrap_or_default() {
            ENCRYPTED => return Err(encrypted()),
            MAGIC if source.size() > 12 => {}
            _ => {
                let what = "is cut off: the end, where Parquet describes the table, is missing";
                return Err(Report::new("data.truncated", what, "Download or copy it again."));
            }
        }
        let reader = SerializedFileReader::new(Chunks(source)).map_err(|error| Report::of(&error))?;
        let metadata = reader.metadata();
        check(metadata)?;
        let Columns { schema, kind, binary } = columns(metadata.file_metadata().schema(), &features(metadata))?;
        let total = metadata.file_metadata().num_rows().try_into().unwrap_or_default();
        let mut warnings = Vec::new();
        if !binary.is_empty() {
            let what = format!("has binary data, such as images or sound, in {}", binary.join(", "));
            let remedy = "If a column has texts, an old program has saved them without saying so. Convert it to strings, and \
                          save the file again.";
            warnings.push(Report { done: "Not read.".into(), ..Report::new("data.binary-columns", what, remedy) });
        }
        let rows =
            RowIter::from_file_into(Box::new(reader)).project(Some(schema)).map_err(|error| Report::of(&error))?;
        Ok(Self { rows, kind, warnings, done: 0, total })
    }

    /// Appends the next rows as lines of JSON, about a megabyte. The first row has all columns; the others leave out cells
    /// without a value. Returns false at the end.
    ///
    /// # Errors
    /// `data.damaged`.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Report> {
        caught(AssertUnwindSafe(|| {
            let begin = out.len();
            while out.len() - begin < PIECE_BYTES {
                let Some(row) = self.rows.next() else { break };
                let row = row.map_err(|error| Report::of(&error))?;
                let position = if self.done == 0 { Position::FirstRow } else { Position::Row };
                write_row(&row, &self.kind, position, out);
                out.push(b'\n');
                self.done += 1;
            }
            Ok(out.len() > begin)
        }))
    }

    /// Warnings about what is not read.
    pub fn warnings(&self) -> &[Report] {
        &self.warnings
    }

    /// Share of the rows that have been read, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.done as f64 / self.total.max(1) as f64
    }
}

/// Runs a reader. A panic is an error of its file.
fn caught<T>(read: impl FnOnce() -> Result<T, Report>) -> Result<T, Report> {
    static HOOK: Once = Once::new();
    // A message about Hone's code would not help.
    HOOK.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_READING.get() {
                hook(info);
            }
        }));
    });
    IS_READING.set(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    IS_READING.set(false);
    result.unwrap_or_else(|_| Err(Report::panicked()))
}

thread_local! {
    /// True while this thread reads a file, whose panics are reported as errors.
    static IS_READING: Cell<bool> = const { Cell::new(false) };
}

/// Refuses what cannot be read, before any row is.
fn check(metadata: &ParquetMetaData) -> Result<(), Report> {
    let schema = metadata.file_metadata().schema_descr();
    if schema.num_columns() > MAX_COLUMNS {
        let what = format!("has {} columns, and Hone reads at most {MAX_COLUMNS}", schema.num_columns());
        let remedy = "Save only the columns that you need: pandas.read_parquet(…, columns=[…]).to_parquet(…).";
        return Err(Report::new("data.too-many-columns", what, remedy));
    }
    if metadata.file_metadata().num_rows() <= 0 || metadata.num_row_groups() == 0 {
        let what = format!("has {} columns and no rows", schema.root_schema().get_fields().len());
        return Err(Report::new("data.no-rows", what, "Choose a file with a text and a label in each row."));
    }
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let unread = match column.compression() {
            Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::LZ4
            | Compression::LZ4_RAW
            | Compression::ZSTD(_) => continue,
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
        };
        let what = format!("is compressed with {unread}, which Hone does not read in Parquet");
        let remedy = "Save it again with another compression: pandas.read_parquet(…).to_parquet(…) uses Snappy.";
        return Err(Report::new("data.compression", what, remedy));
    }
    Ok(())
}

fn encrypted() -> Report {
    Report::new("data.encrypted", "is encrypted", "Save a copy without encryption, in the program that has the key.")
}

/// The description of the columns that the datasets library adds to its files; null if there is none.
fn features(metadata: &ParquetMetaData) -> Value {
    let entries = metadata.file_metadata().key_value_metadata();
    let entry = entries.into_iter().flatten().find(|entry| entry.key == "huggingface");
    let text = entry.and_then(|entry| entry.value.as_deref()).unwrap_or_default();
    let mut described: Value = serde_json::from_str(text).unwrap_or_default();
    described.pointer_mut("/info/features").map(Value::take).unwrap_or_default()
}
