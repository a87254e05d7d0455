//! Conversion of a tensor's values from and to the bytes of a file.

use burn::tensor::{DType, TensorData, bf16, f16};

use crate::weights::safetensors::{Dtype, TensorInfo};

/// Decodes a tensor's bytes, whose length matches `info`, to 32-bit floats. Returns `None` for integers.
pub fn decode(info: &TensorInfo, bytes: Vec<u8>) -> Option<TensorData> {
    let dtype = match info.dtype {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F64 => DType::F64,
        Dtype::Integer { .. } => return None,
    };
    Some(TensorData::from_bytes_vec(bytes, info.shape.clone(), dtype).convert::<f32>())
}

/// Decodes a tensor's bytes, whose length matches `info`, and keeps its floats as they are. Returns `None` unless they have
/// 16 bits.
pub(super) fn decode_16_bits(info: &TensorInfo, bytes: Vec<u8>) -> Option<TensorData> {
    let dtype = match info.dtype {
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 | Dtype::F64 | Dtype::Integer { .. } => return None,
    };
    Some(TensorData::from_bytes_vec(bytes, info.shape.clone(), dtype))
}

/// Encodes values as floats of a type.
pub fn encode(values: &[f32], dtype: Dtype) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * dtype.size());
    for &value in values {
        match dtype {
            Dtype::F16 => bytes.extend(f16::from_f32(value).to_le_bytes()),
            Dtype::BF16 => bytes.extend(bf16::from_f32(value).to_le_bytes()),
            Dtype::F32 | Dtype::F64 | Dtype::Integer { .. } => bytes.extend(value.to_le_bytes()),
        }
    }
    bytes
}
