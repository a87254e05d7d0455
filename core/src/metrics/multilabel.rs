//! Scores of multi-label classification, as in scikit-learn.

use serde::{Deserialize, Serialize};

use crate::metrics::class_scores::{ClassScores, Counts, RowCounts, mean, ratio};
use crate::recipe::Metric;

/// Scores of multi-label classification: scikit-learn's `f1_score` with `average="micro"`, `"macro"` and `"samples"`, and
/// its `accuracy_score`. A ratio whose denominator is 0 counts as 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultilabelScores {
    /// F1 over all decisions.
    pub micro_f1: f64,
    /// Mean F1 of the labels.
    pub macro_f1: f64,
    /// Mean F1 of the texts.
    pub samples_f1: f64,
    /// Ratio of texts whose labels are all correct.
    pub subset_accuracy: f64,
    /// Scores of each label, in the order of the model's outputs.
    pub labels: Vec<ClassScores>,
}

/// Scores of predicted labels, `[texts, labels]` in row-major order as is `actual`.
pub fn evaluate_multilabel(labels: &[String], predicted: &[bool], actual: &[bool]) -> MultilabelScores {
    let columns = labels.len().max(1);
    let (mut all, mut by_label) = (Counts::default(), vec![Counts::default(); labels.len()]);
    let (mut texts, mut right, mut samples_f1) = (0, 0, 0.0);
    for (predicted, actual) in predicted.chunks(columns).zip(actual.chunks(columns)) {
        let mut of_text = Counts::default();
        for ((&is_predicted, &is_actual), of_label) in predicted.iter().zip(actual).zip(&mut by_label) {
            for counts in [&mut all, of_label, &mut of_text] {
                counts.add(is_actual, is_predicted);
            }
        }
        texts += 1;
        right += u32::from(of_text.true_positives == of_text.predicted && of_text.true_positives == of_text.actual);
        samples_f1 += of_text.f1();
    }
    let scores: Vec<ClassScores> = labels.iter().zip(by_label).map(|(label, counts)| counts.scores(label)).collect();
    MultilabelScores {
        micro_f1: all.f1(),
        macro_f1: mean(scores.iter().map(|label| label.f1)),
        samples_f1: samples_f1 / f64::from(texts.max(1)),
        subset_accuracy: ratio(right, texts),
        labels: scores,
    }
}

/// Counts of one text, by label.
pub(super) fn row_counts(predicted: &[bool], actual: &[bool]) -> RowCounts {
    let labels = (0..).zip(predicted.iter().zip(actual)).filter(|(_, (predicted, actual))| **predicted || **actual);
    let counts = |(label, (&is_predicted, &is_actual)): (u32, (&bool, &bool))| {
        let mut counts = Counts::default();
        counts.add(is_actual, is_predicted);
        (label, counts)
    };
    labels.map(counts).collect()
}

/// F1 over all decisions, and the mean F1 of all labels.
pub(super) fn figures(counts: &[Counts]) -> [(Metric, f64); 2] {
    let sum = |of: fn(&Counts) -> u32| counts.iter().map(of).sum::<u32>();
    let [true_positives, predicted, actual] =
        [sum(|label| label.true_positives), sum(|label| label.predicted), sum(|label| label.actual)];
    let all = Counts { true_positives, predicted, actual };
    [(Metric::MicroF1, all.f1()), (Metric::MacroF1, mean(counts.iter().map(|label| label.f1())))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rows_score_0() {
        let scores = evaluate_multilabel(&["a".into()], &[], &[]);
        assert_eq!((scores.micro_f1, scores.samples_f1, scores.subset_accuracy), (0.0, 0.0, 0.0));
    }
}
