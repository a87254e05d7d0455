//! Thresholds from which the labels of a text are predicted.
//!
//! The threshold with the best F1 of a label of which a model knows nothing is the one that always predicts it (Lipton,
//! Elkan, Naryanaswamy 2014), and with few positives it is mostly noise (Yang 2001). So all labels share the threshold with
//! the best micro-F1, except those that earn their own.

use crate::metrics::class_scores::Counts;

/// Rows that a label needs for a threshold of its own.
///
/// In a simulation of 28 labels on 3,000 rows (signals from none to strong, 0.4 % to 30 % of the rows, log-odds off by 0.7
/// for each label), this bound and [`MIN_GAIN`] scored micro-F1 49.2 and macro-F1 33.0 on new rows; own thresholds for all
/// labels scored 41.9 and 35.8, and one threshold for all 49.5 and 29.8. Where the model knew nothing, micro-F1 was 27.9,
/// 20.6 and 27.9. With bounds from 20 to 50 rows, the scores differ by less than 1. `tests/python/label_thresholds.py`
/// prints the table.
const MIN_POSITIVES: u32 = 30;
/// Distance from the F1 of always predicting a label to 1 that its own threshold has to cover.
const MIN_GAIN: f64 = 0.1;
/// Parts of the rows for cross-fitting.
const FOLDS: usize = 5;

/// Threshold of each label, tuned on these rows, `[texts, labels]` in row-major order. Scores on the same rows are
/// optimistic: see [`cross_fitted_labels`].
pub fn label_thresholds(labels: usize, probabilities: &[f32], actual: &[bool]) -> Vec<f32> {
    Ranking::new(labels, probabilities, actual).thresholds(None)
}

/// Labels whose probability is at least their threshold, `[texts, labels]` in row-major order.
pub fn predicted_labels(thresholds: &[f32], probabilities: &[f32]) -> Vec<bool> {
    let texts = probabilities.chunks(thresholds.len().max(1));
    texts.flat_map(|text| text.iter().zip(thresholds).map(|(p, threshold)| p >= threshold)).collect()
}

/// Predicted labels of each text, by thresholds that were tuned on the other folds: every fifth text is in the same fold.
/// Their scores are those to expect of [`label_thresholds`] on new texts.
pub fn cross_fitted_labels(labels: usize, probabilities: &[f32], actual: &[bool]) -> Vec<bool> {
    let ranking = Ranking::new(labels, probabilities, actual);
    let folds: Vec<Vec<f32>> = (0..FOLDS).map(|fold| ranking.thresholds(Some(fold))).collect();
    let texts = probabilities.chunks(labels.max(1)).zip(folds.iter().cycle());
    texts.flat_map(|(text, thresholds)| predicted_labels(thresholds, text)).collect()
}

/// A decision about one label of one text.
#[derive(Clone, Copy, Debug)]
struct LabelDecision {
    probability: f32,
    is_actual: bool,
    fold: u8,
}

/// Decisions by rising probability.
struct Ranking {
    /// Those of all labels.
    all: Vec<LabelDecision>,
    by_label: Vec<Vec<LabelDecision>>,
}

/// A threshold with its F1 on the decisions that it was tuned on.
#[derive(Clone, Copy, Debug)]
struct Tuned {
    threshold: f32,
    f1: f64,
    /// Decisions whose label is true.
    positives: u32,
    /// F1 of predicting the label always.
    always_f1: f64,
}

impl Ranking {
    fn new(labels: usize, probabilities: &[f32], actual: &[bool]) -> Self {
        let decision = |(i, (&probability, &is_actual)): (usize, (&f32, &bool))| {
            let fold = (i / labels.max(1) % FOLDS) as u8;
            LabelDecision { probability, is_actual, fold }
        };
        let all: Vec<LabelDecision> = probabilities.iter().zip(actual).enumerate().map(decision).collect();
        let sorted = |mut decisions: Vec<LabelDecision>| {
            decisions.sort_by(|a, b| a.probability.total_cmp(&b.probability));
            decisions
        };
        let column = |label: usize| sorted(all.iter().skip(label).step_by(labels).copied().collect());
        Self { by_label: (0..labels).map(column).collect(), all: sorted(all) }
    }

    /// Threshold of each label, without the decisions of a fold.
    fn thresholds(&self, held_out: Option<usize>) -> Vec<f32> {
        let is_used = |decision: &&LabelDecision| held_out != Some(usize::from(decision.fold));
        let shared = Tuned::of(self.all.iter().filter(is_used));
        let threshold = |label: &Vec<LabelDecision>| {
            let own = Tuned::of(label.iter().filter(is_used));
            if own.is_earned() { own.threshold } else { shared.threshold }
        };
        self.by_label.iter().map(threshold).collect()
    }
}

