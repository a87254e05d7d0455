//! Parquet, read through the crate of app/tables; other files are read by the engine.

use std::io::{Cursor, Read, Seek, SeekFrom};

use hone_core::dataset::{DataReader, OpenTable, TableReader, about_file};
use hone_core::diagnostic::Diagnostic;
use hone_tables::{Report, Seekable, Table};

/// Opens a file that is Parquet.
///
/// # Errors
/// As [`Table::open`].
pub fn open_parquet(name: &str, mut file: impl Read + Seek + Send + 'static) -> Result<DataReader, Diagnostic> {
    let bytes = file.seek(SeekFrom::End(0)).map_or(0.0, |len| len as f64);
    let (table, warnings) = opened(name, file)?;
    Ok(DataReader::of_table(name, bytes, table, warnings))
}

/// Reads Parquet that was compressed or is in an archive, which is unpacked in memory. Other files stay as they are.
///
/// # Errors
/// As [`Table::open`], and those of the archive.
pub fn unpack_parquet(mut reader: DataReader) -> Result<DataReader, Diagnostic> {
    if !reader.is_packed_table() {
        return Ok(reader);
    }
    let mut tables: Vec<OpenTable> = Vec::new();
    let mut next = Some(reader.content_name().to_owned());
    while let Some(path) = next {
        let mut bytes = Vec::new();
        while let Some(piece) = reader.next_piece()? {
            bytes.extend_from_slice(piece);
        }
        tables.push(Box::new(move || opened(path.rsplit('/').next().unwrap_or(&path), Cursor::new(bytes))));
        next = reader.next_table()?;
    }
    reader.set_tables(tables, 0.0)?;
    Ok(reader)
}

/// A table with its warnings.
type OpenedTable = (Box<dyn TableReader>, Vec<Diagnostic>);

fn opened(name: &str, file: impl Read + Seek + Send + 'static) -> Result<OpenedTable, Diagnostic> {
    let source = Seekable::new(file).map_err(|error| {
        let what = format!("{name} cannot be read: {error}.");
        Diagnostic::new("file.read", what).remedy("Check the path.")
    })?;
    let table = Table::open(source).map_err(|report| diagnostic(name, &report))?;
    let warnings = table.warnings().iter().map(|report| diagnostic(name, report)).collect();
    Ok((Box::new(Parquet { name: name.to_owned(), table }), warnings))
}

struct Parquet {
    name: String,
    table: Table,
}

impl TableReader for Parquet {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        self.table.next(out).map_err(|report| diagnostic(&self.name, &report))
    }

    fn share(&self) -> f64 {
        self.table.share()
    }
}

fn diagnostic(name: &str, Report { code, what, done, remedy }: &Report) -> Diagnostic {
    about_file(name, Diagnostic::new(code, what).done(done).remedy(remedy))
}
