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
    let mut overlaps = [Overlap::default(); MAX_ORDER];
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        let [hypothesis, reference] =
            [hypothesis, reference].map(|text| words(text).flat_map(str::chars).collect::<Vec<char>>());
        for (n, overlap) in (1..).zip(&mut overlaps) {
            let mut of_row = Overlap::new(&hypothesis, &reference, n);
            // If the reference is too short for n-grams of this length, the hypothesis is not penalized.
            if of_row.reference == 0 {
                of_row.hypothesis = 0;
            }
            overlap.add(of_row);
        }
    }
    let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0);
    for overlap in overlaps.iter().filter(|overlap| overlap.hypothesis > 0) {
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
