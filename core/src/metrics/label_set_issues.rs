//! Sets of labels that are probably wrong, by confident learning for each label on its own. The results equal those of
//! `cleanlab.multilabel_classification` for the same probabilities.

use crate::metrics::label_issues::LabelProbabilities;

/// Weight of the next lower score in the exponential moving average, as in cleanlab.
const ALPHA: f64 = 0.8;

/// Given sets of labels, and the probability of each label.
#[derive(Clone, Copy, Debug)]
pub struct LabelSetProbabilities<'a> {
    /// For each row and label: true if the row has it, `[rows, labels]`.
    pub has: &'a [bool],
    /// Probabilities of the labels, `[rows, labels]`.
    pub probabilities: &'a [f32],
    /// Number of labels.
    pub labels: usize,
}

impl LabelSetProbabilities<'_> {
    /// Marks the labels that a row probably has wrongly, or lacks wrongly, `[rows, labels]`: the issues of each label
    /// against the rest.
    pub fn issues(self) -> Vec<bool> {
        let mut issues = vec![false; self.has.len()];
        for label in 0..self.labels {
            let column = |at: usize| at * self.labels + label;
            let rows = self.has.len() / self.labels;
            let given: Vec<u32> = (0..rows).map(|at| u32::from(self.has[column(at)])).collect();
            let both = |at: usize| [1.0 - self.probabilities[column(at)], self.probabilities[column(at)]];
            let probabilities: Vec<f32> = (0..rows).flat_map(both).collect();
            let of_label = LabelProbabilities { labels: &given, probabilities: &probabilities, classes: 2 }.issues();
            of_label.into_iter().enumerate().for_each(|(at, is_issue)| issues[column(at)] = is_issue);
        }
        issues
    }

    /// Support of each row's whole set by its probabilities: the exponential moving average of the self-confidence
    /// of all labels, from the highest to the lowest.
    pub fn qualities(self) -> Vec<f64> {
        let rows = self.has.chunks(self.labels.max(1)).zip(self.probabilities.chunks(self.labels.max(1)));
        let quality = |(has, probabilities): (&[bool], &[f32])| {
            let mut scores: Vec<f64> =
                has.iter().zip(probabilities).map(|(&has, &it)| self_confidence(has, it)).collect();
            scores.sort_by(|a, b| b.total_cmp(a));
            scores.into_iter().reduce(|mean, next| ALPHA * next + (1.0 - ALPHA) * mean).unwrap_or(1.0)
        };
        rows.map(quality).collect()
    }
}

/// Probability that a row has or lacks a label, as is given.
pub fn self_confidence(has: bool, probability: f32) -> f64 {
    if has { f64::from(probability) } else { 1.0 - f64::from(probability) }
}
