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
    /// The whole model as a GGUF file, for llama.cpp.
    Gguf,
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
    /// 8-bit integers. An encoder's ONNX file has a scale for each output of a layer and each token, that of a decoder and GGUF
    /// (Q8_0) for each 32 weights. Embeddings and layers are rounded; biases, norms and the output layer of an encoder's head
    /// stay in 32 bits.
    Int8,
}

impl ExportDtype {
    /// Size of a weight, in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Float32 => 4,
            Self::Float16 => 2,
            Self::Int8 => 1,
        }
    }

    /// Name among the types of PyTorch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float16 => "float16",
            Self::Int8 => "int8",
        }
    }

    /// Name in llama.cpp.
    pub fn gguf_name(self) -> &'static str {
        match self {
            Self::Float32 => "F32",
            Self::Float16 => "F16",
            Self::Int8 => "Q8_0",
        }
    }

    /// Name in transformers.js.
    pub fn javascript_name(self) -> &'static str {
        match self {
            Self::Float32 => "fp32",
            Self::Float16 => "fp16",
            Self::Int8 => "q8",
        }
    }

    /// Path of the ONNX file in a folder for transformers.js, which finds it by this name.
    pub fn onnx_file(self) -> &'static str {
        match self {
            Self::Float32 => "onnx/model.onnx",
            Self::Float16 => "onnx/model_fp16.onnx",
            Self::Int8 => "onnx/model_quantized.onnx",
        }
    }
}
