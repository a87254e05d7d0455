//! Writing the tables of `hone labels` and of `hone train`.

use std::fs;
use std::path::Path;

use hone_core::diagnostic::Diagnostic;
use hone_core::inference::{TableFormat, TableWriter};
use serde_json::Value;

/// Writes rows to a file, in the format that its name ends in: CSV, JSON lines or a spreadsheet.
///
/// # Errors
/// `file.write` if the file cannot be written.
pub fn write(out: &Path, columns: &[&str], rows: impl IntoIterator<Item = Vec<Value>>) -> Result<(), Diagnostic> {
    let format = TableFormat::of_ending(&out.extension().unwrap_or_default().to_string_lossy());
    let columns = columns.iter().map(|&column| column.to_owned()).collect();
    let failed = |error| not_written(out, error);
    let mut writer = TableWriter::new(Vec::new(), format, columns).map_err(failed)?;
    for row in rows {
        writer.row(&row).map_err(failed)?;
    }
    fs::write(out, writer.finish().map_err(failed)?).map_err(failed)
}

/// The error for a file that cannot be written.
pub fn not_written(path: &Path, error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("file.write", format!("{} cannot be written: {error}.", path.display()))
        .remedy("Choose a folder where you may write, with enough room.")
}
