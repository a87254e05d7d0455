//! config.json of Llama and its relatives.

use serde_json::Value;

use crate::limits::*;
use crate::model::config::error::ConfigError;
use crate::model::config::fields::{Fields, divides};
use crate::model::config::layers::{LayerAttention, declared_sliding, one_for_each_layer};
use crate::model::config::rope::{FULL_ATTENTION, Rope, SLIDING_ATTENTION};
use crate::recipe::Family;

/// Configuration of Llama or a relative.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
    /// Llama, Mistral, Qwen2, Qwen3, SmolLM3, Granite or Gemma 3.
    pub family: Family,
    /// Size of the vocabulary, in tokens.
    pub vocab: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Number of attention heads per layer.
    pub heads: usize,
    /// Number of key and value heads per layer, each shared by several query heads.
    pub kv_heads: usize,
    /// Size of an attention head.
    pub head_dim: usize,
    /// Inner size of the feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the mean square before the square root.
    pub rms_norm_eps: f64,
    /// True if the output layer shares the weight of the token embeddings.
    pub is_tied: bool,
    /// Attention of each layer, from the bottom.
    pub layers: Vec<LayerAttention>,
    /// Differences from Llama.
    pub variant: LlamaVariant,
}

/// Differences of a network from Llama.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LlamaVariant {
    /// True if queries, keys and values have biases.
    pub has_qkv_bias: bool,
    /// True if the output of the attention has a bias.
    pub has_attention_output_bias: bool,
    /// True if the linear layers of the feed-forward block have biases.
    pub has_mlp_bias: bool,
    /// True if the queries and keys of each head are normalized before the rotary embedding.
    pub has_qk_norm: bool,
    /// Norms of a layer.
    pub norms: NormPlacement,
    /// Added to the weights of norms: 1 where the file has their difference from 1.
    pub norm_offset: f64,
    /// Activation of the gate in the feed-forward block.
    pub activation: GateActivation,
    /// Factor of the token embeddings, at the input only.
    pub embedding_multiplier: f64,
    /// Factor of the attention scores; `None` for `1 / √head_dim`.
    pub attention_multiplier: Option<f64>,
    /// Factor of the outputs of both blocks of a layer, before they are added.
    pub residual_multiplier: f64,
    /// Divisor of the logits.
    pub logits_scaling: f64,
}

/// Places of the norms in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormPlacement {
    /// Before each of the two blocks.
    Before,
    /// Before and after each of them.
    Around,
}

/// Activation of the gate in a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateActivation {
    /// SiLU.
    Silu,
    /// GELU's approximation by tanh.
    GeluTanh,
}

impl LlamaVariant {
    /// Llama itself.
    pub const LLAMA: Self = Self {
        has_qkv_bias: false,
        has_attention_output_bias: false,
        has_mlp_bias: false,
        has_qk_norm: false,
        norms: NormPlacement::Before,
        norm_offset: 0.0,
        activation: GateActivation::Silu,
        embedding_multiplier: 1.0,
        attention_multiplier: None,
        residual_multiplier: 1.0,
        logits_scaling: 1.0,
    };

    fn of(fields: &Fields, family: Family, hidden: usize) -> Result<Self, ConfigError> {
        let positive = |field, default| fields.number(field, default, 1e-6..=1e6);
        let is_biased = fields.flag("attention_bias", false)?;
        let llama = Self {
            has_qkv_bias: is_biased,
            has_attention_output_bias: is_biased,
            has_mlp_bias: fields.flag("mlp_bias", false)?,
            ..Self::LLAMA
        };
        Ok(match family {
            Family::Qwen2 => Self { has_qkv_bias: true, ..llama },
            Family::Qwen3 => Self { has_qk_norm: true, ..llama },
            Family::Granite => Self {
                embedding_multiplier: positive("embedding_multiplier", 1.0)?,
                attention_multiplier: Some(positive("attention_multiplier", 1.0)?),
                residual_multiplier: positive("residual_multiplier", 1.0)?,
                logits_scaling: positive("logits_scaling", 1.0)?,
                ..llama
            },
            Family::Gemma3 => Self {
                has_qk_norm: true,
                norms: NormPlacement::Around,
                norm_offset: 1.0,
                activation: GateActivation::GeluTanh,
                embedding_multiplier: (hidden as f64).sqrt(),
                attention_multiplier: Some(positive("query_pre_attn_scalar", 256.0)?.sqrt().recip()),
                ..llama
            },
            _ => llama,
        })
    }
}

