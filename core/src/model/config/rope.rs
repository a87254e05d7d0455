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
    pub scaling: Option<RopeScaling>,
}

/// A change of the wavelengths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RopeScaling {
    /// All wavelengths are multiplied by this factor: position interpolation (Chen et al. 2023).
    Linear(f64),
    /// Llama 3's.
    Llama3(Llama3Scaling),
    /// YaRN.
    Yarn(YarnScaling),
}

/// YaRN (Peng et al. 2023): wavelengths of few rotations within the texts of pretraining are multiplied by `factor`, those of many
/// are kept, and those between are interpolated. Attention scores grow with the square of `attention_factor`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YarnScaling {
    /// Factor of the long wavelengths.
    pub factor: f64,
    /// Factor of cosines and sines.
    pub attention_factor: f64,
    /// Wavelengths are kept from this number of rotations on.
    pub beta_fast: f64,
    /// Wavelengths are multiplied by the whole factor up to this number of rotations.
    pub beta_slow: f64,
    /// Longest sequence of pretraining, in tokens.
    pub original_max_position_embeddings: f64,
    /// True if the range between is widened to whole pairs of values.
    pub is_truncated: bool,
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
            scaling = scaling_of(settings, fields)?.or(scaling);
        }
        if matches!(scaling, Some(RopeScaling::Yarn(_))) && base <= 1.0 {
            return Err(ConfigError::Json(format!("rope_theta is {base}, and YaRN needs more than 1")));
        }
        Ok(Self { theta: base, scaling })
    }
}

/// Type of a layer that attends to all (earlier) tokens.
pub(super) const FULL_ATTENTION: &str = "full_attention";
/// Type of a layer that attends to the tokens within a window.
pub(super) const SLIDING_ATTENTION: &str = "sliding_attention";

const THETA: std::ops::RangeInclusive<f64> = 1.0..=1e9;

/// Kinds of scaling. The dynamic one begins beyond `max_position_embeddings`, where no text here gets to.
const KINDS: [&str; 5] = ["default", "dynamic", "linear", "llama3", "yarn"];
const FACTOR: std::ops::RangeInclusive<f64> = 1.0..=1e4;
const LENGTH: std::ops::RangeInclusive<f64> = 1.0..=1e9;
const ROTATIONS: std::ops::RangeInclusive<f64> = 1e-3..=1e4;

fn scaling_of(settings: &Fields, config: &Fields) -> Result<Option<RopeScaling>, ConfigError> {
    settings.must_be_number("partial_rotary_factor", 1.0)?;
    // The name of the field, and its name before transformers 4.43.
    for field in ["rope_type", "type"] {
        settings.must_be(field, "default", &KINDS, "\"default\", \"dynamic\", \"linear\", \"llama3\" and \"yarn\"")?;
    }
    Ok(match settings.text("rope_type", settings.text("type", "default")?)? {
        "linear" => Some(RopeScaling::Linear(settings.required_number("factor", FACTOR)?)),
        "llama3" => Some(RopeScaling::Llama3(llama3(settings)?)),
        "yarn" => Some(RopeScaling::Yarn(yarn(settings, config)?)),
        _ => None,
    })
}

fn llama3(settings: &Fields) -> Result<Llama3Scaling, ConfigError> {
    let scaling = Llama3Scaling {
        factor: settings.required_number("factor", FACTOR)?,
        low_freq_factor: settings.required_number("low_freq_factor", ROTATIONS)?,
        high_freq_factor: settings.required_number("high_freq_factor", ROTATIONS)?,
        original_max_position_embeddings: settings.required_number("original_max_position_embeddings", LENGTH)?,
    };
    if scaling.low_freq_factor >= scaling.high_freq_factor {
        let (low, high) = (scaling.low_freq_factor, scaling.high_freq_factor);
        return Err(ConfigError::Json(format!("low_freq_factor is {low} and high_freq_factor {high}")));
    }
    Ok(scaling)
}

/// The defaults are those of transformers' `_compute_yarn_parameters`, where 0 means the default too.
fn yarn(settings: &Fields, config: &Fields) -> Result<YarnScaling, ConfigError> {
    const ORIGINAL: &str = "original_max_position_embeddings";
    let optional = |field| settings.number(field, 0.0, 0.0..=1e4).map(|value| Some(value).filter(|&value| value > 0.0));
    let factor = settings.required_number("factor", FACTOR)?;
    // The paper's, for a factor of the length.
    let of_length = |scale: f64| 0.1 * scale * factor.ln() + 1.0;
    let of_scales = match (optional("mscale")?, optional("mscale_all_dim")?) {
        (Some(scale), Some(all)) => of_length(scale) / of_length(all),
        _ => of_length(1.0),
    };
    let max_positions = config.number("max_position_embeddings", 2048.0, LENGTH)?;
    let of_settings = settings.number(ORIGINAL, max_positions, LENGTH)?;
    Ok(YarnScaling {
        factor,
        attention_factor: settings.number("attention_factor", of_scales, 0.0..=1e4)?,
        beta_fast: optional("beta_fast")?.unwrap_or(32.0),
        beta_slow: optional("beta_slow")?.unwrap_or(1.0),
        original_max_position_embeddings: config.number(ORIGINAL, of_settings, LENGTH)?,
        is_truncated: settings.flag("truncate", true)?,
    })
}
