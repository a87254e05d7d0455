//! config.json of the supported families, with every size within bounds. Fields and defaults are those of the classes
//! `BertConfig`, `DistilBertConfig`, `RobertaConfig`, `LlamaConfig` and `GPT2Config` of transformers 4.57
//! (<https://github.com/huggingface/transformers/tree/v4.57.0/src/transformers/models>).

mod error;
mod fields;

use serde_json::{Map, Value};

use crate::limits::*;
use crate::model::config::fields::{Fields, divides};
use crate::model::sizes::Sizes;
use crate::recipe::Family;

pub use error::ConfigError;

/// The configuration of a model of any family.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// BERT, DistilBERT or RoBERTa.
    Bert(BertConfig),
    /// The Llama family, including SmolLM2.
    Llama(LlamaConfig),
    /// GPT-2.
    Gpt2(Gpt2Config),
}

/// Configuration of BERT, DistilBERT or RoBERTa.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    /// BERT, DistilBERT or RoBERTa.
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
}

/// Configuration of Llama.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
    /// Size of the vocabulary, in tokens.
    pub vocab: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
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
    /// Base of the wavelengths of the rotary position embedding.
    pub rope_theta: f64,
    /// True if the output layer shares the weight of the token embeddings.
    pub is_tied: bool,
}

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

impl ModelConfig {
    /// Parses config.json.
    ///
    /// # Errors
    /// When a field is missing, out of bounds or not supported. The error names the field, its value and the allowed
    /// values.
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
            None if family.is_empty() => Err(ConfigError::NoFamily(fields.family_of_class())),
            None => Err(ConfigError::Family(family.into())),
        }
    }

    /// Model family.
    pub fn family(&self) -> Family {
        match self {
            Self::Bert(config) => config.family,
            Self::Llama(_) => Family::Llama,
            Self::Gpt2(_) => Family::Gpt2,
        }
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let (layers, hidden, intermediate_size, heads) = match self {
            Self::Bert(config) => (config.layers, config.hidden, config.intermediate_size, config.heads),
            // Three matrices of this size (gate, up, down) cost as much as two of one and a half times the size.
            Self::Llama(config) => (config.layers, config.hidden, config.intermediate_size * 3 / 2, config.heads),
            Self::Gpt2(config) => (config.layers, config.hidden, config.intermediate_size, config.heads),
        };
        Sizes { layers, hidden, intermediate_size, heads }
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocab(&self) -> usize {
        match self {
            Self::Bert(config) => config.vocab,
            Self::Llama(config) => config.vocab,
            Self::Gpt2(config) => config.vocab,
        }
    }

    /// Longest sequence, in tokens.
    pub fn max_positions(&self) -> usize {
        match self {
            Self::Bert(config) => config.max_position_embeddings - config.first_position(),
            Self::Llama(config) => config.max_position_embeddings,
            Self::Gpt2(config) => config.max_position_embeddings,
        }
    }
}

/// Field of an encoder's config.json that has the number of layers.
pub fn layers_field(family: Family) -> &'static str {
    if family == Family::DistilBert { "n_layers" } else { "num_hidden_layers" }
}

impl BertConfig {
    /// Row of the position embeddings that belongs to the first token: `padding_idx + 1` for RoBERTa, else 0.
    pub fn first_position(&self) -> usize {
        self.padding_idx.map_or(0, |padding_idx| padding_idx + 1)
    }

    /// Parses config.json of an encoder.
    ///
    /// # Errors
    /// As [`ModelConfig::parse`], and when the model is a decoder.
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
        let padding_idx = match family {
            Family::Roberta => Some(fields.size("pad_token_id", MAX_VOCAB, Some(1))?),
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
            layer_norm_eps: fields.epsilon("layer_norm_eps", 1e-12)?,
            padding_idx,
        })
    }
}

