//! `hone train --row-dynamics`.

use std::path::Path;

use hone_core::dataset::Dataset;
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::Task;
use hone_core::runner::{RowDynamics, row_dynamics};
use hone_core::train::Session;
use serde_json::{Value, json};

use crate::arguments::TrainArguments;
use crate::table_file;

/// Columns of the file.
const COLUMNS: [&str; 8] = ["line", "file", "label", "predicted", "confidence", "variability", "text", "second_text"];

/// Refuses tasks without training dynamics.
///
/// # Errors
/// `train.no-dynamics`.
pub fn check(arguments: &TrainArguments, task: Task) -> Result<(), Diagnostic> {
    if arguments.row_dynamics.is_none() || !matches!(task, Task::Regression | Task::Embeddings) {
        return Ok(());
    }
    Err(Diagnostic::new(
        "train.no-dynamics",
        "Numbers and embeddings have no probability, so no confidence and variability.",
    )
    .done("The run was not started.")
    .remedy("Leave out `--row-dynamics`."))
}

/// Writes the validation rows with their training dynamics to a file, and returns a sentence about them.
///
/// # Errors
/// `file.write` if the file cannot be written.
pub fn write(session: &Session, dataset: &Dataset, out: &Path) -> Result<String, Diagnostic> {
    let rows = row_dynamics(session, dataset);
    table_file::write(out, &COLUMNS, rows.iter().map(cells))?;
    let hard = rows.iter().filter(|row| row.is_hard).count();
    let evaluations = session.trace().dynamics().evaluations();
    Ok(format!(
        "The training dynamics of {} rows over {evaluations} evaluations are in {}; what is right in {hard} of them was never \
         likely.",
        rows.len(),
        out.display()
    ))
}

fn cells(dynamics: &RowDynamics) -> Vec<Value> {
    let RowDynamics { row, confidence, variability, .. } = dynamics;
    let rounded = |value: f64| json!((value * 1e6).round() / 1e6);
    vec![
        json!(row.line),
        json!(if row.is_in_train_file { "training" } else { "validation" }),
        json!(row.given),
        json!(row.predicted),
        rounded(*confidence),
        rounded(*variability),
        json!(row.text),
        json!(row.pair),
    ]
}

#[cfg(test)]
mod tests {
    use hone_core::run::WrongRow;

    use super::*;

    #[test]
    fn a_row_is_written_with_both_figures() {
        let row = WrongRow {
            line: 6,
            is_in_train_file: true,
            text: "No, never.".into(),
            pair: None,
            given: "good".into(),
            predicted: "bad".into(),
            likely: None,
            measure: String::new(),
            nearest: Vec::new(),
        };
        let cells = cells(&RowDynamics { row, class: 0, confidence: 0.125, variability: 1.0 / 3.0, is_hard: false });
        assert_eq!(json!(cells), json!([6, "training", "good", "bad", 0.125, 0.333333, "No, never.", null]));
        assert_eq!(cells.len(), COLUMNS.len());
    }
}
