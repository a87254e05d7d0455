//! config.json of the known families, every size within bounds.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::limits::*;
use crate::model::Sizes;
use crate::recipe::Family;

/// A config.json that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not JSON, or without a field that is needed.
    #[error("config.json cannot be read: {0}")]
    Json(String),
    /// A family that is not known.
    #[error("the model is of type \"{0}\"; Hone reads models of type {known}", known = known_families())]
    Family(String),
    /// A size that makes no sense.
    #[error("{field} is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// The field of config.json.
        field: &'static str,
        /// What it says.
        value: u64,
        /// Least allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// Heads that do not divide a size.
    #[error("{what} {size} cannot be split into {heads} heads")]
    Heads {
        /// What is split.
        what: &'static str,
        /// Its size.
        size: usize,
        /// Number of heads.
        heads: usize,
    },
    /// A function that is not built.
    #[error("{field} is {value}; Hone knows {known}")]
    Unknown {
        /// The field of config.json.
        field: &'static str,
        /// What it says.
        value: String,
        /// What would do.
        known: &'static str,
    },
}

fn known_families() -> String {
    Family::ALL.map(|family| format!("\"{}\"", family.model_type())).join(", ")
}

impl From<ConfigError> for Diagnostic {
    fn from(error: ConfigError) -> Self {
        Diagnostic::new("model.config", format!("The model cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy("Choose a model of one of the families that Hone reads, with its own config.json.")
    }
}

/// The sizes of a model of any family.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// An encoder.
    Bert(BertConfig),
    /// A Llama.
    Llama(LlamaConfig),
    /// A GPT-2.
    Gpt2(Gpt2Config),
}

/// Sizes of an encoder of the BERT family.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// BERT, DistilBERT or RoBERTa.
    pub family: Family,
    /// Tokens in the vocabulary.
    pub vocab: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Size between the two halves of a feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub positions: usize,
    /// Kinds of token (first and second sentence); 0 where the family knows none.
    pub token_types: usize,
    /// Added to the variance before its root.
    pub layer_norm_eps: f64,
    /// Row of the position table that the first token has.
    pub first_position: usize,
}

/// Sizes of a Llama.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
    /// Tokens in the vocabulary.
    pub vocab: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Heads that have keys and values of their own; each serves several others.
    pub kv_heads: usize,
    /// Length of a head's vector.
    pub head_dim: usize,
    /// Size between the two halves of a feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub positions: usize,
    /// Added to the mean square before its root.
    pub rms_norm_eps: f64,
    /// Base of the rotary encoding's wavelengths.
    pub rope_theta: f64,
    /// Whether the table of embeddings is the output's matrix too.
    pub is_tied: bool,
}

/// Sizes of a GPT-2.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpt2Config {
    /// Tokens in the vocabulary.
    pub vocab: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads a layer.
    pub heads: usize,
    /// Size between the two halves of a feed-forward block.
    pub intermediate_size: usize,
    /// Longest sequence, in tokens.
    pub positions: usize,
    /// Added to the variance before its root.
    pub layer_norm_eps: f64,
    /// Whether the table of embeddings is the output's matrix too.
    pub is_tied: bool,
}

