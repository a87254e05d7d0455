//! How a text is generated from a prompt.

use serde::{Deserialize, Serialize};

/// How a text is written on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// What scores are divided by before one is drawn: 0 always takes the likeliest token.
    pub temperature: f64,
    /// Only so many of the likeliest tokens are drawn from; 0 for all.
    pub top_k: u32,
    /// Only the likeliest tokens that together have this share are drawn from.
    pub top_p: f64,
    /// What the score of a token that stands already is divided by; 1 for nothing.
    pub repetition_penalty: f64,
    /// Most tokens that are written.
    pub max_new_tokens: u32,
    /// Seed of what is drawn: the same writes the same.
    pub seed: u32,
}

impl Default for Sampling {
    /// The likeliest token, always.
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, repetition_penalty: 1.0, max_new_tokens: 64, seed: 1 }
    }
}
