//! Rows whose label is probably wrong: confident learning (Northcutt, Jiang and Chuang: "Confident Learning: Estimating
//! Uncertainty in Dataset Labels", JAIR 2021). The results equal those of the Python package `cleanlab` for the same
//! probabilities.
//!
//! The probabilities must come from models that have not seen the row's label: from folds, for example.

use crate::metrics::argmax::argmax;

/// Two numbers closer than this are equal.
const TOLERANCE: f64 = 1e-6;

/// Given labels, and the probability of each class.
#[derive(Clone, Copy, Debug)]
pub struct LabelProbabilities<'a> {
    /// The label of each row.
    pub labels: &'a [u32],
    /// Probabilities of the classes, `[rows, classes]`.
    pub probabilities: &'a [f32],
    /// Number of classes.
    pub classes: usize,
}

/// Support of a row's label by its probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelQuality {
    /// Probability of the label.
    pub self_confidence: f64,
    /// Distance of the label's probability from that of the likeliest other class, scaled from -1..1 to 0..1.
    pub normalized_margin: f64,
}

impl<'a> LabelProbabilities<'a> {
    /// The rows, with label and probabilities.
    fn rows(self) -> impl Iterator<Item = (usize, &'a [f32])> {
        let labels = self.labels.iter().map(|&label| label as usize);
        labels.zip(self.probabilities.chunks(self.classes.max(1)))
    }

    /// Number of rows of each label.
    fn counts(self) -> Vec<u32> {
        let mut counts = vec![0; self.classes];
        self.labels.iter().for_each(|&label| counts[label as usize] += 1);
        counts
    }

    /// Quality of each row's label.
    pub fn qualities(self) -> Vec<LabelQuality> {
        let quality = |(label, row): (usize, &[f32])| {
            let others = row.iter().enumerate().filter(|(class, _)| *class != label);
            let other = others.map(|(_, &probability)| f64::from(probability)).fold(0.0, f64::max);
            let own = f64::from(row[label]);
            LabelQuality { self_confidence: own, normalized_margin: (own - other + 1.0) / 2.0 }
        };
        self.rows().map(quality).collect()
    }

