//! config.json of GPT-2.

use crate::limits::*;
use crate::model::config::error::ConfigError;
use crate::model::config::fields::{Fields, divides};

/// Configuration of GPT-2.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpt2Config {
    /// Size of the vocabulary, in tokens.
    pub vocab: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of attention heads per layer.
    pub heads: usize,
    /// Inner size of the feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the variance before the square root.
    pub layer_norm_eps: f64,
    /// True if the output layer shares the weight of the token embeddings.
    pub is_tied: bool,
}

impl Gpt2Config {
    /// Parses config.json.
    ///
    /// # Errors
    /// When a field is missing, out of bounds or not supported.
    pub(super) fn of(fields: &Fields) -> Result<Self, ConfigError> {
        let known = ["gelu_new", "gelu_pytorch_tanh", "gelu_fast"];
        fields.must_be("activation_function", "gelu_new", &known, "\"gelu_new\"")?;
        fields.must_be_flag("scale_attn_weights", true)?;
        fields.must_be_flag("scale_attn_by_inverse_layer_idx", false)?;
        let hidden = fields.size("n_embd", MAX_HIDDEN, None)?;
        let heads = fields.size("n_head", MAX_HIDDEN, None)?;
        Ok(Self {
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            layers: fields.size("n_layer", MAX_LAYERS, None)?,
            heads: divides("n_embd", hidden, heads)?,
            intermediate_size: fields.size("n_inner", MAX_INTERMEDIATE_SIZE, Some(4 * hidden))?,
            max_position_embeddings: fields.size("n_positions", MAX_POSITIONS, Some(1024))?,
            layer_norm_eps: fields.epsilon("layer_norm_epsilon", 1e-5)?,
            is_tied: fields.flag("tie_word_embeddings", true)?,
        })
    }
}
