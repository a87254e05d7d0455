//! Scores of texts that may have any number of labels, as scikit-learn has them, and the thresholds above which a label
//! is said to be there.

use serde::{Deserialize, Serialize};

use crate::metrics::{ClassScores, ratio};

/// Scores of labels. A ratio whose denominator is 0 counts as 0, that of a text without a label too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MultilabelScores {
    /// F1 of all decisions together.
    pub micro_f1: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Mean of the texts' F1.
    pub samples_f1: f64,
    /// Share of the texts of which every label is right.
    pub subset_accuracy: f64,
    /// Scores of each label, in the order of the model's outputs.
    pub labels: Vec<ClassScores>,
    /// The probability of each label from which on it was said to be there.
    pub thresholds: Vec<f32>,
}

/// Hits, predicted and actual labels.
#[derive(Clone, Copy, Default)]
struct Counts([u32; 3]);

impl Counts {
    fn add(&mut self, is_actual: bool, is_predicted: bool) {
        let more = [is_actual && is_predicted, is_predicted, is_actual];
        self.0.iter_mut().zip(more).for_each(|(count, more)| *count += u32::from(more));
    }

    fn f1(&self) -> f64 {
        let Counts([hits, said, support]) = *self;
        ratio(2 * hits, said + support)
    }
}

/// Scores of probabilities against the truth, both `[texts, labels]` row by row; a label is predicted from its threshold
/// on.
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
        let Counts([hits, said, support]) = of_text;
        texts += 1;
        right += u32::from(hits == said && hits == support);
        samples_f1 += of_text.f1();
    }
    let scores: Vec<ClassScores> = labels
        .iter()
        .zip(by_label)
        .map(|(label, Counts([hits, said, support]))| ClassScores::from_counts(label, hits, said, support))
        .collect();
    MultilabelScores {
        micro_f1: all.f1(),
        macro_f1: scores.iter().map(|label| label.f1).sum::<f64>() / columns as f64,
        samples_f1: samples_f1 / f64::from(texts.max(1)),
        subset_accuracy: ratio(right, texts),
        labels: scores,
        thresholds: thresholds.to_vec(),
    }
}

/// The threshold of each label that gives its best F1 on these rows, `[texts, labels]` row by row; of several the one
/// nearest to 0.5. Scores on the same rows flatter.
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
    let mut counts = Counts([support, rows.len() as u32, support]);
    let (mut best_f1, mut best) = (-1.0, 0.5f32);
    let mut lower = 0.0;
    // With a threshold above `lower` and up to `upper`, what is left of the rows is predicted to have the label.
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
            counts.0[0] -= u32::from(*actual);
            counts.0[1] -= 1;
        }
    }
    best
}

/// 0.5 if it is above `lower` and at most `upper`, otherwise the middle, which is as far as possible from both.
fn threshold_within(lower: f32, upper: f32) -> f32 {
    let middle = lower.midpoint(upper);
    match () {
        () if lower < 0.5 && upper >= 0.5 => 0.5,
        // Of two neighboring numbers the middle is one of them.
        () if middle > lower => middle,
        () => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(rows: &[(f32, bool)]) -> f32 {
        best_threshold(rows.to_vec())
    }

    #[test]
    fn of_equal_thresholds_the_one_nearest_to_a_half_wins() {
        assert_eq!(threshold(&[(0.2, false), (0.9, true)]), 0.5);
        assert_eq!(threshold(&[(0.1, false), (0.3, true)]), 0.2);
        assert_eq!(threshold(&[(0.625, false), (0.875, true)]), 0.75);
        // Predicting all four and the last alone give the same F1, 2/3.
        assert_eq!(threshold(&[(0.2, true), (0.25, false), (0.35, false), (0.6, true)]), 0.5);
        assert_eq!(threshold(&[(0.6, true), (0.7, false), (0.8, false), (0.9, true)]), 0.5);
        // No text has the label, or every one, or there is none.
        assert_eq!(threshold(&[(0.1, false), (0.2, false)]), 0.5);
        assert_eq!(threshold(&[(0.5, true), (0.75, true)]), 0.5);
        assert_eq!(threshold(&[]), 0.5);
    }

    #[test]
    fn a_threshold_parts_neighboring_numbers() {
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
