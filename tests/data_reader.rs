//! Opens data files as worker and program do: Parquet through the crate of app/tables, other files through the engine.

use std::io::{Cursor, Read, Seek, SeekFrom};

use hone_core::dataset::{DataReader, DataRole, Hints, TableReader, about_file, is_parquet};
use hone_core::diagnostic::Diagnostic;
use hone_tables::{Report, Seekable, Table};

/// Opens a file.
pub fn open_data(
    name: &str,
    mut file: impl Read + Seek + Send + 'static,
    role: DataRole,
    hints: &Hints,
) -> Result<DataReader, Diagnostic> {
    if is_parquet(&mut file).unwrap() {
        let bytes = file.seek(SeekFrom::End(0)).unwrap() as f64;
        let (table, warnings) = opened(name, file)?;
        return Ok(DataReader::of_table(name, bytes, table, warnings));
    }
    let mut reader = DataReader::open(name, file, role, hints)?;
    if reader.is_packed_table() {
        let mut bytes = Vec::new();
        while let Some(piece) = reader.next_piece()? {
            bytes.extend_from_slice(piece);
        }
        let (table, warnings) = opened(reader.content_name(), Cursor::new(bytes))?;
        reader.set_table(table, warnings);
    }
    Ok(reader)
}

/// A table with its warnings.
type OpenedTable = (Box<dyn TableReader>, Vec<Diagnostic>);

fn opened(name: &str, file: impl Read + Seek + Send + 'static) -> Result<OpenedTable, Diagnostic> {
    let table = Table::open(Seekable::new(file).unwrap()).map_err(|report| diagnostic(name, &report))?;
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
