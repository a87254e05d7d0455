//! `hone train --wrong-rows`.

use std::path::Path;

use hone_core::dataset::Dataset;
use hone_core::diagnostic::Diagnostic;
use hone_core::run::{WrongRow, WrongRowQuery, WrongRows};
use hone_core::runner::wrong_rows;
use hone_core::train::Session;
use serde_json::{Value, json};

use crate::table_file;

/// Columns of the file.
const COLUMNS: [&str; 7] = ["line", "file", "true", "predicted", "measure", "text", "second_text"];

/// Writes the validation rows that the tuned model got wrong to a file, and returns a sentence about them.
///
/// # Errors
/// `file.write` if the file cannot be written.
pub fn write(session: &Session, dataset: &Dataset, out: &Path) -> Result<String, Diagnostic> {
    let found = wrong_rows(session, dataset, None, &WrongRowQuery::default(), usize::MAX);
    write_rows(&found, out)?;
    Ok(format!("{} rows that are wrong are in {}, the worst first.", found.total, out.display()))
}

fn write_rows(found: &WrongRows, out: &Path) -> Result<(), Diagnostic> {
    table_file::write(out, &COLUMNS, found.rows.iter().map(cells))
}

fn cells(row: &WrongRow) -> Vec<Value> {
    vec![
        json!(row.line),
        json!(if row.is_in_train_file { "training" } else { "validation" }),
        json!(row.given),
        json!(row.predicted),
        json!(row.measure),
        json!(row.text),
        json!(row.pair),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn wrong_rows_are_written_with_both_labels() {
        let row = WrongRow {
            line: 6,
            is_in_train_file: true,
            text: "No, never.".into(),
            pair: None,
            given: "good".into(),
            predicted: "bad".into(),
            likely: Some(vec!["bad".into()]),
            measure: "probability 97 %".into(),
            nearest: Vec::new(),
        };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-wrong.csv", std::process::id()));
        write_rows(&WrongRows { rows: vec![row], total: 1, ..WrongRows::default() }, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let expected = "6,training,good,bad,probability 97 %,\"No, never.\",\n";
        assert_eq!(written, format!("{}\n{expected}", COLUMNS.join(",")));
    }
}