impl Tuned {
    /// The threshold with the best F1 on decisions by rising probability; in a tie, the one closest to 0.5.
    fn of<'a>(decisions: impl Iterator<Item = &'a LabelDecision> + Clone) -> Self {
        let mut counts = Counts::default();
        decisions.clone().for_each(|decision| counts.add(decision.is_actual, true));
        let (positives, always_f1) = (counts.actual, counts.f1());
        let mut best = Self { threshold: 0.5, f1: -1.0, positives, always_f1 };
        let mut lower = None;
        // With a threshold in (lower, upper], the label is predicted for the remaining decisions.
        for (upper, decision) in decisions.map(|decision| (decision.probability, Some(decision))).chain([(1.0, None)]) {
            if lower.is_none_or(|lower| upper > lower) {
                let (f1, threshold) = (counts.f1(), threshold_within(lower.unwrap_or(0.0), upper));
                let is_nearer = (threshold - 0.5).abs() < (best.threshold - 0.5).abs();
                if f1 > best.f1 || (f1 == best.f1 && is_nearer) {
                    (best.f1, best.threshold) = (f1, threshold);
                }
            }
            lower = Some(upper);
            if let Some(decision) = decision {
                counts.true_positives -= u32::from(decision.is_actual);
                counts.predicted -= 1;
            }
        }
        best
    }

    fn is_earned(self) -> bool {
        self.positives >= MIN_POSITIVES && self.f1 - self.always_f1 >= MIN_GAIN * (1.0 - self.always_f1)
    }
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
    use crate::metrics::multilabel::evaluate_multilabel;

    fn threshold(rows: &[(f32, bool)]) -> f32 {
        let mut rows = rows.to_vec();
        rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let decisions: Vec<LabelDecision> = rows
            .into_iter()
            .map(|(probability, is_actual)| LabelDecision { probability, is_actual, fold: 0 })
            .collect();
        Tuned::of(decisions.iter()).threshold
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

    /// 100 texts. Label 0 is true for the first half; label 1 for the first `positives`, with low probabilities throughout.
    fn rows(positives: usize) -> (Vec<f32>, Vec<bool>) {
        let is_actual = |text: usize| [text < 50, text < positives];
        let of_text = |text: usize| {
            let [first, second] = is_actual(text);
            [if first { 0.9 } else { 0.2 }, if second { 0.15625 } else { 0.03125 }]
        };
        ((0..100).flat_map(of_text).collect(), (0..100).flat_map(is_actual).collect())
    }

    #[test]
    fn a_label_needs_enough_positives_for_its_own_threshold() {
        let (probabilities, actual) = rows(30);
        assert_eq!(label_thresholds(2, &probabilities, &actual), [0.5, 0.09375]);
        let (probabilities, actual) = rows(29);
        assert_eq!(label_thresholds(2, &probabilities, &actual), [0.5, 0.5]);
    }

    #[test]
    fn a_label_that_the_model_knows_nothing_of_is_not_always_predicted() {
        // Label 0 is known well. Label 1 is true for every tenth of 400 texts, whatever its probability.
        let actual: Vec<bool> = (0..400).flat_map(|text| [text % 2 == 0, text % 10 == 0]).collect();
        let noise = |text: usize| 0.1 + 0.01 * ((text * 7919) % 13) as f32;
        let probabilities: Vec<f32> = (0..400).flat_map(|text| [[0.9, 0.1][text % 2], noise(text)]).collect();
        assert_eq!(label_thresholds(2, &probabilities, &actual), [0.5, 0.5]);
        let predicted = cross_fitted_labels(2, &probabilities, &actual);
        let scores = evaluate_multilabel(&["known".into(), "unknown".into()], &predicted, &actual);
        assert_eq!(scores.labels[1].recall, 0.0);
        assert!((scores.micro_f1 - 400.0 / 440.0).abs() < 1e-12, "{}", scores.micro_f1);
    }

    #[test]
    fn no_row_is_scored_by_a_threshold_tuned_on_it() {
        // Five texts, one in each fold. Tuned on all, the threshold is 0.225; without text 4, it is 0.5.
        let probabilities = [0.1, 0.15, 0.9, 0.95, 0.3];
        let actual = [false, false, true, true, true];
        assert_eq!(predicted_labels(&label_thresholds(1, &probabilities, &actual), &probabilities), actual);
        assert_eq!(cross_fitted_labels(1, &probabilities, &actual), [false, false, true, true, false]);
    }

    #[test]
    fn a_single_text_is_scored_at_one_half() {
        assert_eq!(cross_fitted_labels(2, &[0.4, 0.6], &[true, false]), [false, true]);
        assert!(cross_fitted_labels(2, &[], &[]).is_empty());
    }
}
