//! Corpus BLEU (Papineni et al. 2002), equal to sacrebleu's default (Post 2018): mteval-v13a tokenization, n-grams up to 4,
//! exponential smoothing, case-sensitive.

use serde::{Deserialize, Serialize};

use crate::metrics::ngrams::Overlap;
use crate::metrics::words::{is_space, words};

/// Length of the longest n-grams.
const MAX_ORDER: usize = 4;

/// BLEU of a corpus, with its components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bleu {
    /// The score, from 0 to 100.
    pub score: f64,
    /// Precision of n-grams of length 1 to 4, from 0 to 100, smoothed where none matches.
    pub precisions: [f64; MAX_ORDER],
    /// Penalty for hypotheses that are shorter than the references, at most 1.
    pub brevity_penalty: f64,
    /// Tokens in all hypotheses.
    pub hypothesis_tokens: u32,
    /// Tokens in all references.
    pub reference_tokens: u32,
}

/// BLEU of hypotheses, each with one reference. It is 0 if nothing matches, or if the corpus lacks n-grams of some length.
pub fn bleu(hypotheses: &[&str], references: &[&str]) -> Bleu {
    let mut counts = BleuCounts::default();
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        counts.add(BleuCounts::new(hypothesis, reference));
    }
    counts.bleu()
}

/// Counts of texts that BLEU is computed from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BleuCounts {
    overlaps: [Overlap; MAX_ORDER],
    hypothesis_tokens: u32,
    reference_tokens: u32,
}

impl BleuCounts {
    /// Counts of one hypothesis with its reference.
    pub(super) fn new(hypothesis: &str, reference: &str) -> Self {
        let lines = [hypothesis, reference].map(tokenized);
        let [hypothesis, reference] = [0, 1].map(|i| words(&lines[i]).collect::<Vec<_>>());
        let mut counts = Self {
            hypothesis_tokens: hypothesis.len() as u32,
            reference_tokens: reference.len() as u32,
            ..Self::default()
        };
        for (n, overlap) in (1..).zip(&mut counts.overlaps) {
            *overlap = Overlap::new(&hypothesis, &reference, n);
        }
        counts
    }

    pub(super) fn add(&mut self, other: Self) {
        self.hypothesis_tokens += other.hypothesis_tokens;
        self.reference_tokens += other.reference_tokens;
        self.overlaps.iter_mut().zip(other.overlaps).for_each(|(sum, overlap)| sum.add(overlap));
    }

    /// The score of all texts together.
    pub(super) fn bleu(self) -> Bleu {
        let Self { overlaps, hypothesis_tokens, reference_tokens } = self;
        let brevity_penalty = match (f64::from(hypothesis_tokens), f64::from(reference_tokens)) {
            (0.0, reference) if reference > 0.0 => 0.0,
            (hypothesis, reference) if hypothesis < reference => (1.0 - reference / hypothesis).exp(),
            _ => 1.0,
        };
        let precisions = precisions(&overlaps);
        // A precision of 0 has a logarithm of minus infinity, which makes the score 0.
        let log_mean = precisions.iter().map(|p| p.ln()).sum::<f64>() / MAX_ORDER as f64;
        let score = brevity_penalty * log_mean.exp();
        Bleu { score, precisions, brevity_penalty, hypothesis_tokens, reference_tokens }
    }
}

fn precisions(overlaps: &[Overlap; MAX_ORDER]) -> [f64; MAX_ORDER] {
    let mut precisions = [0.0; MAX_ORDER];
    if overlaps.iter().all(|overlap| overlap.matches == 0) {
        return precisions;
    }
    // Exponential smoothing (Chen, Cherry 2014, method 3): each length without a match counts half a match, then a
    // quarter, and so on.
    let mut smoothed = 1.0;
    for (precision, overlap) in precisions.iter_mut().zip(overlaps) {
        if overlap.hypothesis == 0 {
            break;
        }
        if overlap.matches == 0 {
            smoothed /= 2.0;
        }
        let matches = if overlap.matches == 0 { smoothed } else { overlap.matches as f64 };
        *precision = 100.0 * matches / overlap.hypothesis as f64;
    }
    precisions
}

/// The line with spaces between its tokens, as mteval-v13a.pl splits Western languages.
fn tokenized(text: &str) -> String {
    let line = text.trim_end_matches(is_space).replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let line = line.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let mut spaced = String::with_capacity(line.len() * 2 + 2);
    spaced.push(' ');
    for c in line.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '\'' | ',' | '-' | '.') {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced.push(' ');
    let is_digit = |c: char| c.is_ascii_digit();
    let is_period_or_comma = |c: char| matches!(c, '.' | ',');
    // Periods and commas stay within numbers; a dash after a digit is a token.
    let spaced = replace_pairs(&spaced, |a, b| !is_digit(a) && is_period_or_comma(b), ["", " ", " "]);
    let spaced = replace_pairs(&spaced, |a, b| is_period_or_comma(a) && !is_digit(b), [" ", " ", ""]);
    replace_pairs(&spaced, |a, b| is_digit(a) && b == '-', ["", " ", " "])
}

/// Puts `[before, between, after]` around the characters of each pair for which `is_pair` is true. As with a regular
/// expression, pairs do not overlap, and the first wins.
fn replace_pairs(line: &str, is_pair: impl Fn(char, char) -> bool, [before, between, after]: [&str; 3]) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    let mut chars = line.chars().peekable();
    while let Some(first) = chars.next() {
        match chars.next_if(|&second| is_pair(first, second)) {
            Some(second) => {
                out.push_str(before);
                out.push(first);
                out.push_str(between);
                out.push(second);
                out.push_str(after);
            }
            None => out.push(first),
        }
    }
    out
}
