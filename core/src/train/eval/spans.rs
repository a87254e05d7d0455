//! Extractive answers: the best spans of a passage over all its windows.

use std::collections::HashMap;
use std::ops::Range;

use crate::text::Window;
use crate::train::eval::predict::Prediction;

pub use crate::limits::MAX_ANSWER_TOKENS;

/// A part of a passage as an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Position in the passage, in bytes.
    pub bytes: Range<u32>,
    /// Sum of the logits of the first and the last token.
    pub score: f32,
}

/// The best answers to a question, and the score of "no answer".
#[derive(Clone, Debug, PartialEq)]
pub struct SpanAnswers {
    /// The best spans, best first; equal scores in the order of the passage.
    pub spans: Vec<Span>,
    /// Score of "no answer": the lowest score of the first token in any window, as in BERT's `run_squad.py`.
    pub null_score: f32,
}

/// A softmax over the scores of the best spans and of "no answer".
#[derive(Clone, Debug, PartialEq)]
pub struct SpanProbabilities {
    /// Probability of each span.
    pub spans: Vec<f32>,
    /// Probability of "no answer".
    pub no_answer: f32,
}

impl SpanAnswers {
    /// Difference between the score of "no answer" and that of the best span.
    pub fn no_answer_score(&self) -> f32 {
        self.null_score - self.spans.first().map_or(f32::NEG_INFINITY, |best| best.score).max(f32::MIN)
    }

    /// Probabilities of these spans and of "no answer", which sum to 1.
    pub fn probabilities(&self) -> SpanProbabilities {
        let scores = self.spans.iter().map(|span| span.score).chain([self.null_score]).map(f64::from);
        let largest = scores.clone().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.clone().map(|score| (score - largest).exp()).sum();
        let mut spans: Vec<f32> = scores.map(|score| ((score - largest).exp() / sum) as f32).collect();
        let no_answer = spans.pop().unwrap_or(1.0);
        SpanProbabilities { spans, no_answer }
    }
}

/// The `count` best answers over all windows of one question, each window with its prediction.
///
/// A span starts and ends within the passage, in one window, and has at most [`MAX_ANSWER_TOKENS`] tokens. A span that
/// appears in several windows gets the highest of its scores.
pub fn best_spans<'a>(windows: impl IntoIterator<Item = (&'a Window, &'a Prediction)>, count: usize) -> SpanAnswers {
    let mut scores: HashMap<(u32, u32), f32> = HashMap::new();
    let mut null_score = f32::INFINITY;
    for (window, prediction) in windows {
        let Prediction::Spans { start, end } = prediction else { continue };
        null_score = null_score.min(start[0] + end[0]);
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
    let position = |span: &Span| (span.bytes.start, span.bytes.end);
    spans.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| position(a).cmp(&position(b))));
    spans.truncate(count);
    SpanAnswers { spans, null_score }
}
