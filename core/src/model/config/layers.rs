//! Attention of the single layers in config.json.

use serde_json::Value;

use crate::model::config::error::ConfigError;
use crate::model::config::fields::Fields;
use crate::model::config::rope::{FULL_ATTENTION, Rope, SLIDING_ATTENTION};

/// Positions and reach of a layer's attention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerAttention {
    /// Rotary position embedding; `None` if the layer does not see positions.
    pub rope: Option<Rope>,
    /// A decoder's number of tokens that a token attends to, itself included, or an encoder's largest distance between two
    /// tokens; `None` if there is no limit.
    pub sliding_window: Option<usize>,
}

impl LayerAttention {
    /// A layer without a limit, with a rotary embedding of this base.
    pub fn full(theta: f64) -> Self {
        Self { rope: Some(Rope::plain(theta)), sliding_window: None }
    }
}

/// Returns for each layer whether `layer_types` gives it a window; `None` without that field.
///
/// # Errors
/// When the field names another type, or too few of them.
pub(super) fn declared_sliding(fields: &Fields, layers: usize) -> Result<Option<Vec<bool>>, ConfigError> {
    let Some(types) = fields.0.get("layer_types").and_then(Value::as_array) else { return Ok(None) };
    let known = |kind: &Value| match kind.as_str() {
        Some(FULL_ATTENTION) => Ok(false),
        Some(SLIDING_ATTENTION) => Ok(true),
        _ => Err(ConfigError::Unknown {
            field: "layer_types",
            value: format!("{kind} for a layer"),
            known: "\"full_attention\" and \"sliding_attention\"",
        }),
    };
    let types: Vec<bool> = types.iter().map(known).collect::<Result<_, _>>()?;
    one_for_each_layer("layer_types", types, layers).map(Some)
}

/// The first `layers` entries of a list.
///
/// # Errors
/// When there are fewer.
pub(super) fn one_for_each_layer(field: &str, mut list: Vec<bool>, layers: usize) -> Result<Vec<bool>, ConfigError> {
    if list.len() < layers {
        return Err(ConfigError::Json(format!("{field} has {} entries for {layers} layers", list.len())));
    }
    list.truncate(layers);
    Ok(list)
}
