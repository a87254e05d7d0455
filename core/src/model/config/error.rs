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
    #[error("the model is of type \"{0}\"; Hone supports {known}", known = known_titles())]
    Family(String),
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

/// Advice for models of families that people ask for.
fn instead_of(model_type: &str) -> &'static str {
    match model_type {
        "t5" | "mt5" | "umt5" | "bart" | "mbart" | "marian" | "pegasus" | "m2m_100" => {
            "Its encoder reads one text while its decoder writes another, which Hone does not do. A small decoder learns \
            the same tasks: take SmolLM2-135M-Instruct, gemma-3-270m-it or Qwen2.5-0.5B-Instruct."
        }
        "deberta" | "deberta-v2" => {
            "Its attention depends on the distance between tokens, which Hone does not do. Take ModernBERT or RoBERTa."
        }
        "gemma3" => "It reads images too. Take a text model of Gemma 3, of 270M or 1B, whose type is \"gemma3_text\".",
        "gemma" | "gemma2" => "Take a text model of Gemma 3: 270M or 1B.",
        _ => OTHER_MODEL,
    }
}

const OTHER_MODEL: &str = "Choose a model of a supported family, with its own config.json.";

impl From<ConfigError> for Diagnostic {
    fn from(error: ConfigError) -> Self {
        let remedy = match error {
            ConfigError::NoFamily(Some(family)) => {
                format!("Add \"model_type\": \"{}\" to config.json.", family.model_type())
            }
            ConfigError::NoFamily(None) => format!("Add it: {}.", known_families()),
            ConfigError::Family(ref model_type) => instead_of(model_type).into(),
            _ => OTHER_MODEL.into(),
        };
        Diagnostic::new("model.config", format!("The model cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy(remedy)
    }
}
