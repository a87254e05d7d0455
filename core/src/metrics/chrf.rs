//! Corpus chrF2 (Popović 2015, 2016), equal to sacrebleu's default: character n-grams up to 6 without white space, no word
//! n-grams, case-sensitive.

use crate::metrics::ngrams::Overlap;
use crate::metrics::words::words;

/// Length of the longest n-grams, in characters.
const MAX_ORDER: usize = 6;
/// Square of the weight of recall relative to precision.
const BETA_SQUARED: f64 = 4.0;

/// chrF2 of hypotheses, each with one reference, from 0 to 100.
pub fn chrf(hypotheses: &[&str], references: &[&str]) -> f64 {
    let mut counts = ChrfCounts::default();
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        counts.add(ChrfCounts::new(hypothesis, reference));
    }
    counts.chrf()
}

/// Counts of texts that chrF is computed from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChrfCounts([Overlap; MAX_ORDER]);

impl ChrfCounts {
    /// Counts of one hypothesis with its reference.
    pub(super) fn new(hypothesis: &str, reference: &str) -> Self {
        let [hypothesis, reference] =
            [hypothesis, reference].map(|text| words(text).flat_map(str::chars).collect::<Vec<char>>());
        let mut counts = Self::default();
        for (n, overlap) in (1..).zip(&mut counts.0) {
            *overlap = Overlap::new(&hypothesis, &reference, n);
            // If the reference is too short for n-grams of this length, the hypothesis is not penalized.
            if overlap.reference == 0 {
                overlap.hypothesis = 0;
            }
        }
        counts
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, overlap)| sum.add(overlap));
    }

    /// The score of all texts together.
    pub(super) fn chrf(self) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0);
        for overlap in self.0.iter().filter(|overlap| overlap.hypothesis > 0) {
            precision += overlap.matches as f64 / overlap.hypothesis as f64;
            recall += overlap.matches as f64 / overlap.reference as f64;
            orders += 1;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let [precision, recall] = [precision, recall].map(|sum| sum / f64::from(orders));
        100.0 * (1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)
    }
}
