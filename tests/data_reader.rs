//! Opens data files as worker and program do: Parquet through the crate of app/tables, other files through the engine.

use std::io::{Read, Seek, SeekFrom};

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
    if !is_parquet(&mut file).unwrap() {
        return DataReader::open(name, file, role, hints);
    }
    let bytes = file.seek(SeekFrom::End(0)).unwrap() as f64;
    let table = Table::open(Seekable::new(file).unwrap()).map_err(|report| diagnostic(name, &report))?;
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
