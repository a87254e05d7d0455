//! config.json of the BERT family, every size within bounds.

use serde::Deserialize;
use thiserror::Error;

use crate::limits::*;
use crate::problem::Problem;

/// A config.json that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not JSON, or without a field that is needed.
    #[error("config.json cannot be read: {0}")]
    Json(String),
    /// A family that is not known.
    #[error("the model is of type \"{0}\"; Hone reads models of type \"bert\"")]
    Family(String),
    /// A size that makes no sense.
    #[error("{field} is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// The field of config.json.
        field: &'static str,
        /// What it says.
        value: usize,
        /// Least allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// Heads that do not divide the hidden size.
    #[error("hidden_size {hidden} cannot be split into {heads} heads")]
    Heads {
        /// Hidden size.
        hidden: usize,
        /// Number of heads.
        heads: usize,
    },
    /// A function that is not built.
    #[error("{field} is \"{value}\"; Hone knows \"{known}\"")]
    Unknown {
        /// The field of config.json.
        field: &'static str,
        /// What it says.
        value: String,
        /// What would do.
        known: &'static str,
    },
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        Problem::new("model.config", format!("The model cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy("Choose a BERT-style encoder with its own config.json.")
    }
}

#[derive(Deserialize)]
struct RawConfig {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "epsilon")]
    layer_norm_eps: f64,
    #[serde(default = "gelu")]
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn two() -> usize {
    2
}

fn epsilon() -> f64 {
    1e-12
}

fn gelu() -> String {
    "gelu".into()
}

fn absolute() -> String {
    "absolute".into()
}

/// Sizes of a BERT encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// Tokens in the vocabulary.
    pub vocab: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Size between the two halves of a feed-forward block.
    pub ffn: usize,
    /// Longest sequence, in tokens.
    pub positions: usize,
    /// Kinds of token (first and second sentence).
    pub token_types: usize,
    /// Added to the variance before its root.
    pub layer_norm_eps: f64,
}

impl BertConfig {
    /// Reads config.json.
    ///
    /// # Errors
    /// Names the field, its value and what is allowed.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        if json.len() > MAX_CONFIG_BYTES {
            return Err(ConfigError::Json(format!("it is {} bytes long", json.len())));
        }
        let raw: RawConfig = serde_json::from_slice(json).map_err(|e| ConfigError::Json(e.to_string()))?;
        if raw.model_type != "bert" {
            return Err(ConfigError::Family(raw.model_type));
        }
        for (field, value, known) in [
            ("hidden_act", &raw.hidden_act, "gelu"),
            ("position_embedding_type", &raw.position_embedding_type, "absolute"),
        ] {
            if value != known {
                return Err(ConfigError::Unknown { field, value: value.clone(), known });
            }
        }
        for (field, value, max) in [
            ("vocab_size", raw.vocab_size, MAX_VOCAB),
            ("hidden_size", raw.hidden_size, MAX_HIDDEN),
            ("num_hidden_layers", raw.num_hidden_layers, MAX_LAYERS),
            ("num_attention_heads", raw.num_attention_heads, MAX_HIDDEN),
            ("intermediate_size", raw.intermediate_size, MAX_FFN),
            ("max_position_embeddings", raw.max_position_embeddings, MAX_POSITIONS),
            ("type_vocab_size", raw.type_vocab_size, 16),
        ] {
            if !(1..=max).contains(&value) {
                return Err(ConfigError::OutOfRange { field, value, min: 1, max });
            }
        }
        if !raw.hidden_size.is_multiple_of(raw.num_attention_heads) {
            return Err(ConfigError::Heads { hidden: raw.hidden_size, heads: raw.num_attention_heads });
        }
        if !(1e-15..=1e-2).contains(&raw.layer_norm_eps) {
            return Err(ConfigError::Json(format!("layer_norm_eps is {}", raw.layer_norm_eps)));
        }
        Ok(Self {
            vocab: raw.vocab_size,
            hidden: raw.hidden_size,
            layers: raw.num_hidden_layers,
            heads: raw.num_attention_heads,
            ffn: raw.intermediate_size,
            positions: raw.max_position_embeddings,
            token_types: raw.type_vocab_size,
            layer_norm_eps: raw.layer_norm_eps,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32}"#;

    #[test]
    fn what_is_absent_takes_berts_values() {
        let config = BertConfig::parse(MICRO.as_bytes()).unwrap();
        assert_eq!((config.layer_norm_eps, config.token_types), (1e-12, 2));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (from, to) in [
            ("\"bert\"", "\"t5\""),
            ("\"hidden_size\":8", "\"hidden_size\":0"),
            ("\"hidden_size\":8", "\"hidden_size\":9"),
            ("\"hidden_size\":8", "\"hidden_size\":99999999999"),
            ("\"hidden_size\":8", "\"hidden_size\":-8"),
            ("\"num_hidden_layers\":1", "\"num_hidden_layers\":1000000"),
            ("\"model_type\"", "\"hidden_act\":\"relu\",\"model_type\""),
            ("}", ""),
        ] {
            let json = MICRO.replacen(from, to, 1);
            assert!(BertConfig::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