impl ModelConfig {
    /// Reads config.json.
    ///
    /// # Errors
    /// Names the field, its value and what is allowed.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        if json.len() > MAX_CONFIG_BYTES {
            return Err(ConfigError::Json(format!("it is {} bytes long", json.len())));
        }
        let fields: Map<String, Value> = serde_json::from_slice(json).map_err(|e| ConfigError::Json(e.to_string()))?;
        let fields = Fields(fields);
        let family = fields.text("model_type", "")?;
        match Family::ALL.into_iter().find(|known| known.model_type() == family) {
            Some(Family::Llama) => LlamaConfig::of(&fields).map(Self::Llama),
            Some(Family::Gpt2) => Gpt2Config::of(&fields).map(Self::Gpt2),
            Some(family) => BertConfig::of(&fields, family).map(Self::Bert),
            None => Err(ConfigError::Family(family.into())),
        }
    }

    /// Which family it is of.
    pub fn family(&self) -> Family {
        match self {
            Self::Bert(config) => config.family,
            Self::Llama(_) => Family::Llama,
            Self::Gpt2(_) => Family::Gpt2,
        }
    }

    /// Sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        let (layers, hidden, intermediate_size, heads) = match self {
            Self::Bert(config) => (config.layers, config.hidden, config.intermediate_size, config.heads),
            // The gate makes a third of such a size.
            Self::Llama(config) => (config.layers, config.hidden, config.intermediate_size * 3 / 2, config.heads),
            Self::Gpt2(config) => (config.layers, config.hidden, config.intermediate_size, config.heads),
        };
        Sizes { layers, hidden, intermediate_size, heads }
    }

    /// Tokens in the vocabulary.
    pub fn vocab(&self) -> usize {
        match self {
            Self::Bert(config) => config.vocab,
            Self::Llama(config) => config.vocab,
            Self::Gpt2(config) => config.vocab,
        }
    }

    /// Longest sequence, in tokens.
    pub fn positions(&self) -> usize {
        match self {
            Self::Bert(config) => config.positions,
            Self::Llama(config) => config.positions,
            Self::Gpt2(config) => config.positions,
        }
    }
}

impl BertConfig {
    /// Reads config.json of an encoder.
    ///
    /// # Errors
    /// As [`ModelConfig::parse`], and where it is of a decoder.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        match ModelConfig::parse(json)? {
            ModelConfig::Bert(config) => Ok(config),
            other => Err(ConfigError::Family(other.family().model_type().into())),
        }
    }

    fn of(fields: &Fields, family: Family) -> Result<Self, ConfigError> {
        let is_distilled = family == Family::DistilBert;
        let name = |usual, distilled| if is_distilled { distilled } else { usual };
        fields.must_be(name("hidden_act", "activation"), "gelu", &["gelu"], "\"gelu\"")?;
        fields.must_be("position_embedding_type", "absolute", &["absolute"], "\"absolute\"")?;
        // RoBERTa counts positions from the token after the padding's own number.
        let first_position = match family {
            Family::Roberta => fields.size("pad_token_id", MAX_VOCAB, Some(1))? + 1,
            _ => 0,
        };
        let hidden = fields.size(name("hidden_size", "dim"), MAX_HIDDEN, None)?;
        let heads = fields.size(name("num_attention_heads", "n_heads"), MAX_HIDDEN, None)?;
        let rows = fields.size("max_position_embeddings", MAX_POSITIONS, None)?;
        let min = first_position + 1;
        if rows < min {
            let (field, value) = ("max_position_embeddings", rows as u64);
            return Err(ConfigError::OutOfRange { field, value, min, max: MAX_POSITIONS });
        }
        Ok(Self {
            family,
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            layers: fields.size(name("num_hidden_layers", "n_layers"), MAX_LAYERS, None)?,
            heads: divides("hidden_size", hidden, heads)?,
            intermediate_size: fields.size(name("intermediate_size", "hidden_dim"), MAX_INTERMEDIATE_SIZE, None)?,
            positions: rows - first_position,
            token_types: if is_distilled { 0 } else { fields.size("type_vocab_size", 16, Some(2))? },
            layer_norm_eps: fields.epsilon("layer_norm_eps", 1e-12)?,
            first_position,
        })
    }
}

