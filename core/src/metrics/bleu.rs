//! Corpus BLEU (Papineni et al. 2002) as sacrebleu has it by default (Post 2018): tokens of mteval-v13a, n-grams up to 4,
//! exponential smoothing, case kept.

use serde::{Deserialize, Serialize};

use crate::metrics::ngrams::Overlap;
use crate::metrics::{is_space, words};

/// Longest n-grams.
const MAX_ORDER: usize = 4;

/// BLEU of a corpus and what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bleu {
    /// From 0 to 100.
    pub score: f64,
    /// Precision of the n-grams of orders 1 to 4, from 0 to 100, smoothed where nothing matches.
    pub precisions: [f64; MAX_ORDER],
    /// 1, or less if the hypotheses are shorter than the references.
    pub brevity_penalty: f64,
    /// Tokens of all hypotheses.
    pub hypothesis_tokens: u32,
    /// Tokens of all references.
    pub reference_tokens: u32,
}

/// BLEU of hypotheses, each against its one reference. Without a match, or without an n-gram of each order, it is 0.
pub fn bleu(hypotheses: &[&str], references: &[&str]) -> Bleu {
    let mut overlaps = [Overlap::default(); MAX_ORDER];
    let (mut hypothesis_tokens, mut reference_tokens) = (0, 0);
    for (hypothesis, reference) in hypotheses.iter().zip(references) {
        let lines = [hypothesis, reference].map(|text| separated(text));
        let [hypothesis, reference] = [0, 1].map(|i| words(&lines[i]).collect::<Vec<_>>());
        hypothesis_tokens += hypothesis.len() as u32;
        reference_tokens += reference.len() as u32;
        for (n, overlap) in (1..).zip(&mut overlaps) {
            overlap.add(Overlap::new(&hypothesis, &reference, n));
        }
    }
    let brevity_penalty = match (f64::from(hypothesis_tokens), f64::from(reference_tokens)) {
        (0.0, reference) if reference > 0.0 => 0.0,
        (hypothesis, reference) if hypothesis < reference => (1.0 - reference / hypothesis).exp(),
        _ => 1.0,
    };
    let precisions = precisions(&overlaps);
    // The logarithm of a precision of 0 is minus infinity, and the score then 0.
    let log_mean = precisions.iter().map(|p| p.ln()).sum::<f64>() / MAX_ORDER as f64;
    Bleu { score: brevity_penalty * log_mean.exp(), precisions, brevity_penalty, hypothesis_tokens, reference_tokens }
}

fn precisions(overlaps: &[Overlap; MAX_ORDER]) -> [f64; MAX_ORDER] {
    let mut precisions = [0.0; MAX_ORDER];
    if overlaps.iter().all(|overlap| overlap.matches == 0) {
        return precisions;
    }
    // Chen, Cherry 2014, method 3: each order without a match counts half as much of one as the last such order.
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

/// A line with white space between its tokens, as mteval-v13a.pl splits them for Western languages.
fn separated(text: &str) -> String {
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
    let is_point = |c: char| matches!(c, '.' | ',');
    // Points and commas stay within numbers, a dash is apart after a digit.
    let spaced = replace_pairs(&spaced, |a, b| !is_digit(a) && is_point(b), ["", " ", " "]);
    let spaced = replace_pairs(&spaced, |a, b| is_point(a) && !is_digit(b), [" ", " ", ""]);
    replace_pairs(&spaced, |a, b| is_digit(a) && b == '-', ["", " ", " "])
}

/// Writes each pair of characters that `is_pair` with `[before, between, after]` around them. As with a regular
/// expression, a character belongs to one pair only, the first.
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
