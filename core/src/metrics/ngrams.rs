//! N-gram overlap, for BLEU and chrF.

use std::collections::HashMap;
use std::hash::Hash;

/// Counts of n-grams of one length in hypotheses and references, summed over a corpus.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overlap {
    pub(super) hypothesis: usize,
    pub(super) reference: usize,
    /// N-grams of the hypothesis that match one of the reference, each of which matches once.
    pub(super) matches: usize,
}

impl Overlap {
    /// Counts the n-grams of length `n`, which must be at least 1.
    pub(super) fn new<T: Eq + Hash>(hypothesis: &[T], reference: &[T], n: usize) -> Self {
        let mut open: HashMap<&[T], u32> = HashMap::new();
        for gram in reference.windows(n) {
            *open.entry(gram).or_default() += 1;
        }
        let mut matches = 0;
        for gram in hypothesis.windows(n) {
            if let Some(left) = open.get_mut(gram).filter(|left| **left > 0) {
                *left -= 1;
                matches += 1;
            }
        }
        Self { hypothesis: hypothesis.windows(n).len(), reference: reference.windows(n).len(), matches }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.hypothesis += other.hypothesis;
        self.reference += other.reference;
        self.matches += other.matches;
    }
}