impl LlamaConfig {
    fn of(fields: &Fields) -> Result<Self, ConfigError> {
        fields.must_be("hidden_act", "silu", &["silu"], "\"silu\"")?;
        for field in ["attention_bias", "mlp_bias"] {
            fields.must_be_flag(field, false)?;
        }
        // transformers 5 writes the rotary encoding's settings into an object of their own.
        let nested = fields.0.get("rope_parameters").and_then(Value::as_object).cloned().map(Fields);
        let older = fields.0.get("rope_scaling").and_then(Value::as_object).cloned().map(Fields);
        for settings in [&nested, &older].into_iter().flatten() {
            // The field's name, and what it was before transformers 4.43.
            for field in ["rope_type", "type"] {
                settings.must_be(field, "default", &["default"], "the plain rotary encoding (\"default\")")?;
            }
        }
        let hidden = fields.size("hidden_size", MAX_HIDDEN, None)?;
        let heads = fields.size("num_attention_heads", MAX_HIDDEN, None)?;
        let kv_heads = fields.size("num_key_value_heads", MAX_HIDDEN, Some(heads))?;
        let head_dim = match fields.0.get("head_dim") {
            None | Some(Value::Null) => hidden / divides("hidden_size", hidden, heads)?,
            Some(_) => fields.size("head_dim", MAX_HIDDEN, None)?,
        };
        divides("head_dim", head_dim, 2)?;
        divides("num_attention_heads", heads, kv_heads)?;
        Ok(Self {
            vocab: fields.size("vocab_size", MAX_VOCAB, None)?,
            hidden,
            layers: fields.size("num_hidden_layers", MAX_LAYERS, None)?,
            heads,
            kv_heads,
            head_dim,
            intermediate_size: fields.size("intermediate_size", MAX_INTERMEDIATE_SIZE, None)?,
            // The rotary encoding has no table, so that a longer claim costs nothing.
            positions: fields.size("max_position_embeddings", 1 << 24, Some(2048))?.min(MAX_POSITIONS),
            rms_norm_eps: fields.epsilon("rms_norm_eps", 1e-6)?,
            rope_theta: nested.as_ref().unwrap_or(fields).number("rope_theta", 10_000.0, 1.0..=1e9)?,
            is_tied: fields.flag("tie_word_embeddings", false)?,
        })
    }
}

impl Gpt2Config {
    fn of(fields: &Fields) -> Result<Self, ConfigError> {
        let known = ["gelu_new", "gelu_pytorch_tanh"];
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
            positions: fields.size("n_positions", MAX_POSITIONS, Some(1024))?,
            layer_norm_eps: fields.epsilon("layer_norm_epsilon", 1e-5)?,
            is_tied: fields.flag("tie_word_embeddings", true)?,
        })
    }
}

/// `heads`, if it divides a size.
fn divides(what: &'static str, size: usize, heads: usize) -> Result<usize, ConfigError> {
    if size.is_multiple_of(heads) { Ok(heads) } else { Err(ConfigError::Heads { what, size, heads }) }
}

/// The fields of config.json; what is absent or null takes the family's own value.
struct Fields(Map<String, Value>);

impl Fields {
    fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }

    fn size(&self, field: &'static str, max: usize, usual: Option<usize>) -> Result<usize, ConfigError> {
        let value = match (self.get(field), usual) {
            (Some(value), _) => value.as_u64().ok_or_else(|| wrong(field, value))?,
            (None, Some(usual)) => usual as u64,
            (None, None) => return Err(ConfigError::Json(format!("it has no {field}"))),
        };
        match usize::try_from(value) {
            Ok(size) if (1..=max).contains(&size) || usual == Some(size) => Ok(size),
            _ => Err(ConfigError::OutOfRange { field, value, min: 1, max }),
        }
    }

    fn number(
        &self,
        field: &'static str,
        usual: f64,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<f64, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(usual) };
        value.as_f64().filter(|number| range.contains(number)).ok_or_else(|| wrong(field, value))
    }

    fn epsilon(&self, field: &'static str, usual: f64) -> Result<f64, ConfigError> {
        self.number(field, usual, 1e-15..=1e-2)
    }

    fn text<'a>(&'a self, field: &'static str, usual: &'a str) -> Result<&'a str, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(usual) };
        value.as_str().ok_or_else(|| wrong(field, value))
    }

    fn flag(&self, field: &'static str, usual: bool) -> Result<bool, ConfigError> {
        let Some(value) = self.get(field) else { return Ok(usual) };
        value.as_bool().ok_or_else(|| wrong(field, value))
    }

    fn must_be(
        &self,
        field: &'static str,
        usual: &str,
        values: &[&str],
        known: &'static str,
    ) -> Result<(), ConfigError> {
        let value = self.text(field, usual)?;
        match values.contains(&value) {
            true => Ok(()),
            false => Err(ConfigError::Unknown { field, value: format!("\"{value}\""), known }),
        }
    }

    fn must_be_flag(&self, field: &'static str, wanted: bool) -> Result<(), ConfigError> {
        let value = self.flag(field, wanted)?;
        let known = if wanted { "true" } else { "false" };
        if value == wanted { Ok(()) } else { Err(ConfigError::Unknown { field, value: value.to_string(), known }) }
    }
}

