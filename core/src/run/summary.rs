//! The result of a run.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::run::baseline::Baseline;
use crate::run::end_reason::EndReason;
use crate::run::verdict::Verdict;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Reason for the end of the run.
    pub reason: EndReason,
    /// Optimizer steps taken.
    pub steps: u32,
    /// Evaluation of the best weights, which are kept.
    pub best: Evaluation,
    /// Scores of these weights on the test rows; none if there are no test rows, or the run was stopped before.
    #[serde(default)]
    pub test: Option<Evaluation>,
    /// Scores of a constant prediction; none for tasks without one.
    pub baseline: Option<Baseline>,
    /// Measurement of forgetting; none if it was not made.
    pub forgetting: Option<Forgetting>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Verdict on the run; none if the device failed.
    pub verdict: Option<Verdict>,
    /// The error that ended the run, with a remedy; none if it ended regularly.
    pub advice: Option<Diagnostic>,
}

/// Distance between the tuned and the pretrained model, measured on general sentences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    /// Mean cosine similarity of each sentence's embeddings before and after; 1 is unchanged.
    pub cosine: f64,
    /// Pearson correlation of the similarities between all pairs of sentences, before and after.
    pub agreement: f64,
    /// Number of sentences.
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
