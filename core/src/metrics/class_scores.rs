//! Precision, recall and F1 of one class.

use serde::{Deserialize, Serialize};

use crate::metrics::interval::Interval;

/// Scores of one class, as scikit-learn's `precision_recall_fscore_support` with `zero_division=0`: a ratio whose
/// denominator is 0 counts as 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Name of the class.
    pub label: String,
    /// Correct predictions of the class / predictions of the class.
    pub precision: f64,
    /// Correct predictions of the class / rows of the class.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Rows of the class.
    pub support: u32,
    /// The 95 % intervals of precision, recall and F1, for the weights that are kept; none where the bootstrap says nothing.
    #[serde(default)]
    pub intervals: [Option<Interval>; 3],
}

/// Counts of true positives, predictions and rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) true_positives: u32,
    pub(super) predicted: u32,
    pub(super) actual: u32,
}

impl Counts {
    /// Counts one decision.
    pub(super) fn add(&mut self, is_actual: bool, is_predicted: bool) {
        self.true_positives += u32::from(is_actual && is_predicted);
        self.predicted += u32::from(is_predicted);
        self.actual += u32::from(is_actual);
    }

    pub(super) fn f1(self) -> f64 {
        // The harmonic mean of precision and recall.
        ratio(2 * self.true_positives, self.predicted + self.actual)
    }

    pub(super) fn scores(self, label: &str) -> ClassScores {
        ClassScores {
            label: label.into(),
            precision: self.precision(),
            recall: self.recall(),
            f1: self.f1(),
            support: self.actual,
            intervals: [None; 3],
        }
    }

    pub(super) fn precision(self) -> f64 {
        ratio(self.true_positives, self.predicted)
    }

    pub(super) fn recall(self) -> f64 {
        ratio(self.true_positives, self.actual)
    }
}

/// Counts of one row, by class: those that are not 0.
pub(super) type RowCounts = Vec<(u32, Counts)>;

/// Rows by their counts of each class.
#[derive(Clone, Debug)]
pub struct CountedRows {
    pub(super) classes: usize,
    pub(super) rows: Vec<RowCounts>,
}

impl CountedRows {
    /// Counts of each class over the drawn rows.
    pub(super) fn summed(&self, drawn: &[u32]) -> Vec<Counts> {
        let mut counts = vec![Counts::default(); self.classes];
        for &row in drawn {
            for &(class, of_row) in &self.rows[row as usize] {
                let sum = &mut counts[class as usize];
                sum.true_positives += of_row.true_positives;
                sum.predicted += of_row.predicted;
                sum.actual += of_row.actual;
            }
        }
        counts
    }
}

/// Mean of `values`; 0 without any, where the sum of an empty list would be -0.
pub(super) fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count.max(1))
}

/// `part / whole`; 0 if the whole is 0, as in scikit-learn.
pub(super) fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}