impl LlamaConfig {
    /// Parses config.json of a family.
    ///
    /// # Errors
    /// When a field is missing, out of bounds or not supported.
    pub(super) fn of(fields: &Fields, family: Family) -> Result<Self, ConfigError> {
        let is_gemma = family == Family::Gemma3;
        if is_gemma {
            let known = ["gelu_pytorch_tanh"];
            fields.must_be("hidden_activation", "gelu_pytorch_tanh", &known, "\"gelu_pytorch_tanh\"")?;
        } else {
            fields.must_be("hidden_act", "silu", &["silu", "swish"], "\"silu\"")?;
        }
        check_switches(fields, family)?;
        let hidden = fields.size("hidden_size", MAX_HIDDEN, None)?;
        let heads = fields.size("num_attention_heads", MAX_HIDDEN, None)?;
        let kv_heads = fields.size("num_key_value_heads", MAX_HIDDEN, Some(heads))?;
        let head_dim = match (fields.0.get("head_dim"), family) {
            (None, Family::Qwen3) => 128,
            (None, Family::Gemma3) => 256,
            (None | Some(Value::Null), _) => hidden / divides("hidden_size", hidden, heads)?,
            (Some(_), _) => fields.size("head_dim", MAX_HIDDEN, None)?,
        };
        divides("head_dim", head_dim, 2)?;
        divides("num_attention_heads", heads, kv_heads)?;
        Ok(Self {
            family,
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            heads,
            kv_heads,
            head_dim,
            intermediate_size: fields.size("intermediate_size", MAX_INTERMEDIATE_SIZE, None)?,
            // Rotary embeddings have no table, so a larger value costs nothing.
            max_position_embeddings: fields.size("max_position_embeddings", 1 << 24, Some(2048))?.min(MAX_POSITIONS),
            rms_norm_eps: fields.epsilon("rms_norm_eps", 1e-6)?,
            is_tied: fields.flag("tie_word_embeddings", is_gemma || family == Family::SmolLm3)?,
            layers: layers(fields, family)?,
            variant: LlamaVariant::of(fields, family, hidden)?,
        })
    }
}

/// Refuses what transformers' classes would compute and Hone would not.
fn check_switches(fields: &Fields, family: Family) -> Result<(), ConfigError> {
    for field in ["attn_logit_softcapping", "final_logit_softcapping"] {
        fields.must_be_null(field)?;
    }
    fields.must_be_number("partial_rotary_factor", 1.0)?;
    fields.must_be_flag("use_bidirectional_attention", false)?;
    if matches!(family, Family::Mistral | Family::Qwen2) {
        fields.must_be_flag("attention_bias", false)?;
    }
    if !matches!(family, Family::Llama | Family::SmolLm3 | Family::Granite) {
        fields.must_be_flag("mlp_bias", false)?;
    }
    Ok(())
}

/// The attention of each layer.
fn layers(fields: &Fields, family: Family) -> Result<Vec<LayerAttention>, ConfigError> {
    let count = fields.size("num_hidden_layers", MAX_LAYERS, None)?;
    let default_theta = match family {
        Family::SmolLm3 => 2e6,
        Family::Gemma3 => 1e6,
        _ => 1e4,
    };
    let rope = Rope::of(fields, FULL_ATTENTION, "rope_theta", default_theta)?;
    let local_rope = match family {
        Family::Gemma3 => Rope::of(fields, SLIDING_ATTENTION, "rope_local_base_freq", 1e4)?,
        _ => rope,
    };
    let window = sliding_window(fields, family)?;
    let is_sliding = sliding_layers(fields, family, count)?;
    let has_rope = rotary_layers(fields, family, count)?;
    let layer = |i: usize| {
        let is_local = window.is_some() && is_sliding[i];
        let rope = if is_sliding[i] { local_rope } else { rope };
        LayerAttention { rope: has_rope[i].then_some(rope), sliding_window: window.filter(|_| is_local) }
    };
    Ok((0..count).map(layer).collect())
}

/// The window of the layers that have one; `None` if no layer has one.
fn sliding_window(fields: &Fields, family: Family) -> Result<Option<usize>, ConfigError> {
    let is_used = match family {
        Family::Mistral => fields.0.get("sliding_window") != Some(&Value::Null),
        Family::Gemma3 => true,
        Family::Qwen2 | Family::Qwen3 | Family::SmolLm3 => fields.flag("use_sliding_window", false)?,
        _ => false,
    };
    if is_used { fields.size("sliding_window", 1 << 24, Some(4096)).map(Some) } else { Ok(None) }
}

/// Returns for each layer whether it has a window, if the model has one.
fn sliding_layers(fields: &Fields, family: Family, count: usize) -> Result<Vec<bool>, ConfigError> {
    let reads_types = matches!(family, Family::Qwen2 | Family::Qwen3 | Family::SmolLm3 | Family::Gemma3);
    if reads_types && let Some(declared) = declared_sliding(fields, count)? {
        return Ok(declared);
    }
    Ok(match family {
        Family::Mistral => vec![true; count],
        Family::Qwen2 | Family::Qwen3 => {
            let first = fields.size("max_window_layers", 1 << 24, Some(28))?;
            (0..count).map(|i| i >= first).collect()
        }
        Family::SmolLm3 => rotary_layers(fields, family, count)?.into_iter().map(|has_rope| !has_rope).collect(),
        Family::Gemma3 => {
            let pattern = fields.size("sliding_window_pattern", 1 << 24, Some(6))?;
            (0..count).map(|i| !(i + 1).is_multiple_of(pattern)).collect()
        }
        _ => vec![false; count],
    })
}

/// Returns for each layer whether it has a rotary embedding.
fn rotary_layers(fields: &Fields, family: Family, count: usize) -> Result<Vec<bool>, ConfigError> {
    if family != Family::SmolLm3 {
        return Ok(vec![true; count]);
    }
    // Despite its name, the list is 1 where a layer has the embedding.
    if let Some(list) = fields.0.get("no_rope_layers").and_then(Value::as_array) {
        return one_for_each_layer("no_rope_layers", list.iter().map(|flag| flag == 1).collect(), count);
    }
    let interval = fields.size("no_rope_layer_interval", 1 << 24, Some(4))?;
    Ok((0..count).map(|i| !(i + 1).is_multiple_of(interval)).collect())
}
