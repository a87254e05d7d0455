//! config.json of ModernBERT.

use crate::limits::*;
use crate::model::config::error::ConfigError;
use crate::model::config::fields::{Fields, divides};
use crate::model::config::layers::{LayerAttention, declared_sliding};
use crate::model::config::rope::{FULL_ATTENTION, Rope, SLIDING_ATTENTION};

/// Configuration of ModernBERT.
#[derive(Clone, Debug, PartialEq)]
pub struct ModernBertConfig {
    /// Size of the vocabulary, in tokens.
    pub vocab: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Number of attention heads per layer.
    pub heads: usize,
    /// Inner size of the feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the variance before the square root.
    pub norm_eps: f64,
    /// Attention of each layer, from the bottom.
    pub layers: Vec<LayerAttention>,
}

impl ModernBertConfig {
    /// Parses config.json.
    ///
    /// # Errors
    /// When a field is missing, out of bounds or not supported.
    pub(super) fn of(fields: &Fields) -> Result<Self, ConfigError> {
        for field in ["hidden_activation", "classifier_activation"] {
            fields.must_be(field, "gelu", &["gelu"], "\"gelu\"")?;
        }
        for field in ["norm_bias", "attention_bias", "mlp_bias", "classifier_bias"] {
            fields.must_be_flag(field, false)?;
        }
        fields.must_be_null("rope_scaling")?;
        let hidden = fields.size("hidden_size", MAX_HIDDEN, None)?;
        let heads = fields.size("num_attention_heads", MAX_HIDDEN, None)?;
        let heads = divides("hidden_size", hidden, heads)?;
        divides("the size of a head", hidden / heads, 2)?;
        Ok(Self {
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            heads,
            intermediate_size: fields.size("intermediate_size", MAX_INTERMEDIATE_SIZE, None)?,
            // Rotary embeddings have no table, so a larger value costs nothing.
            max_position_embeddings: fields.size("max_position_embeddings", 1 << 24, Some(8192))?.min(MAX_POSITIONS),
            norm_eps: fields.epsilon("norm_eps", 1e-5)?,
            layers: layers(fields)?,
        })
    }
}

fn layers(fields: &Fields) -> Result<Vec<LayerAttention>, ConfigError> {
    let count = fields.size("num_hidden_layers", MAX_LAYERS, None)?;
    let global = LayerAttention {
        rope: Some(Rope::of(fields, FULL_ATTENTION, "global_rope_theta", 160_000.0)?),
        sliding_window: None,
    };
    // The window has this many tokens, half of them on each side.
    let window = fields.size("local_attention", 1 << 24, Some(128))?;
    let local = LayerAttention {
        rope: Some(Rope::of(fields, SLIDING_ATTENTION, "local_rope_theta", 10_000.0)?),
        sliding_window: Some(window / 2),
    };
    let every = fields.size("global_attn_every_n_layers", 1 << 24, Some(3))?;
    let is_local = match declared_sliding(fields, count)? {
        Some(declared) => declared,
        None => (0..count).map(|i| !i.is_multiple_of(every)).collect(),
    };
    Ok(is_local.into_iter().map(|is_local| if is_local { local } else { global }).collect())
}
