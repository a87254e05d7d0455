//! `hone train --wrong-rows`.

use std::path::Path;

use hone_core::dataset::Dataset;
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::rounded;
use hone_core::run::{WrongRow, WrongRowQuery, WrongRows};
use hone_core::runner::WrongRowSearch;
use hone_core::train::Session;
use serde_json::{Value, json};

use crate::progress::{progress_bar, report};
use crate::table_file;

/// Columns of the file.
const COLUMNS: [&str; 11] = [
    "line",
    "file",
    "true",
    "predicted",
    "measure",
    "text",
    "second_text",
    "nearest_line",
    "nearest_label",
    "nearest_cosine",
    "nearest_text",
];

/// Writes the validation rows that the tuned model got wrong to a file, each with its nearest training row, and returns a
/// sentence about them.
///
/// # Errors
/// `file.write` if the file cannot be written, and if the device fails.
pub async fn write(session: &Session, dataset: &Dataset, out: &Path) -> Result<String, Diagnostic> {
    let mut search = WrongRowSearch::new(session, dataset);
    search.compare(session);
    let bar = progress_bar();
    while let Some(fraction) = search.advance().await? {
        report(&bar, fraction);
    }
    bar.finish_and_clear();
    let found = search.find(session, dataset, &WrongRowQuery::default(), usize::MAX);
    write_rows(&found, out)?;
    let sentence = format!("{} rows that are wrong are in {}, the worst first.", found.total, out.display());
    Ok(format!("{sentence} {}", found.neighbors).trim_end().to_owned())
}

fn write_rows(found: &WrongRows, out: &Path) -> Result<(), Diagnostic> {
    table_file::write(out, &COLUMNS, found.rows.iter().map(cells))
}

fn cells(row: &WrongRow) -> Vec<Value> {
    let nearest = row.nearest.first();
    vec![
        json!(row.line),
        json!(if row.is_in_train_file { "training" } else { "validation" }),
        json!(row.given),
        json!(row.predicted),
        json!(row.measure),
        json!(row.text),
        json!(row.pair),
        json!(nearest.map(|near| near.line)),
        json!(nearest.map(|near| &near.label)),
        json!(nearest.map(|near| rounded(near.cosine))),
        json!(nearest.map(|near| &near.text)),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hone_core::run::NearestRow;

    use super::*;

    #[test]
    fn wrong_rows_are_written_with_both_labels() {
        let (text, label) = ("Yes, ever.".into(), "good".into());
        let near = NearestRow { line: 9, text, pair: None, label, cosine: 0.75 };
        let row = WrongRow {
            line: 6,
            is_in_train_file: true,
            text: "No, never.".into(),
            pair: None,
            given: "good".into(),
            predicted: "bad".into(),
            likely: Some(vec!["bad".into()]),
            measure: "probability 97 %".into(),
            nearest: vec![near],
        };
        let out = std::env::temp_dir().join(format!("hone-cli-{}-wrong.csv", std::process::id()));
        write_rows(&WrongRows { rows: vec![row], total: 1, ..WrongRows::default() }, &out).unwrap();
        let written = fs::read_to_string(&out).unwrap();
        fs::remove_file(&out).unwrap();
        let expected = "6,training,good,bad,probability 97 %,\"No, never.\",,9,good,0.75,\"Yes, ever.\"\n";
        assert_eq!(written, format!("{}\n{expected}", COLUMNS.join(",")));
    }
}
