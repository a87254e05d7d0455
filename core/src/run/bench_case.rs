//! What a benchmark times.

use serde::{Deserialize, Serialize};

/// Shape of a benchmark case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchCase {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// Rows per batch.
    pub batch: u32,
    /// Tokens per row.
    pub len: u32,
    /// Number of steps after the first.
    pub steps: u32,
    /// Number of tokens that a decoder generates after the steps, one after the other.
    pub generated_tokens: u32,
    /// Number of trainable top layers, in addition to the head; all layers and the embeddings if absent.
    pub trainable_layers: Option<u32>,
    /// True if outputs of the frozen layers are cached.
    pub keeps_prefix: bool,
}
