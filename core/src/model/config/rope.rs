//! Settings of the rotary position embedding in config.json.

use serde_json::Value;

use crate::model::config::error::ConfigError;
use crate::model::config::fields::Fields;

/// A rotary position embedding (Su et al. 2021).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rope {
    /// Base of the wavelengths.
    pub theta: f64,
    /// Change of the wavelengths for texts that are longer than those of pretraining.
    pub scaling: Option<Llama3Scaling>,
}

/// Llama 3's scaling (Grattafiori et al. 2024): long wavelengths are multiplied by `factor`, short ones are kept, and
/// those between the two limits are interpolated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Llama3Scaling {
    /// Factor of the long wavelengths.
    pub factor: f64,
    /// A wavelength is long from `original_max_position_embeddings / low_freq_factor` tokens on.
    pub low_freq_factor: f64,
    /// A wavelength is short up to `original_max_position_embeddings / high_freq_factor` tokens.
    pub high_freq_factor: f64,
    /// Longest sequence of pretraining, in tokens.
    pub original_max_position_embeddings: f64,
}

impl Rope {
    /// An embedding without scaling.
    pub const fn plain(theta: f64) -> Self {
        Self { theta, scaling: None }
    }

    /// Reads the embedding of the layers of `layer_type`, such as `full_attention`. transformers 5 nests the settings in
    /// `rope_parameters`, once or for each type of layer; older files have the base in the field `theta` and the scaling in
    /// `rope_scaling`, which is that of the layers with full attention.
    ///
    /// # Errors
    /// When the kind of embedding is not supported, or a number is missing or out of bounds.
    pub(super) fn of(
        fields: &Fields,
        layer_type: &'static str,
        theta: &'static str,
        default_theta: f64,
    ) -> Result<Self, ConfigError> {
        let object = |value: Option<&Value>| value.and_then(Value::as_object).cloned().map(Fields);
        let nested = object(fields.0.get("rope_parameters"));
        let of_layer = nested.as_ref().and_then(|nested| object(nested.0.get(layer_type)));
        let older = object(fields.0.get("rope_scaling")).filter(|_| layer_type == FULL_ATTENTION);
        let settings = of_layer.or(nested);
        let base = match &settings {
            Some(settings) => settings.number("rope_theta", fields.number(theta, default_theta, THETA)?, THETA)?,
            None => fields.number(theta, default_theta, THETA)?,
        };
        let mut scaling = None;
        for settings in [&settings, &older].into_iter().flatten() {
            scaling = scaling_of(settings)?.or(scaling);
        }
        Ok(Self { theta: base, scaling })
    }
}

/// Type of a layer that attends to all (earlier) tokens.
pub(super) const FULL_ATTENTION: &str = "full_attention";
/// Type of a layer that attends to the tokens within a window.
pub(super) const SLIDING_ATTENTION: &str = "sliding_attention";

const THETA: std::ops::RangeInclusive<f64> = 1.0..=1e9;

fn scaling_of(settings: &Fields) -> Result<Option<Llama3Scaling>, ConfigError> {
    settings.must_be_number("partial_rotary_factor", 1.0)?;
    // The name of the field, and its name before transformers 4.43.
    for field in ["rope_type", "type"] {
        settings.must_be(field, "default", &["default", "llama3"], "\"default\" and \"llama3\"")?;
    }
    if settings.text("rope_type", settings.text("type", "default")?)? == "default" {
        return Ok(None);
    }
    let scaling = Llama3Scaling {
        factor: settings.required_number("factor", 1.0..=1e4)?,
        low_freq_factor: settings.required_number("low_freq_factor", 1e-3..=1e4)?,
        high_freq_factor: settings.required_number("high_freq_factor", 1e-3..=1e4)?,
        original_max_position_embeddings: settings.required_number("original_max_position_embeddings", 1.0..=1e9)?,
    };
    if scaling.low_freq_factor >= scaling.high_freq_factor {
        let (low, high) = (scaling.low_freq_factor, scaling.high_freq_factor);
        return Err(ConfigError::Json(format!("low_freq_factor is {low} and high_freq_factor {high}")));
    }
    Ok(Some(scaling))
}
