//! The types in which a GGUF file stores tensors, and rounding to them.

use burn::tensor::f16;

use crate::usage::ExportDtype;

/// Number of values that share a scale in Q8_0 and Q4_0.
const BLOCK: usize = 32;

/// Type of a tensor, by its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredType {
    /// 32-bit floats.
    F32 = 0,
    /// 16-bit floats.
    F16 = 1,
    /// Blocks of 32 values: a scale in 16 bits, and a 4-bit integer for each value.
    Q4_0 = 2,
    /// Blocks of 32 values: a scale in 16 bits, and an 8-bit integer for each value.
    Q8_0 = 8,
}

impl StoredType {
    /// Type of a tensor in a file of `dtype`. Vectors and the embeddings of positions and token types are small and stay in 32
    /// bits, and rows that are no whole number of blocks have 16, as llama.cpp writes them. Like llama.cpp, a file of 4 bits
    /// keeps more for the output layer, which may be the embeddings.
    pub(super) fn of(name: &str, shape: &[usize], dtype: ExportDtype) -> Self {
        match (shape, dtype) {
            _ if ["position_embd.weight", "token_types.weight"].contains(&name) => Self::F32,
            ([_] | [], _) | (_, ExportDtype::Float32) => Self::F32,
            (_, ExportDtype::Float16) => Self::F16,
            ([.., columns], _) if !columns.is_multiple_of(BLOCK) => Self::F16,
            (_, ExportDtype::Int8) => Self::Q8_0,
            _ if ["token_embd.weight", "output.weight"].contains(&name) => Self::Q8_0,
            (_, ExportDtype::Int4) => Self::Q4_0,
        }
    }

    /// Size of `count` values in the file, in bytes.
    pub(super) fn bytes(self, count: u64) -> u64 {
        match self {
            Self::F32 => 4 * count,
            Self::F16 => 2 * count,
            Self::Q8_0 => count / BLOCK as u64 * (2 + BLOCK as u64),
            Self::Q4_0 => count / BLOCK as u64 * (2 + BLOCK as u64 / 2),
        }
    }

    /// Encodes row-major values.
    pub(super) fn encode(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect(),
            Self::Q8_0 => {
                let mut bytes = Vec::with_capacity(self.bytes(values.len() as u64) as usize);
                for block in values.chunks(BLOCK) {
                    let (scale, integers) = quantized(block);
                    bytes.extend(scale.to_le_bytes());
                    bytes.extend(integers.map(|value| value as u8));
                }
                bytes
            }
            Self::Q4_0 => {
                let mut bytes = Vec::with_capacity(self.bytes(values.len() as u64) as usize);
                for block in values.chunks(BLOCK) {
                    let (scale, integers) = quantized_to_4_bits(block);
                    bytes.extend(scale.to_le_bytes());
                    let (low, high) = integers.split_at(BLOCK / 2);
                    bytes.extend(low.iter().zip(high).map(|(low, high)| low | high << 4));
                }
                bytes
            }
        }
    }

    /// The values that [`Self::encode`] stores.
    pub(super) fn rounded(self, values: &[f32]) -> Vec<f32> {
        match self {
            Self::F32 => values.to_vec(),
            Self::F16 => values.iter().map(|&value| f16::from_f32(value).to_f32()).collect(),
            Self::Q8_0 => {
                let block = |block| {
                    let (scale, integers) = quantized(block);
                    integers.map(move |value| f32::from(value) * scale.to_f32())
                };
                values.chunks(BLOCK).flat_map(block).collect()
            }
            Self::Q4_0 => {
                let block = |block| {
                    let (scale, integers) = quantized_to_4_bits(block);
                    integers.into_iter().map(move |value| (f32::from(value) - 8.0) * scale.to_f32())
                };
                values.chunks(BLOCK).flat_map(block).collect()
            }
        }
    }
}

/// Scale and integers of a block, as `quantize_row_q8_0_ref` of ggml computes them: halves are rounded away from zero.
fn quantized(block: &[f32]) -> (f16, impl Iterator<Item = i8>) {
    let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    (f16::from_f32(scale), block.iter().map(move |value| (value * inverse).round() as i8))
}

/// Scale and integers of a block, as `quantize_row_q4_0_ref` of ggml and the `gguf` package compute them: the value of the
/// greatest magnitude becomes -8, and 8 is added to all.
fn quantized_to_4_bits(block: &[f32]) -> (f16, Vec<u8>) {
    let largest =
        block.iter().fold(0.0_f32, |largest, &value| if value.abs() > largest.abs() { value } else { largest });
    let scale = largest / -8.0;
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let integer = |&value: &f32| (f64::from(value) * f64::from(inverse) + 8.5).clamp(0.0, 15.0) as u8;
    (f16::from_f32(scale), block.iter().map(integer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_values_are_stored_like_those_before() {
        let values: Vec<f32> = (0..256).map(|i| (i as f32 * 1.3).sin() * (1.0 + i as f32)).collect();
        for kind in [StoredType::F32, StoredType::F16, StoredType::Q8_0, StoredType::Q4_0] {
            assert_eq!(kind.encode(&kind.rounded(&values)), kind.encode(&values), "{kind:?}");
            assert_eq!(kind.encode(&values).len() as u64, kind.bytes(256), "{kind:?}");
        }
    }

    #[test]
    fn small_tensors_and_odd_rows_keep_more_bits() {
        use ExportDtype::{Float16, Int4, Int8};
        for (name, shape, dtype, kind) in [
            ("blk.0.attn_q.weight", vec![64, 64], Int8, StoredType::Q8_0),
            ("blk.0.attn_q.weight", vec![64, 40], Int8, StoredType::F16),
            ("blk.0.attn_q.weight", vec![64, 64], Float16, StoredType::F16),
            ("blk.0.attn_q.weight", vec![64, 64], Int4, StoredType::Q4_0),
            ("blk.0.attn_q.weight", vec![64, 40], Int4, StoredType::F16),
            ("token_embd.weight", vec![64, 64], Int4, StoredType::Q8_0),
            ("blk.0.attn_norm.weight", vec![64], Int8, StoredType::F32),
            ("token_types.weight", vec![2, 64], Int8, StoredType::F32),
            ("position_embd.weight", vec![64, 64], Float16, StoredType::F32),
        ] {
            assert_eq!(StoredType::of(name, &shape, dtype), kind, "{name} {shape:?} {dtype:?}");
        }
    }
}
