//! Element types of GGUF files, and how their blocks are decoded
//! (<https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c>, `dequantize_row_*`).

use half::f16;

use crate::weights::error::WeightsError;
use crate::weights::safetensors::Dtype;

/// Supported element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q8_0,
}

/// The supported types, for errors.
pub(super) const SUPPORTED: &str = "F32, F16, BF16, Q8_0, Q4_0 and Q4_1";

/// Number of elements in a quantized block.
const BLOCK: usize = 32;

/// Names of unsupported types, by their number in the file. Types that ggml has removed are omitted.
const OTHERS: [(u32, &str); 26] = [
    (6, "Q5_0"),
    (7, "Q5_1"),
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (12, "Q4_K"),
    (13, "Q5_K"),
    (14, "Q6_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
];

impl Kind {
    /// The type with this number.
    ///
    /// # Errors
    /// The name of the type, if it is not supported.
    pub(super) fn of(number: u32) -> Result<Self, String> {
        Ok(match number {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::Q4_0,
            3 => Self::Q4_1,
            8 => Self::Q8_0,
            30 => Self::BF16,
            _ => {
                let name = OTHERS.iter().find(|(other, _)| *other == number).map(|(_, name)| (*name).to_owned());
                return Err(name.unwrap_or_else(|| format!("number {number}")));
            }
        })
    }

    /// Name of the type, if its values are quantized.
    pub(super) fn quantized(self) -> Option<&'static str> {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => None,
            Self::Q4_0 => Some("Q4_0"),
            Self::Q4_1 => Some("Q4_1"),
            Self::Q8_0 => Some("Q8_0"),
        }
    }

    /// Number of elements that are stored together.
    pub(super) fn block(self) -> u64 {
        if self.block_bytes() == self.dtype().size() { 1 } else { BLOCK as u64 }
    }

    /// Size of [`Self::block`] elements, in bytes.
    pub(super) fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 2 + BLOCK / 2,
            Self::Q4_1 => 4 + BLOCK / 2,
            Self::Q8_0 => 2 + BLOCK,
        }
    }

    /// The element type after decoding.
    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::F16 => Dtype::F16,
            Self::BF16 => Dtype::BF16,
            Self::F32 | Self::Q4_0 | Self::Q4_1 | Self::Q8_0 => Dtype::F32,
        }
    }

    /// Decodes whole blocks to bytes of [`Self::dtype`].
    ///
    /// # Errors
    /// If there is no memory for tensor `name`.
    pub(super) fn plain(self, stored: Vec<u8>, name: &str) -> Result<Vec<u8>, WeightsError> {
        if self.block() == 1 {
            return Ok(stored);
        }
        let blocks = stored.chunks_exact(self.block_bytes());
        let need = blocks.len() * BLOCK * Dtype::F32.size();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(need).map_err(|_| WeightsError::out_of_memory(name, need))?;
        let half = |bytes: &[u8]| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32();
        for block in blocks {
            let scale = half(block);
            let mut push = |value: f32| bytes.extend(value.to_le_bytes());
            match self {
                Self::Q4_0 => nibbles(&block[2..]).for_each(|q| push((q - 8.0) * scale)),
                Self::Q4_1 => {
                    let least = half(&block[2..]);
                    nibbles(&block[4..]).for_each(|q| push(q * scale + least));
                }
                _ => block[2..].iter().for_each(|&q| push(f32::from(q.cast_signed()) * scale)),
            }
        }
        Ok(bytes)
    }
}

/// The low halves of all bytes, then the high halves.
fn nibbles(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.iter().map(|byte| f32::from(byte & 15)).chain(bytes.iter().map(|byte| f32::from(byte >> 4)))
}
