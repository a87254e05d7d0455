//! config.json of the supported families, with every size within bounds. Fields and defaults are those of transformers'
//! configuration classes, such as `BertConfig`
//! (<https://github.com/huggingface/transformers/tree/v4.57.0/src/transformers/models>). A setting that would change what
//! the model computes and is not supported is refused by name.

mod bert;
mod error;
mod fields;
mod gpt2;
mod layers;
mod llama;
mod modernbert;
mod preamble;
mod rope;

use crate::json_file;
use crate::limits::MAX_CONFIG_BYTES;
use crate::model::config::fields::Fields;
use crate::model::sizes::Sizes;
use crate::recipe::Family;

pub use bert::{BertConfig, layers_field};
pub use error::ConfigError;
pub use gpt2::Gpt2Config;
pub use layers::LayerAttention;
pub use llama::{GateActivation, LlamaConfig, LlamaVariant, NormPlacement};
pub use modernbert::ModernBertConfig;
pub use preamble::plain_config;
pub use rope::{Llama3Scaling, Rope, RopeScaling, YarnScaling};

/// The configuration of a model of any family.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// BERT, DistilBERT or RoBERTa.
    Bert(BertConfig),
    /// ModernBERT.
    ModernBert(ModernBertConfig),
    /// Llama or a relative, such as Qwen or Gemma.
    Llama(LlamaConfig),
    /// GPT-2.
    Gpt2(Gpt2Config),
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
        let mut fields = Fields(json_file::parse(json).map_err(ConfigError::Json)?);
        fields.rename_aliases();
        let family = fields.text("model_type", "")?;
        let family = match Family::ALL.into_iter().find(|known| known.model_type() == family) {
            Some(family) => family,
            None if family.is_empty() => return Err(ConfigError::NoFamily(fields.family_of_class())),
            None => return Err(ConfigError::Family { model_type: family.into(), class: fields.class().into() }),
        };
        fields.check_quantization()?;
        fields.check_class(family)?;
        match family {
            Family::ModernBert => ModernBertConfig::of(&fields).map(Self::ModernBert),
            Family::Gpt2 => Gpt2Config::of(&fields).map(Self::Gpt2),
            family if family.is_decoder() => LlamaConfig::of(&fields, family).map(Self::Llama),
            family => BertConfig::of(&fields, family).map(Self::Bert),
        }
    }

    /// Model family.
    pub fn family(&self) -> Family {
        match self {
            Self::Bert(config) => config.family,
            Self::ModernBert(_) => Family::ModernBert,
            Self::Llama(config) => config.family,
            Self::Gpt2(_) => Family::Gpt2,
        }
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        match self {
            Self::Bert(BertConfig { layers, hidden, intermediate_size, heads, .. })
            | Self::Gpt2(Gpt2Config { layers, hidden, intermediate_size, heads, .. }) => {
                Sizes::new(*layers, *hidden, *intermediate_size, *heads)
            }
            Self::ModernBert(config) => {
                Sizes::gated(config.layers.len(), config.hidden, config.intermediate_size, config.heads)
            }
            Self::Llama(config) => Sizes {
                attention_size: config.heads * config.head_dim,
                ..Sizes::gated(config.layers.len(), config.hidden, config.intermediate_size, config.heads)
            },
        }
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocab(&self) -> usize {
        match self {
            Self::Bert(config) => config.vocab,
            Self::ModernBert(config) => config.vocab,
            Self::Llama(config) => config.vocab,
            Self::Gpt2(config) => config.vocab,
        }
    }

    /// Longest sequence, in tokens.
    pub fn max_positions(&self) -> usize {
        match self {
            Self::Bert(config) => config.max_position_embeddings - config.first_position(),
            Self::ModernBert(config) => config.max_position_embeddings,
            Self::Llama(config) => config.max_position_embeddings,
            Self::Gpt2(config) => config.max_position_embeddings,
        }
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

    fn llama(json: &str) -> LlamaConfig {
        let ModelConfig::Llama(config) = ModelConfig::parse(json.as_bytes()).unwrap() else { panic!("{json}") };
        config
    }

    /// The micro Llama with further fields.
    fn with(part: &str) -> String {
        LLAMA.replacen('}', &format!(",{part}}}"), 1)
    }

    #[test]
    fn absent_fields_take_the_familys_defaults() {
        let ModelConfig::Bert(config) = ModelConfig::parse(MICRO.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.layer_norm_eps, config.token_types, config.padding_idx), (1e-12, 2, None));
        let config = llama(LLAMA);
        assert_eq!((config.head_dim, config.is_tied), (2, false));
        assert_eq!((config.layers, config.variant), (vec![LayerAttention::full(1e4)], LlamaVariant::LLAMA));
        let gpt2 = r#"{"model_type":"gpt2","vocab_size":10,"n_embd":8,"n_layer":1,"n_head":2,"n_inner":null}"#;
        let ModelConfig::Gpt2(config) = ModelConfig::parse(gpt2.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.intermediate_size, config.max_position_embeddings, config.is_tied), (32, 1024, true));
    }

    #[test]
    fn roberta_positions_start_after_the_padding_idx() {
        let json = MICRO.replace("\"bert\"", "\"roberta\"");
        let ModelConfig::Bert(config) = ModelConfig::parse(json.as_bytes()).unwrap() else { panic!() };
        assert_eq!((config.max_position_embeddings, config.first_position()), (32, 2));
        assert_eq!(ModelConfig::Bert(config).max_positions(), 30);
    }

    #[test]
    fn linear_scaling_is_read_and_dynamic_scaling_changes_nothing() {
        let scaling = |part: &str| llama(&with(part)).layers[0].rope.unwrap().scaling;
        let linear = r#""rope_scaling":{"type":"linear","factor":2.5}"#;
        assert_eq!(scaling(linear), Some(RopeScaling::Linear(2.5)));
        assert_eq!(scaling(r#""rope_scaling":{"rope_type":"dynamic","factor":4.0}"#), None);
    }

    #[test]
    fn yarns_defaults_are_those_of_transformers() {
        let yarn = |part: &str| {
            let rope =
                llama(&with(&format!(r#""rope_scaling":{{"rope_type":"yarn","factor":4.0{part}}}"#))).layers[0].rope;
            match rope.unwrap().scaling {
                Some(RopeScaling::Yarn(yarn)) => yarn,
                other => panic!("{other:?}"),
            }
        };
        let plain = yarn("");
        let length = llama(LLAMA).max_position_embeddings as f64;
        assert_eq!((plain.beta_fast, plain.beta_slow, plain.is_truncated), (32.0, 1.0, true));
        assert_eq!(plain.original_max_position_embeddings, length);
        assert!((plain.attention_factor - (0.1 * 4f64.ln() + 1.0)).abs() < 1e-12);
        let set =
            yarn(r#","attention_factor":1.5,"beta_fast":16,"truncate":false,"original_max_position_embeddings":16"#);
        assert_eq!((set.attention_factor, set.beta_fast, set.is_truncated), (1.5, 16.0, false));
        assert_eq!(set.original_max_position_embeddings, 16.0);
        assert_eq!(yarn(r#","mscale":0.7,"mscale_all_dim":0.7"#).attention_factor, 1.0);
    }

    #[test]
    fn rope_theta_is_read_from_both_places() {
        for part in [r#""rope_theta":5000.0"#, r#""rope_parameters":{"rope_theta":5000.0,"rope_type":"default"}"#] {
            assert_eq!(llama(&with(part)).layers, [LayerAttention::full(5000.0)]);
        }
    }

    #[test]
    fn llama3s_scaling_is_read_from_both_places() {
        let scaling = r#""rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
            "original_max_position_embeddings":8192"#;
        let expected = Llama3Scaling {
            factor: 8.0,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_max_position_embeddings: 8192.0,
        };
        let older = format!(r#""rope_theta":5e5,"rope_scaling":{{{scaling}}}"#);
        let newer = format!(r#""rope_parameters":{{"rope_theta":5e5,{scaling}}}"#);
        for part in [older, newer] {
            let rope = llama(&with(&part)).layers[0].rope;
            assert_eq!(rope, Some(Rope { theta: 5e5, scaling: Some(RopeScaling::Llama3(expected)) }), "{part}");
        }
    }

    #[test]
    fn gemmas_layers_are_local_and_global_in_turn() {
        let sizes = r#""vocab_size":10,"hidden_size":16,"num_hidden_layers":4,"num_attention_heads":2,
            "intermediate_size":16,"head_dim":8,"query_pre_attn_scalar":64,"sliding_window":5"#;
        let older = r#""sliding_window_pattern":2,"rope_theta":1e6,"rope_local_base_freq":2e4"#;
        let newer = r#""layer_types":["sliding_attention","full_attention","sliding_attention","full_attention"],
            "rope_parameters":{"full_attention":{"rope_theta":1e6,"rope_type":"default"},
            "sliding_attention":{"rope_theta":2e4,"rope_type":"default"}}"#;
        for part in [older, newer] {
            let config = llama(&format!(r#"{{"model_type":"gemma3_text",{sizes},{part}}}"#));
            let local = LayerAttention { sliding_window: Some(5), ..LayerAttention::full(2e4) };
            let global = LayerAttention::full(1e6);
            assert_eq!(config.layers, [local, global, local, global], "{part}");
            let variant = config.variant;
            let factors = (variant.embedding_multiplier, variant.attention_multiplier, variant.norm_offset);
            assert_eq!((factors, config.is_tied), ((4.0, Some(0.125), 1.0), true));
        }
    }

    #[test]
    fn modernberts_layers_are_read_in_both_forms() {
        let sizes = r#""vocab_size":10,"hidden_size":16,"num_hidden_layers":3,"num_attention_heads":2,
            "intermediate_size":16,"position_embedding_type":"sans_pos","local_attention":8"#;
        let older = r#""global_attn_every_n_layers":2,"global_rope_theta":5e4,"local_rope_theta":2e4"#;
        let newer = r#""layer_types":["full_attention","sliding_attention","full_attention"],
            "rope_parameters":{"full_attention":{"rope_theta":5e4,"rope_type":"default"},
            "sliding_attention":{"rope_theta":2e4,"rope_type":"default"}}"#;
        for part in [older, newer] {
            let json = format!(r#"{{"model_type":"modernbert",{sizes},{part}}}"#);
            let ModelConfig::ModernBert(config) = ModelConfig::parse(json.as_bytes()).unwrap() else { panic!() };
            let local = LayerAttention { sliding_window: Some(4), ..LayerAttention::full(2e4) };
            assert_eq!(config.layers, [LayerAttention::full(5e4), local, LayerAttention::full(5e4)], "{part}");
            assert_eq!((config.max_position_embeddings, config.norm_eps), (8192, 1e-5));
        }
    }

    #[test]
    fn windows_are_used_only_where_the_family_uses_them() {
        let windows = |family: &str, part: &str| {
            let json = with(part)
                .replace("\"llama\"", &format!("\"{family}\""))
                .replace("num_hidden_layers\":1", "num_hidden_layers\":2");
            llama(&json).layers.iter().map(|layer| layer.sliding_window).collect::<Vec<_>>()
        };
        assert_eq!(windows("llama", r#""sliding_window":4"#), [None, None]);
        assert_eq!(windows("mistral", r#""sliding_window":4"#), [Some(4), Some(4)]);
        assert_eq!(windows("mistral", r#""sliding_window":null"#), [None, None]);
        assert_eq!(windows("qwen2", r#""use_sliding_window":false,"sliding_window":4"#), [None, None]);
        let qwen = r#""use_sliding_window":true,"sliding_window":4,"max_window_layers":1"#;
        assert_eq!(windows("qwen3", qwen), [None, Some(4)]);
    }

    #[test]
    fn smollm3s_layers_without_positions_are_found_in_both_forms() {
        for part in [r#""no_rope_layers":[1,1,0,1]"#, r#""no_rope_layer_interval":3"#] {
            let json = with(part)
                .replace("\"llama\"", "\"smollm3\"")
                .replace("num_hidden_layers\":1", "num_hidden_layers\":4");
            let has_rope: Vec<bool> = llama(&json).layers.iter().map(|layer| layer.rope.is_some()).collect();
            assert_eq!(has_rope, [true, true, false, true], "{part}");
        }
    }

    #[test]
    fn unsupported_switches_are_named() {
        for (family, part, named) in [
            ("gemma3_text", r#""attn_logit_softcapping":50.0"#, "attn_logit_softcapping is 50"),
            ("gemma3_text", r#""final_logit_softcapping":30.0"#, "final_logit_softcapping is 30"),
            ("gemma3_text", r#""use_bidirectional_attention":true"#, "use_bidirectional_attention is true"),
            ("gemma3_text", r#""hidden_activation":"relu""#, "hidden_activation is \"relu\""),
            ("llama", r#""partial_rotary_factor":0.5"#, "partial_rotary_factor is 0.5"),
            ("llama", r#""rope_parameters":{"rope_type":"longrope","rope_theta":1e4}"#, "rope_type is \"longrope\""),
            ("qwen2", r#""attention_bias":true"#, "attention_bias is true"),
            ("modernbert", r#""norm_bias":true"#, "norm_bias is true"),
            ("modernbert", r#""classifier_activation":"relu""#, "classifier_activation is \"relu\""),
            ("qwen3", r#""layer_types":["linear_attention"]"#, "layer_types is \"linear_attention\""),
        ] {
            let json = with(part).replace("\"llama\"", &format!("\"{family}\""));
            let error = ModelConfig::parse(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn unsupported_families_come_with_what_to_take_instead() {
        for (family, instead) in [
            ("t5", "SmolLM2"),
            ("mpnet", "all-MiniLM-L6-v2"),
            ("phi3", "SmolLM2"),
            ("qwen3_moe", "experts"),
            ("qwen2_vl", "images"),
            ("whisper", "sound"),
            ("deberta-v2", "RoBERTa"),
            ("gemma3", "gemma3_text"),
            ("gemma2", "Gemma 3"),
            ("mamba", "supported family"),
        ] {
            let json = MICRO.replace("\"bert\"", &format!("\"{family}\""));
            let diagnostic = Diagnostic::from(ModelConfig::parse(json.as_bytes()).unwrap_err());
            assert!(diagnostic.what.contains(family) && diagnostic.what.contains("Llama"), "{diagnostic}");
            assert!(diagnostic.remedy.contains(instead), "{diagnostic}");
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
            (r#"{"architectures":["Gemma3ForCausalLM"]}"#, r#"Add "model_type": "gemma3_text" to config.json."#),
            (r#"{"hidden_size":8,"model_type":""}"#, r#"Add it: "bert", "distilbert", "roberta", "#),
            (r#"{"architectures":["Qwen3MoeForCausalLM"]}"#, r#"Add it: "bert", "distilbert", "roberta", "#),
        ] {
            let diagnostic = Diagnostic::from(ModelConfig::parse(json.as_bytes()).unwrap_err());
            assert!(diagnostic.what.contains("has no \"model_type\""), "{json}: {diagnostic}");
            assert!(diagnostic.remedy.starts_with(remedy), "{json}: {diagnostic}");
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
            (LLAMA, "\"model_type\"", "\"rope_scaling\":{\"rope_type\":\"yarn\"},\"model_type\""),
            (LLAMA, "\"model_type\"", "\"rope_scaling\":{\"type\":\"linear\"},\"model_type\""),
            (LLAMA, "\"model_type\"", "\"rope_scaling\":{\"type\":\"longrope\",\"factor\":2},\"model_type\""),
            (
                LLAMA,
                "\"model_type\"",
                "\"rope_theta\":1,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":2},\"model_type\"",
            ),
        ] {
            let json = of.replacen(from, to, 1);
            assert!(ModelConfig::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