fn wrong(field: &str, value: &Value) -> ConfigError {
    ConfigError::Json(format!("{field} is {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32}"#;
    const LLAMA: &str = r#"{"model_type":"llama","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":16}"#;

    #[test]
    fn what_is_absent_takes_the_familys_values() {
        let config = BertConfig::parse(MICRO.as_bytes()).unwrap();
        assert_eq!((config.layer_norm_eps, config.token_types, config.first_position), (1e-12, 2, 0));
        let ModelConfig::Llama(config) = ModelConfig::parse(LLAMA.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.head_dim, config.rope_theta, config.is_tied), (2, 10_000.0, false));
        let gpt2 = r#"{"model_type":"gpt2","vocab_size":10,"n_embd":8,"n_layer":1,"n_head":2,"n_inner":null}"#;
        let ModelConfig::Gpt2(config) = ModelConfig::parse(gpt2.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.intermediate_size, config.positions, config.is_tied), (32, 1024, true));
    }

    #[test]
    fn roberta_counts_positions_from_behind_its_padding() {
        let json = MICRO.replace("\"bert\"", "\"roberta\"");
        let config = BertConfig::parse(json.as_bytes()).unwrap();
        assert_eq!((config.positions, config.first_position), (30, 2));
    }

    #[test]
    fn the_rotary_encodings_base_stands_in_either_place() {
        for part in [r#""rope_theta":5000.0"#, r#""rope_parameters":{"rope_theta":5000.0,"rope_type":"default"}"#] {
            let json = LLAMA.replacen('}', &format!(",{part}}}"), 1);
            let ModelConfig::Llama(config) = ModelConfig::parse(json.as_bytes()).unwrap() else { panic!("{json}") };
            assert_eq!(config.rope_theta, 5000.0);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (of, from, to) in [
            (MICRO, "\"bert\"", "\"t5\""),
            (MICRO, "\"hidden_size\":8", "\"hidden_size\":0"),
            (MICRO, "\"hidden_size\":8", "\"hidden_size\":9"),
            (MICRO, "\"hidden_size\":8", "\"hidden_size\":99999999999"),
            (MICRO, "\"hidden_size\":8", "\"hidden_size\":-8"),
            (MICRO, "\"num_hidden_layers\":1", "\"num_hidden_layers\":1000000"),
            (MICRO, "\"model_type\"", "\"hidden_act\":\"relu\",\"model_type\""),
            (MICRO, "}", ""),
            (LLAMA, "\"num_key_value_heads\":2", "\"num_key_value_heads\":3"),
            (LLAMA, "\"num_attention_heads\":4", "\"num_attention_heads\":8"),
            (LLAMA, "\"model_type\"", "\"attention_bias\":true,\"model_type\""),
            (LLAMA, "\"model_type\"", "\"rope_scaling\":{\"rope_type\":\"yarn\"},\"model_type\""),
            (LLAMA, "\"model_type\"", "\"rope_scaling\":{\"type\":\"linear\",\"factor\":2},\"model_type\""),
        ] {
            let json = of.replacen(from, to, 1);
            assert!(ModelConfig::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
