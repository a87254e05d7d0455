//! How a run ended, and what it is compared with.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::recipe::Metric;
use std::collections::BTreeMap;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All epochs are done.
    Completed,
    /// Validation had not improved for as long as the recipe allows.
    EarlyStopped,
    /// The person stopped it.
    Stopped,
    /// Three steps in a row were not finite.
    NotFinite,
    /// The device failed after weights had been kept.
    DeviceFailed,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Why it ended.
    pub reason: EndReason,
    /// Optimizer steps taken.
    pub steps: u32,
    /// The evaluation of the weights that were kept.
    pub best: Evaluation,
    /// What always guessing scores.
    pub baseline: Option<Baseline>,
    /// How far the encoder has moved; none where it was not measured.
    pub forgetting: Option<Forgetting>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// What went wrong and what to do, where the run did not end by itself.
    pub advice: Option<Diagnostic>,
}

/// What saying the same of every row scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// What is said: the commonest class of the training rows, or the mean of their numbers.
    pub label: String,
    /// On the validation rows.
    pub scores: BTreeMap<Metric, f64>,
}

/// How far the tuned model has moved from the pretrained one, on general sentences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    /// Mean cosine between the sentence vectors before and after: 1 is unmoved.
    pub cosine: f64,
    /// Correlation (Pearson) of the similarities between all pairs of sentences, before and after.
    pub agreement: f64,
    /// Sentences compared.
    pub sentences: u32,
    /// Perplexity of a decoder on the sentences; none for an encoder.
    pub perplexity: Option<PerplexityChange>,
}

/// Perplexity of a decoder on the general sentences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerplexityChange {
    /// Perplexity of the pretrained model.
    pub before: f64,
    /// Perplexity of the tuned model.
    pub after: f64,
}