impl LlamaConfig {
    fn of(fields: &Fields) -> Result<Self, ConfigError> {
        fields.must_be("hidden_act", "silu", &["silu"], "\"silu\"")?;
        for field in ["attention_bias", "mlp_bias"] {
            fields.must_be_flag(field, false)?;
        }
        // transformers 5 nests the settings of the rotary embedding in an object.
        let nested = fields.0.get("rope_parameters").and_then(Value::as_object).cloned().map(Fields);
        let older = fields.0.get("rope_scaling").and_then(Value::as_object).cloned().map(Fields);
        for settings in [&nested, &older].into_iter().flatten() {
            // The name of the field, and its name before transformers 4.43.
            for field in ["rope_type", "type"] {
                settings.must_be(field, "default", &["default"], "the plain rotary embedding (\"default\")")?;
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
            // Rotary embeddings have no table, so a larger value costs nothing.
            max_position_embeddings: fields.size("max_position_embeddings", 1 << 24, Some(2048))?.min(MAX_POSITIONS),
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
            max_position_embeddings: fields.size("n_positions", MAX_POSITIONS, Some(1024))?,
            layer_norm_eps: fields.epsilon("layer_norm_epsilon", 1e-5)?,
            is_tied: fields.flag("tie_word_embeddings", true)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;

    const MICRO: &str = r#"{"model_type":"bert","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":2,"intermediate_size":16,"max_position_embeddings":32}"#;
    const LLAMA: &str = r#"{"model_type":"llama","vocab_size":10,"hidden_size":8,"num_hidden_layers":1,
        "num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":16}"#;

    #[test]
    fn absent_fields_take_the_familys_defaults() {
        let config = BertConfig::parse(MICRO.as_bytes()).unwrap();
        assert_eq!((config.layer_norm_eps, config.token_types, config.padding_idx), (1e-12, 2, None));
        let ModelConfig::Llama(config) = ModelConfig::parse(LLAMA.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.head_dim, config.rope_theta, config.is_tied), (2, 10_000.0, false));
        let gpt2 = r#"{"model_type":"gpt2","vocab_size":10,"n_embd":8,"n_layer":1,"n_head":2,"n_inner":null}"#;
        let ModelConfig::Gpt2(config) = ModelConfig::parse(gpt2.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.intermediate_size, config.max_position_embeddings, config.is_tied), (32, 1024, true));
    }

    #[test]
    fn roberta_positions_start_after_the_padding_idx() {
        let json = MICRO.replace("\"bert\"", "\"roberta\"");
        let config = BertConfig::parse(json.as_bytes()).unwrap();
        assert_eq!((config.max_position_embeddings, config.first_position()), (32, 2));
        assert_eq!(ModelConfig::Bert(config).max_positions(), 30);
    }

    #[test]
    fn rope_theta_is_read_from_both_places() {
        for part in [r#""rope_theta":5000.0"#, r#""rope_parameters":{"rope_theta":5000.0,"rope_type":"default"}"#] {
            let json = LLAMA.replacen('}', &format!(",{part}}}"), 1);
            let ModelConfig::Llama(config) = ModelConfig::parse(json.as_bytes()).unwrap() else { panic!("{json}") };
            assert_eq!(config.rope_theta, 5000.0);
        }
    }

    #[test]
    fn a_config_without_a_model_type_is_refused_with_what_to_add() {
        for (json, remedy) in [
            (r#"{"architectures":["DistilBertForMaskedLM"]}"#, r#"Add "model_type": "distilbert" to config.json."#),
            (
                r#"{"architectures":["GPT2LMHeadModel"],"model_type":null}"#,
                r#"Add "model_type": "gpt2" to config.json."#,
            ),
            (r#"{"hidden_size":8,"model_type":""}"#, r#"Add it: "bert", "distilbert", "roberta", "llama", "gpt2"."#),
            ("{}", r#"Add it: "bert", "distilbert", "roberta", "llama", "gpt2"."#),
        ] {
            let diagnostic = Diagnostic::from(ModelConfig::parse(json.as_bytes()).unwrap_err());
            assert!(diagnostic.what.contains("has no \"model_type\""), "{json}: {diagnostic}");
            assert_eq!(diagnostic.remedy, remedy, "{json}");
        }
    }

    #[test]
    fn invalid_configs_are_refused() {
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
