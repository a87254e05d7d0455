//! Errors of config.json.

use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::recipe::Family;

/// A config.json that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Not JSON, or a required field is missing or of the wrong type.
    #[error("config.json cannot be read: {0}")]
    Json(String),
    /// An unknown model family.
    #[error("the model is of type \"{model_type}\"; Hone supports {known}", known = known_titles())]
    Family {
        /// Its `model_type`.
        model_type: String,
        /// Name of its class, if there is one.
        class: String,
    },
    /// Weights that are packed into fewer bits, and the method.
    #[error("its weights are quantized ({0}), and Hone reads quantized weights from GGUF files only")]
    Quantized(String),
    /// A class that is not one of transformers' own.
    #[error("its network is {0}, in code of its own (\"auto_map\" in config.json), which Hone does not run")]
    OwnClass(String),
    /// No model family; the one that the name of the model's class tells, if any.
    #[error("config.json has no \"model_type\"")]
    NoFamily(Option<Family>),
    /// A size out of bounds.
    #[error("{field} is {value}; it must be from {min} to {max}")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// Smallest allowed value.
        min: usize,
        /// Largest allowed value.
        max: usize,
    },
    /// A size that is not a multiple of the number of heads.
    #[error("{what} {size} cannot be split into {heads} heads")]
    Heads {
        /// Name of the field that is split.
        what: &'static str,
        /// Its size.
        size: usize,
        /// Number of heads.
        heads: usize,
    },
    /// A setting that Hone does not implement.
    #[error("{field} is {value}; Hone supports {known}")]
    Unknown {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        value: String,
        /// Supported values.
        known: &'static str,
    },
}

fn known_families() -> String {
    Family::ALL.map(|family| format!("\"{}\"", family.model_type())).join(", ")
}

fn known_titles() -> String {
    Family::ALL.map(|family| family.to_string()).join(", ")
}

/// Advice for models of families that people ask for: from the family, or else from the name of the model's class.
fn instead_of(model_type: &str, class: &str) -> &'static str {
    match model_type {
        "t5" | "mt5" | "umt5" | "bart" | "mbart" | "marian" | "pegasus" | "m2m_100" | "encoder-decoder" => {
            ENCODER_DECODER
        }
        "deberta" | "deberta-v2" => {
            "Its attention depends on the distance between tokens, which Hone does not do. Take ModernBERT or RoBERTa."
        }
        "gemma3" => "It reads images too. Take a text model of Gemma 3, of 270M or 1B, whose type is \"gemma3_text\".",
        "gemma" | "gemma2" | "gemma3n" => "Take a text model of Gemma 3: 270M or 1B.",
        "qwen2_vl"
        | "qwen2_5_vl"
        | "qwen3_vl"
        | "llama4"
        | "mllama"
        | "mistral3"
        | "idefics3"
        | "smolvlm"
        | "clip"
        | "vit"
        | "siglip"
        | "llava"
        | "paligemma"
        | "vision-encoder-decoder" => {
            "It reads images. Take a text model of a supported family, such as SmolLM2 or Qwen3."
        }
        "whisper" | "wav2vec2" | "hubert" | "speech-encoder-decoder" => {
            "It reads sound. Take a text model of a supported family."
        }
        "mixtral" | "qwen2_moe" | "qwen3_moe" | "qwen3_next" | "granitemoe" | "granitemoehybrid" | "gpt_oss"
        | "deepseek_v2" | "deepseek_v3" | "olmoe" => {
            "It chooses among experts, which Hone does not do. Take a dense model, such as SmolLM2, Qwen3 or Granite."
        }
        "mpnet" | "albert" | "nomic_bert" | "new" | "xlnet" | "convbert" | "mobilebert" | "squeezebert"
        | "roformer" | "longformer" | "big_bird" | "funnel" | "ernie" | "xmod" | "luke" | "eurobert" | "fnet" => {
            ENCODER
        }
        "phi" | "phi3" | "gpt_neo" | "gpt_neox" | "gptj" | "opt" | "bloom" | "falcon" | "stablelm" | "olmo"
        | "olmo2" | "starcoder2" | "cohere" | "cohere2" | "lfm2" | "mamba" | "mpt" | "exaone4" | "ministral3"
        | "nemotron" => DECODER,
        _ if class.ends_with("ForConditionalGeneration") => ENCODER_DECODER,
        _ if class.ends_with("ForCausalLM") || class.ends_with("LMHeadModel") => DECODER,
        _ if ["MaskedLM", "SequenceClassification", "TokenClassification", "QuestionAnswering"]
            .iter()
            .any(|task| class.ends_with(task)) =>
        {
            ENCODER
        }
        _ => OTHER_MODEL,
    }
}

const ENCODER_DECODER: &str = "Its encoder reads one text while its decoder writes another, which Hone does not do. A small \
    decoder learns the same tasks: take SmolLM2-135M-Instruct, gemma-3-270m-it or Qwen2.5-0.5B-Instruct.";
const ENCODER: &str = "Take an encoder of a supported family, such as ModernBERT, RoBERTa or all-MiniLM-L6-v2.";
const DECODER: &str =
    "Take a decoder of a supported family, such as SmolLM2-135M-Instruct, Qwen3-0.6B or gemma-3-270m-it.";
const OTHER_MODEL: &str = "Choose a model of a supported family, with its own config.json.";
const OTHER_SETTING: &str =
    "Choose another model: with another value of this field, the weights would compute something else.";

impl From<ConfigError> for Diagnostic {
    fn from(error: ConfigError) -> Self {
        let remedy = match error {
            ConfigError::NoFamily(Some(family)) => {
                format!("Add \"model_type\": \"{}\" to config.json.", family.model_type())
            }
            ConfigError::NoFamily(None) => format!("Add it: {}.", known_families()),
            ConfigError::Family { ref model_type, ref class } => instead_of(model_type, class).into(),
            ConfigError::Quantized(_) => {
                "Take the model that it was made from, in 32 or 16 bits, or a .gguf file of it.".into()
            }
            ConfigError::OwnClass(_) => {
                "Choose a model without code of its own. If its network is that of the family, letter by \
                letter, remove \"auto_map\" from config.json."
                    .into()
            }
            ConfigError::Unknown { .. } => OTHER_SETTING.into(),
            ConfigError::Json(_) | ConfigError::OutOfRange { .. } | ConfigError::Heads { .. } => {
                "Take the config.json that the model was published with, or mend that place in it.".into()
            }
        };
        Diagnostic::new("model.config", format!("The model cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy(remedy)
    }
}
