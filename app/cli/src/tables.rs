//! Parquet, read through the crate of app/tables; other files are read by the engine.

use std::fs::File;

use hone_core::dataset::{DataReader, TableReader, about_file};
use hone_core::diagnostic::Diagnostic;
use hone_tables::{Report, Seekable, Table};

/// Opens a file that is Parquet.
///
/// # Errors
/// As [`Table::open`].
pub fn open_parquet(name: &str, file: File) -> Result<DataReader, Diagnostic> {
    let bytes = file.metadata().map_or(0.0, |metadata| metadata.len() as f64);
    let source = Seekable::new(file).map_err(|error| {
        let what = format!("{name} cannot be read: {error}.");
        Diagnostic::new("file.read", what).remedy("Check the path.")
    })?;
    let table = Table::open(source).map_err(|report| diagnostic(name, &report))?;
    let warnings = table.warnings().iter().map(|report| diagnostic(name, report)).collect();
    Ok(DataReader::of_table(name, bytes, Box::new(Parquet { name: name.to_owned(), table }), warnings))
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
