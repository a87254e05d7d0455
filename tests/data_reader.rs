//! Opens data files as the program does: Parquet through the crate of app/tables, other files through the engine.

#[path = "../app/cli/src/tables.rs"]
mod tables;

use std::io::{Read, Seek};

use hone_core::dataset::{DataReader, DataRole, Hints, is_parquet};
use hone_core::diagnostic::Diagnostic;

/// Opens a file.
pub fn open_data(
    name: &str,
    mut file: impl Read + Seek + Send + 'static,
    role: DataRole,
    hints: &Hints,
) -> Result<DataReader, Diagnostic> {
    if is_parquet(&mut file).unwrap() {
        return tables::open_parquet(name, file);
    }
    tables::unpack_parquet(DataReader::open(name, file, role, hints)?)
}
