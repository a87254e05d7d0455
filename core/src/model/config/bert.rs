//! config.json of BERT, DistilBERT, RoBERTa with its relatives, and ELECTRA.

use crate::limits::*;
use crate::model::config::error::ConfigError;
use crate::model::config::fields::{Fields, divides};
use crate::recipe::Family;

/// Configuration of BERT, DistilBERT, RoBERTa, a relative of RoBERTa or ELECTRA.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// BERT, DistilBERT, RoBERTa, a relative of RoBERTa or ELECTRA.
    pub family: Family,
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
    /// Number of position embeddings. For RoBERTa this includes those up to `padding_idx`.
    pub max_position_embeddings: usize,
    /// Number of token types (first and second text of a pair); 0 for DistilBERT, which has none.
    pub token_types: usize,
    /// Added to the variance before the square root.
    pub layer_norm_eps: f64,
    /// RoBERTa: id of the padding token. Positions start at `padding_idx + 1`.
    pub padding_idx: Option<usize>,
    /// Size of the embeddings. If it is not the hidden size, which only ELECTRA allows, a linear layer follows them.
    pub embedding_size: usize,
}

/// BERT base, like `BertConfig()` in transformers.
impl Default for BertConfig {
    fn default() -> Self {
        Self {
            family: Family::Bert,
            vocab: 30_522,
            hidden: 768,
            layers: 12,
            heads: 12,
            intermediate_size: 3_072,
            max_position_embeddings: 512,
            token_types: 2,
            layer_norm_eps: 1e-12,
            padding_idx: None,
            embedding_size: 768,
        }
    }
}

impl BertConfig {
    /// Returns true if the network reads which text of a pair each token is in.
    pub fn reads_token_types(&self) -> bool {
        matches!(self.family, Family::Bert | Family::Electra) && self.token_types > 1
    }

    /// Row of the position embeddings that belongs to the first token: `padding_idx + 1` for RoBERTa, else 0.
    pub fn first_position(&self) -> usize {
        self.padding_idx.map_or(0, |padding_idx| padding_idx + 1)
    }

    /// Parses config.json of a family.
    ///
    /// # Errors
    /// When a field is missing, out of bounds or not supported.
    pub(super) fn of(fields: &Fields, family: Family) -> Result<Self, ConfigError> {
        let is_distilled = family == Family::DistilBert;
        let name = |usual, distilled| if is_distilled { distilled } else { usual };
        // The second is transformers' name for the same without PyTorch's function.
        fields.must_be(name("hidden_act", "activation"), "gelu", &["gelu", "gelu_python"], "\"gelu\"")?;
        fields.must_be("position_embedding_type", "absolute", &["absolute"], "\"absolute\"")?;
        let padding_idx = match family {
            family if family.is_roberta() => Some(fields.index("pad_token_id", MAX_VOCAB, 1)?),
            _ => None,
        };
        let hidden = fields.size(name("hidden_size", "dim"), MAX_HIDDEN, None)?;
        let heads = fields.size(name("num_attention_heads", "n_heads"), MAX_HIDDEN, None)?;
        let max_position_embeddings = fields.size("max_position_embeddings", MAX_POSITIONS, None)?;
        let min = padding_idx.map_or(1, |padding_idx| padding_idx + 2);
        if max_position_embeddings < min {
            let (field, value) = ("max_position_embeddings", max_position_embeddings as u64);
            return Err(ConfigError::OutOfRange { field, value, min, max: MAX_POSITIONS });
        }
        Ok(Self {
            family,
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            layers: fields.size(layers_field(family), MAX_LAYERS, None)?,
            heads: divides("hidden_size", hidden, heads)?,
            intermediate_size: fields.size(name("intermediate_size", "hidden_dim"), MAX_INTERMEDIATE_SIZE, None)?,
            max_position_embeddings,
            token_types: if is_distilled { 0 } else { fields.size("type_vocab_size", 16, Some(2))? },
            // DistilBERT's class does not read the field.
            layer_norm_eps: if is_distilled { 1e-12 } else { fields.epsilon("layer_norm_eps", 1e-12)? },
            padding_idx,
            embedding_size: match family {
                Family::Electra => fields.size("embedding_size", MAX_HIDDEN, Some(128))?,
                _ => hidden,
            },
        })
    }
}

/// Field of an encoder's config.json that has the number of layers.
pub fn layers_field(family: Family) -> &'static str {
    if family == Family::DistilBert { "n_layers" } else { "num_hidden_layers" }
}
