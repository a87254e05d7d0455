//! The forms of an export.

use serde::{Deserialize, Serialize};

/// Form of an exported model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// The whole model for transformers' own classes, with any adapter merged into it. The mean of the tokens becomes one
    /// more layer.
    #[default]
    Model,
    /// The whole model, with a Python class of its own if its head reads the mean of the tokens.
    OwnClass,
    /// The adapter alone, as a PEFT folder.
    Adapter,
    /// The whole model as an ONNX file, in a folder for transformers.js.
    Onnx,
}

impl ExportForm {
    /// The types of weights that the form can have, the usual one first.
    pub fn dtypes(self) -> &'static [ExportDtype] {
        match self {
            Self::Model | Self::OwnClass => &[ExportDtype::Float32, ExportDtype::Float16],
            Self::Adapter | Self::Onnx => &[ExportDtype::Float32],
        }
    }
}

/// Element type of the weights in an exported model, by the names of PyTorch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportDtype {
    /// 32 bits, as in training.
    #[default]
    Float32,
    /// 16 bits, to which each weight is rounded. It keeps 11 significant bits, where bfloat16 would keep 8, and the range
    /// that bfloat16 adds is of no use to weights.
    Float16,
}

impl ExportDtype {
    /// Size of a weight, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Float32 => 4,
            Self::Float16 => 2,
        }
    }

    /// Name in config.json.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float16 => "float16",
        }
    }
}
