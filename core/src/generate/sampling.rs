//! Settings of text generation.

use serde::{Deserialize, Serialize};

/// Settings of text generation, named as in transformers' `GenerationConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Divides the logits before sampling; 0 always takes the most probable token (greedy decoding).
    pub temperature: f64,
    /// Samples from this many of the most probable tokens; 0 for all.
    pub top_k: u32,
    /// Samples from the most probable tokens that together reach this probability; 1 for all.
    pub top_p: f64,
    /// Penalty for tokens that are already in the text; 1 for none.
    pub repetition_penalty: f64,
    /// Most tokens to generate.
    pub max_new_tokens: u32,
    /// Seed of the random numbers. The same seed gives the same text.
    pub seed: u32,
}

impl Default for Sampling {
    /// Greedy decoding.
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, repetition_penalty: 1.0, max_new_tokens: 64, seed: 1 }
    }
}
