//! Element types of GGUF files.

use crate::weights::error::WeightsError;
use crate::weights::gguf::blocks::{BLOCK, SCALES, SUPER_BLOCK};
use crate::weights::gguf::blocks::{q4_0, q4_1, q4_k, q5_0, q5_1, q5_k, q6_k, q8_0};
use crate::weights::safetensors::Dtype;

/// Supported element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
}

/// The supported types, for errors.
pub(super) const SUPPORTED: &str = "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1 and Q4_0";

/// Names of unsupported types, by their number in the file. Types that ggml has removed are omitted.
const OTHERS: [(u32, &str); 21] = [
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
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
            6 => Self::Q5_0,
            7 => Self::Q5_1,
            8 => Self::Q8_0,
            12 => Self::Q4K,
            13 => Self::Q5K,
            14 => Self::Q6K,
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
            Self::Q5_0 => Some("Q5_0"),
            Self::Q5_1 => Some("Q5_1"),
            Self::Q8_0 => Some("Q8_0"),
            Self::Q4K => Some("Q4_K"),
            Self::Q5K => Some("Q5_K"),
            Self::Q6K => Some("Q6_K"),
        }
    }

    /// Number of elements that are stored together.
    pub(super) fn block(self) -> u64 {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 | Self::Q8_0 => BLOCK as u64,
            Self::Q4K | Self::Q5K | Self::Q6K => SUPER_BLOCK as u64,
        }
    }

    /// Size of [`Self::block`] elements, in bytes.
    pub(super) fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q4_0 => 2 + BLOCK / 2,
            Self::Q4_1 => 4 + BLOCK / 2,
            Self::Q5_0 => 2 + 4 + BLOCK / 2,
            Self::Q5_1 => 4 + 4 + BLOCK / 2,
            Self::Q8_0 => 2 + BLOCK,
            Self::Q4K => 4 + SCALES + SUPER_BLOCK / 2,
            Self::Q5K => 4 + SCALES + SUPER_BLOCK / 8 + SUPER_BLOCK / 2,
            Self::Q6K => SUPER_BLOCK / 2 + SUPER_BLOCK / 4 + SUPER_BLOCK / 16 + 2,
        }
    }

    /// The element type after decoding.
    pub(super) fn dtype(self) -> Dtype {
        match self {
            Self::F16 => Dtype::F16,
            Self::BF16 => Dtype::BF16,
            _ => Dtype::F32,
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
        let need = blocks.len() * self.block() as usize * Dtype::F32.size();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(need).map_err(|_| WeightsError::out_of_memory(name, need))?;
        for block in blocks {
            let mut push = |value: f32| bytes.extend(value.to_le_bytes());
            match self {
                Self::Q4_0 => q4_0(block).for_each(&mut push),
                Self::Q4_1 => q4_1(block).for_each(&mut push),
                Self::Q5_0 => q5_0(block).for_each(&mut push),
                Self::Q5_1 => q5_1(block).for_each(&mut push),
                Self::Q4K => q4_k(block).for_each(&mut push),
                Self::Q5K => q5_k(block).for_each(&mut push),
                Self::Q6K => q6_k(block).for_each(&mut push),
                Self::Q8_0 | Self::F32 | Self::F16 | Self::BF16 => q8_0(block).for_each(&mut push),
            }
        }
        Ok(bytes)
    }
}
