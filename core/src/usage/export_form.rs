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
    /// 4-bit integers, with a scale for each 32 weights, in GGUF files of decoders (Q4_0). Embeddings and the output layer have
    /// 8 bits.
    Int4,
}

impl ExportDtype {
    /// Size of a weight, in bits.
    pub fn bits(self) -> usize {
        match self {
            Self::Float32 => 32,
            Self::Float16 => 16,
            Self::Int8 => 8,
            Self::Int4 => 4,
        }
    }

    /// Name among the types of PyTorch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "float32",
            Self::Float16 => "float16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// Name in llama.cpp.
    pub fn gguf_name(self) -> &'static str {
        match self {
            Self::Float32 => "F32",
            Self::Float16 => "F16",
            Self::Int8 => "Q8_0",
            Self::Int4 => "Q4_0",
        }
    }

    /// Name in transformers.js.
    pub fn javascript_name(self) -> &'static str {
        match self {
            Self::Float32 => "fp32",
            Self::Float16 => "fp16",
            Self::Int8 => "q8",
            Self::Int4 => "q4",
        }
    }

    /// Path of the ONNX file in a folder for transformers.js, which finds it by this name.
    pub fn onnx_file(self) -> &'static str {
        match self {
            Self::Float32 => "onnx/model.onnx",
            Self::Float16 => "onnx/model_fp16.onnx",
            Self::Int8 => "onnx/model_quantized.onnx",
            Self::Int4 => "onnx/model_q4.onnx",
        }
    }
}
