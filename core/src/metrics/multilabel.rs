//! Scores of multi-label classification, as in scikit-learn, and the thresholds from which labels are predicted.

use serde::{Deserialize, Serialize};

use crate::metrics::class_scores::{ClassScores, Counts, mean, ratio};

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
    /// Probability from which each label is predicted.
    pub thresholds: Vec<f32>,
}

/// Scores of probabilities, `[texts, labels]` in row-major order as is `actual`. A label is predicted if its probability is
/// at least its threshold.
pub fn evaluate_multilabel(
    labels: &[String],
    thresholds: &[f32],
    probabilities: &[f32],
    actual: &[bool],
) -> MultilabelScores {
    let columns = labels.len().max(1);
    let (mut all, mut by_label) = (Counts::default(), vec![Counts::default(); labels.len()]);
    let (mut texts, mut right, mut samples_f1) = (0, 0, 0.0);
    for (probabilities, actual) in probabilities.chunks(columns).zip(actual.chunks(columns)) {
        let mut of_text = Counts::default();
        for (label, ((p, threshold), &actual)) in probabilities.iter().zip(thresholds).zip(actual).enumerate() {
            for counts in [&mut all, &mut by_label[label], &mut of_text] {
                counts.add(actual, p >= threshold);
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
        thresholds: thresholds.to_vec(),
    }
}

/// Threshold of each label with the best F1 on these rows, `[texts, labels]` in row-major order; in a tie, the one closest
/// to 0.5. Scores on the same rows are optimistic.
pub fn best_label_thresholds(labels: usize, probabilities: &[f32], actual: &[bool]) -> Vec<f32> {
    let column = |label: usize| {
        let rows = probabilities.iter().copied().zip(actual.iter().copied());
        rows.skip(label).step_by(labels).collect()
    };
    (0..labels).map(|label| best_threshold(column(label))).collect()
}

fn best_threshold(mut rows: Vec<(f32, bool)>) -> f32 {
    rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let support = rows.iter().filter(|(_, actual)| *actual).count() as u32;
    let mut counts = Counts { true_positives: support, predicted: rows.len() as u32, actual: support };
    let (mut best_f1, mut best) = (-1.0, 0.5f32);
    let mut lower = 0.0;
    // With a threshold in (lower, upper], the label is predicted for the remaining rows.
    for (i, upper) in rows.iter().map(|(p, _)| *p).chain([1.0]).enumerate() {
        if i == 0 || upper > lower {
            let f1 = counts.f1();
            let threshold = threshold_within(lower, upper);
            let is_nearer = (threshold - 0.5).abs() < (best - 0.5).abs();
            if f1 > best_f1 || (f1 == best_f1 && is_nearer) {
                (best_f1, best) = (f1, threshold);
            }
        }
        lower = upper;
        if let Some((_, actual)) = rows.get(i) {
            counts.true_positives -= u32::from(*actual);
            counts.predicted -= 1;
        }
    }
    best
}

/// A threshold in (lower, upper]: 0.5 if possible, otherwise the midpoint.
fn threshold_within(lower: f32, upper: f32) -> f32 {
    let middle = lower.midpoint(upper);
    if lower < 0.5 && upper >= 0.5 {
        0.5
    } else if middle > lower {
        middle
    } else {
        // The midpoint of two adjacent floats is one of them.
        upper
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(rows: &[(f32, bool)]) -> f32 {
        best_threshold(rows.to_vec())
    }

    #[test]
    fn ties_go_to_the_threshold_closest_to_one_half() {
        assert_eq!(threshold(&[(0.2, false), (0.9, true)]), 0.5);
        assert_eq!(threshold(&[(0.1, false), (0.3, true)]), 0.2);
        assert_eq!(threshold(&[(0.625, false), (0.875, true)]), 0.75);
        // Predicting all four and the last alone give the same F1, 2/3.
        assert_eq!(threshold(&[(0.2, true), (0.25, false), (0.35, false), (0.6, true)]), 0.5);
        assert_eq!(threshold(&[(0.6, true), (0.7, false), (0.8, false), (0.9, true)]), 0.5);
        // No text has the label; every text has it; there is no text.
        assert_eq!(threshold(&[(0.1, false), (0.2, false)]), 0.5);
        assert_eq!(threshold(&[(0.5, true), (0.75, true)]), 0.5);
        assert_eq!(threshold(&[]), 0.5);
    }

    #[test]
    fn a_threshold_separates_adjacent_floats() {
        let (low, high) = (0.3f32, 0.3f32.next_up());
        assert_eq!(threshold(&[(low, false), (high, true)]), high);
        assert_eq!(threshold(&[(0.0, true), (0.0, true)]), 0.0);
    }

    #[test]
    fn no_rows_score_0() {
        let scores = evaluate_multilabel(&["a".into()], &[0.5], &[], &[]);
        assert_eq!((scores.micro_f1, scores.samples_f1, scores.subset_accuracy), (0.0, 0.0, 0.0));
    }
}
