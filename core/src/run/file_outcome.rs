//! What became of the rows of a file of predictions.

use serde::{Deserialize, Serialize};

use crate::dataset::SkippedRow;
use crate::diagnostic::Diagnostic;
use crate::phrases::rows_were;

/// Outcome of the rows of a file of predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileOutcome {
    /// Rows in the file of predictions: all that could be read.
    pub rows: u32,
    /// Rows with a prediction. The others have no text, or were refused.
    pub predicted: u32,
    /// Rows whose text was cut to the model's maximum length.
    pub cut: u32,
    /// Rows that could not be read, and are missing.
    pub unreadable: u32,
    /// The first of them.
    pub first_unreadable: Option<SkippedRow>,
    /// Rows whose prompt was refused.
    pub refused: u32,
    /// The reason for the first of them.
    pub first_refused: Option<Diagnostic>,
    /// Rows without a label, because its probability is below the model's threshold.
    #[serde(default)]
    pub unsure: u32,
    /// Number of rows with each class or label, in the order of the model's; empty for other tasks.
    pub labels: Vec<u32>,
}

impl FileOutcome {
    /// Sentences about rows that have no prediction, or one that was made from a part of the text.
    pub fn notes(&self) -> Vec<String> {
        let were = |rows: u32| rows_were(rows as usize);
        let empty = self.rows - self.predicted - self.refused;
        let mut notes = Vec::new();
        if empty > 0 {
            notes.push(format!("{} left without a prediction: a text is empty.", were(empty)));
        }
        if self.unsure > 0 {
            notes.push(format!("{} left without a label: the model is unsure.", were(self.unsure)));
        }
        if self.cut > 0 {
            notes.push(format!("{} cut to the model's maximum length.", were(self.cut)));
        }
        if let Some(SkippedRow { line, reason }) = &self.first_unreadable {
            notes.push(format!("{} left out. First, line {line}: {reason}.", were(self.unreadable)));
        }
        if let Some(diagnostic) = &self.first_refused {
            notes.push(format!("{} refused. First: {diagnostic}", were(self.refused)));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_full_prediction_are_explained() {
        let outcome = FileOutcome { rows: 1_200, predicted: 1_199, cut: 1, ..FileOutcome::default() };
        let notes =
            ["1 row was left without a prediction: a text is empty.", "1 row was cut to the model's maximum length."];
        assert_eq!(outcome.notes(), notes);
        assert!(FileOutcome { rows: 5, predicted: 5, ..FileOutcome::default() }.notes().is_empty());
    }
}