    /// Self-confidence of each class: the mean probability of a label over the rows that have it. A row counts as
    /// confident in a class from there on.
    fn thresholds(self) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes];
        self.rows().for_each(|(label, row)| sums[label] += f64::from(row[label]));
        let mean = |(sum, rows): (f64, u32)| if rows == 0 { f64::INFINITY } else { sum / f64::from(rows) };
        sums.into_iter().zip(self.counts()).map(mean).collect()
    }

    /// Number of rows with each given label (first index) that the probabilities confidently assign to each class (second
    /// index). Each class has at least one row that is rightly labeled.
    pub fn confident_counts(self) -> Vec<Vec<u32>> {
        let thresholds = self.thresholds();
        let mut counts = vec![vec![0; self.classes]; self.classes];
        for (label, row) in self.rows() {
            let is_confident = |class: &usize| f64::from(row[*class]) >= thresholds[*class] - TOLERANCE;
            let confident: Vec<usize> = (0..self.classes).filter(is_confident).collect();
            match confident[..] {
                [] => {}
                [only] => counts[label][only] += 1,
                // The paper takes the likeliest of these classes, and cleanlab the likeliest of all. They seldom differ.
                _ => counts[label][argmax(row)] += 1,
            }
        }
        (0..self.classes).for_each(|class| counts[class][class] = counts[class][class].max(1));
        counts
    }

    /// The confident joint: an estimate of the number of rows with each given label (first index) whose true label is each
    /// class (second index). Each row of the matrix sums to the number of rows with that label.
    pub fn confident_joint(self) -> Vec<Vec<u32>> {
        let scaled = |(confident, rows): (Vec<u32>, u32)| -> Vec<f64> {
            let sum: u32 = confident.iter().sum();
            confident.into_iter().map(|count| f64::from(count) / f64::from(sum.max(1)) * f64::from(rows)).collect()
        };
        let joint: Vec<Vec<f64>> = self.confident_counts().into_iter().zip(self.counts()).map(scaled).collect();
        // As cleanlab does it, in numpy's order: the last bits decide where a half is rounded to.
        let by_column: Vec<f64> = (0..self.classes).flat_map(|class| joint.iter().map(move |row| row[class])).collect();
        let (sum, all) = (pairwise_sum(&by_column).max(f64::MIN_POSITIVE), self.labels.len() as f64);
        joint.iter().map(|row| rounded(&row.iter().map(|value| value / sum * all).collect::<Vec<_>>())).collect()
    }

    /// Marks the rows whose label is probably wrong, by "prune by noise rate": of the rows with a label, as many as the
    /// confident joint estimates to belong to another class, those with the largest margin between the two. At least one row
    /// of each label is left, and a label that is the likeliest class is never marked.
    pub fn issues(self) -> Vec<bool> {
        let mut is_issue = vec![false; self.labels.len()];
        for (label, (estimate, rows)) in self.confident_joint().into_iter().zip(self.counts()).enumerate() {
            if rows <= 1 {
                continue;
            }
            let members: Vec<(usize, &[f32])> =
                self.rows().enumerate().filter(|(_, row)| row.0 == label).map(|(nth, row)| (nth, row.1)).collect();
            for (class, pruned) in with_one_left(estimate, label).into_iter().enumerate() {
                if class == label || pruned == 0 {
                    continue;
                }
                let margin = |row: &[f32]| f64::from(row[class]) - f64::from(row[label]);
                let mut margins: Vec<f64> = members.iter().map(|(_, row)| margin(row)).collect();
                margins.sort_by(|a, b| b.total_cmp(a));
                let least = margins[(pruned as usize).min(margins.len()) - 1];
                members.iter().filter(|(_, row)| margin(row) >= least).for_each(|&(nth, _)| is_issue[nth] = true);
            }
        }
        for (is_issue, (label, row)) in is_issue.iter_mut().zip(self.rows()) {
            let largest = row.iter().copied().map(f64::from).fold(0.0, f64::max);
            *is_issue &= f64::from(row[label]) < largest - TOLERANCE;
        }
        is_issue
    }
}

/// A row of the confident joint with at least one rightly labeled row.
fn with_one_left(mut estimate: Vec<u32>, label: usize) -> Vec<u32> {
    let total: u32 = estimate.iter().sum();
    if estimate[label] > 0 || total == 0 {
        return estimate;
    }
    let wrong = f64::from(total);
    let scaled: Vec<f64> = estimate.iter().map(|&count| f64::from(count) * (wrong - 1.0) / wrong).collect();
    estimate = rounded(&scaled);
    estimate[label] = 1;
    estimate
}

/// The sum of numbers in the order in which numpy adds them: eight at a time, in blocks of at most 128.
fn pairwise_sum(values: &[f64]) -> f64 {
    match values.len() {
        0..8 => values.iter().sum(),
        8..=128 => {
            let (eights, rest) = values.as_chunks::<8>();
            let zero = [0.0; 8];
            let [a, b, c, d, e, f, g, h] =
                eights.iter().fold(zero, |sums, next| std::array::from_fn(|i| sums[i] + next[i]));
            rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
        }
        all => {
            let (first, second) = values.split_at(all / 2 - all / 2 % 8);
            pairwise_sum(first) + pairwise_sum(second)
        }
    }
}

/// Rounds numbers, halves to even, and then those that are farthest from their rounded values the other way, until the sum is
/// the same as before.
fn rounded(values: &[f64]) -> Vec<u32> {
    let mut whole: Vec<f64> = values.iter().map(|value| value.round_ties_even()).collect();
    let missing = values.iter().sum::<f64>().round_ties_even() - whole.iter().sum::<f64>();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| (values[a] - whole[a]).total_cmp(&(values[b] - whole[b])));
    if missing > 0.0 {
        order.reverse();
    }
    order.into_iter().take(missing.abs() as usize).for_each(|nth| whole[nth] += missing.signum());
    whole.into_iter().map(|value| value as u32).collect()
}
