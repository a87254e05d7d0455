//! Scores of what a model says against what is right, each equal to the field's reference implementation.
//!
//! Shares are from 0 to 1; BLEU and chrF are from 0 to 100, as they are quoted. Lists go together by position.

mod bleu;
mod chrf;
mod classes;
mod entities;
mod evaluation;
mod generation;
mod multilabel;
mod ngrams;
mod regression;
mod squad;

pub use bleu::{Bleu, bleu};
pub use chrf::chrf;
pub use classes::{ClassScores, evaluate};
pub use entities::{Entity, EntityScores, entities, evaluate_entities};
pub use evaluation::{Detail, Evaluation, ScatterPoint, TextSample};
pub use generation::{exact_match, perplexity};
pub use multilabel::{MultilabelScores, best_label_thresholds, evaluate_multilabel};
pub use regression::{RegressionScores, evaluate_regression};
pub use squad::{
    AnswerScores, Answered, BestThreshold, SquadScores, best_answer_thresholds, evaluate_answers, normalize_answer,
};

/// A part of a whole; 0 where there is no whole, as scikit-learn has it.
fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

/// The text's words, split at what Python calls white space: the separators U+001C to U+001F are among it, and Unicode
/// does not count them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
