//! Parameter groups: the units of freezing and of learning rates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A parameter group of a model, in the order in which data flows.
///
/// Written as `embeddings`, `layer.0` (Hugging Face's numbers, from 0 at the bottom), `pooler`, `head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ParamGroup {
    /// Embeddings, below the first layer.
    Embeddings,
    /// A layer, counted from 0 at the bottom.
    Layer(usize),
    /// The pretrained pooler above the last layer.
    Pooler,
    /// Head for the task.
    Head,
}

impl ParamGroup {
    /// All groups of a model with this many layers, from the bottom; with a pooler if `has_pooler`.
    pub fn all(layers: usize, has_pooler: bool) -> Vec<Self> {
        let pooler = has_pooler.then_some(Self::Pooler);
        [Self::Embeddings].into_iter().chain((0..layers).map(Self::Layer)).chain(pooler).chain([Self::Head]).collect()
    }

    /// The lowest group that is trained when the top `trainable` layers are; without a number, everything is.
    pub fn lowest_of(trainable: Option<u32>, layers: usize) -> Self {
        match trainable {
            None => Self::Embeddings,
            Some(0) => Self::Pooler,
            Some(trainable) => Self::Layer(layers.saturating_sub(trainable as usize)),
        }
    }
}

impl fmt::Display for ParamGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embeddings => f.write_str("embeddings"),
            Self::Layer(i) => write!(f, "layer.{i}"),
            Self::Pooler => f.write_str("pooler"),
            Self::Head => f.write_str("head"),
        }
    }
}

impl FromStr for ParamGroup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "embeddings" => Ok(Self::Embeddings),
            "pooler" => Ok(Self::Pooler),
            "head" => Ok(Self::Head),
            layer => match layer.strip_prefix("layer.").and_then(|number| number.parse().ok()) {
                Some(number) => Ok(Self::Layer(number)),
                None => {
                    Err(format!("\"{text}\" is not a parameter group; groups are embeddings, layer.0, pooler, head"))
                }
            },
        }
    }
}

impl From<ParamGroup> for String {
    fn from(group: ParamGroup) -> Self {
        group.to_string()
    }
}

impl TryFrom<String> for ParamGroup {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_round_trip_through_their_names() {
        for group in ParamGroup::all(3, true) {
            assert_eq!(group.to_string().parse(), Ok(group));
        }
        assert!("layer".parse::<ParamGroup>().is_err());
        assert!("layer.-1".parse::<ParamGroup>().is_err());
    }
}
