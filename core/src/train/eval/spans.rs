//! From scores of tokens to answers: the best spans of a passage over all its windows.

use std::collections::HashMap;
use std::ops::Range;

use crate::text::Window;
use crate::train::Prediction;

pub use crate::limits::MAX_ANSWER_TOKENS;

/// A part of a passage as an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Where it stands in the passage, in bytes.
    pub bytes: Range<u32>,
    /// Sum of the scores of its first and last token.
    pub score: f32,
}

/// The best answers to a question, and how sure the model is that there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanAnswers {
    /// The best spans, the best first; equal scores in the order of the passage.
    pub spans: Vec<Span>,
    /// Score of there being no answer: the lowest that the first token has in any window.
    pub none: f32,
}

impl SpanAnswers {
    /// How much surer the model is that there is no answer than of the best one.
    pub fn no_answer_score(&self) -> f32 {
        self.none - self.spans.first().map_or(f32::NEG_INFINITY, |best| best.score).max(f32::MIN)
    }

    /// Probability of each span, and of no answer, among these.
    pub fn probabilities(&self) -> (Vec<f32>, f32) {
        let scores: Vec<f64> = self.spans.iter().map(|span| span.score).chain([self.none]).map(f64::from).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
        let mut shares: Vec<f32> = scores.iter().map(|score| ((score - largest).exp() / sum) as f32).collect();
        let none = shares.pop().unwrap_or(1.0);
        (shares, none)
    }
}

/// The `count` best answers of the windows of one question, each with what was said of it.
///
/// A span begins and ends within the passage, in one window, and has at most [`MAX_ANSWER_TOKENS`] tokens. One that
/// several windows show counts with the highest of their scores.
pub fn best_spans<'a>(said: impl IntoIterator<Item = (&'a Window, &'a Prediction)>, count: usize) -> SpanAnswers {
    let mut scores: HashMap<(u32, u32), f32> = HashMap::new();
    let mut none = f32::INFINITY;
    for (window, prediction) in said {
        let Prediction::Spans { start, end } = prediction else { continue };
        none = none.min(start[0] + end[0]);
        let first = window.first as usize;
        for (i, from) in window.bytes.iter().enumerate() {
            for (j, to) in window.bytes.iter().enumerate().skip(i).take(MAX_ANSWER_TOKENS) {
                let score = start[first + i] + end[first + j];
                let best = scores.entry((from.start, to.end)).or_insert(f32::NEG_INFINITY);
                *best = best.max(score);
            }
        }
    }
    let mut spans: Vec<Span> =
        scores.into_iter().map(|((start, end), score)| Span { bytes: start..end, score }).collect();
    spans.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b))));
    spans.truncate(count);
    SpanAnswers { spans, none }
}

fn place(span: &Span) -> (u32, u32) {
    (span.bytes.start, span.bytes.end)
}
