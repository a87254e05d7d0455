//! Quantization to 8-bit integers, for ONNX.

use crate::diagnostic::Diagnostic;
use crate::export::file_rows::FileRows;
use crate::recipe::{Family, ParamGroup};
use crate::weights::{Weight, WeightRef};

/// Number of weights that share a scale in a decoder.
pub(crate) const BLOCK: usize = 32;

/// Largest magnitude of an encoder's quantized weight: 7 bits, because processors without VNNI add up pairs of products of an 8-bit
/// activation and a weight in 16 bits. A power of two makes quantizing twice the same as quantizing once.
const LARGEST: f32 = 64.0;

/// Largest magnitude of a decoder's: what two halves of 4 bits can hold, as a sum of two powers of two, for which quantizing
/// twice is the same as quantizing once too.
const LARGEST_OF_HALVES: f32 = 96.0;

/// The values of a matrix that share a scale. One scale for all values would lose most of a model's accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A row: the vector of a token.
    Row,
    /// A column: the weights of one output.
    Column,
    /// 32 neighbors in a row, of a decoder's table of tokens.
    RowBlock,
    /// 32 neighbors in a column, of a decoder's layer. Its inputs have outliers, so only its weights are integers.
    ColumnBlock,
}

impl Channel {
    /// The channels of a weight; `None` if it stays a float. The output layer of a head is small and decides the prediction,
    /// and position embeddings, biases and norms are small too.
    pub(crate) fn of(weight: WeightRef, family: Family) -> Option<Self> {
        match weight {
            WeightRef::Matrix(matrix) if family.is_decoder() => Self::of_decoder(matrix),
            WeightRef::Matrix(matrix) if matrix.name.ends_with("word_embeddings.weight") => Some(Self::Row),
            WeightRef::Matrix(matrix) if matrix.transposed && matrix.group != ParamGroup::Head => Some(Self::Column),
            _ => None,
        }
    }

    /// The channels of a decoder's matrix. Columns that are no whole number of blocks stay floats.
    fn of_decoder(matrix: &Weight<2>) -> Option<Self> {
        let [rows, columns] = matrix.tensor.dims();
        let is_table = ["embed_tokens.weight", "wte.weight"].iter().any(|name| matrix.name.ends_with(name));
        let (length, channel) = if is_table { (columns, Self::RowBlock) } else { (rows, Self::ColumnBlock) };
        (length.is_multiple_of(BLOCK) && !matrix.name.ends_with("wpe.weight")).then_some(channel)
    }

    /// Number of scales of a matrix `[rows, columns]`.
    pub(crate) fn count(self, [rows, columns]: [usize; 2]) -> usize {
        match self {
            Self::Row => rows,
            Self::Column => columns,
            Self::RowBlock | Self::ColumnBlock => rows * columns / BLOCK,
        }
    }

    /// Index of the scale of the value at `index`. Those of blocks are in the order of the outputs.
    fn at(self, index: usize, [rows, columns]: [usize; 2]) -> usize {
        let (row, column) = (index / columns, index % columns);
        match self {
            Self::Row => row,
            Self::Column => column,
            Self::RowBlock => index / BLOCK,
            Self::ColumnBlock => (column * rows + row) / BLOCK,
        }
    }

    fn largest(self) -> f32 {
        match self {
            Self::Row | Self::Column => LARGEST,
            Self::RowBlock | Self::ColumnBlock => LARGEST_OF_HALVES,
        }
    }
}

/// Half of a decoder's integers `16 · high + low`, each of 4 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// The upper bits, from -6 to 6.
    High,
    /// The lower bits, from -8 to 7.
    Low,
}

/// A matrix of 8-bit integers with one scale for each channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Int8 {
    /// The integers, row-major.
    pub(crate) values: Vec<i8>,
    /// Factor of each channel.
    pub(crate) scales: Vec<f32>,
    dims: [usize; 2],
    channel: Channel,
}

impl Int8 {
    /// Rounds the row-major values of a matrix `[rows, columns]`.
    pub(crate) fn new(values: &[f32], dims: [usize; 2], channel: Channel) -> Self {
        let mut scales = vec![0.0_f32; channel.count(dims)];
        for (index, value) in values.iter().enumerate() {
            let scale = &mut scales[channel.at(index, dims)];
            *scale = scale.max(value.abs() / channel.largest());
        }
        Self::scaled(values, scales, dims, channel)
    }

    /// Rounds the row-major values of a matrix `[rows, columns]`, whose scales are known.
    pub(crate) fn scaled(values: &[f32], scales: Vec<f32>, dims: [usize; 2], channel: Channel) -> Self {
        let rounded = values.iter().enumerate().map(|(index, value)| match scales[channel.at(index, dims)] {
            0.0 => 0,
            scale => (value / scale).round_ties_even() as i8,
        });
        Self { values: rounded.collect(), scales, dims, channel }
    }

    /// The values that the integers stand for.
    pub(crate) fn dequantized(&self) -> Vec<f32> {
        let scale = |index: usize| self.scales[self.channel.at(index, self.dims)];
        self.values.iter().enumerate().map(|(index, &value)| f32::from(value) * scale(index)).collect()
    }

    /// One half of the integers of a matrix in blocks of a row, packed for ONNX Runtime's MatMulNBits: two inputs of an output
    /// to a byte, the one with the even index in the low nibble. A nibble of 8 means zero.
    pub(crate) fn nibbles(&self, half: Half) -> Vec<u8> {
        let nibble = |index: usize| {
            let low = (i16::from(self.values[index]) + 8).rem_euclid(16) - 8;
            let value = match half {
                Half::High => (i16::from(self.values[index]) - low) / 16,
                Half::Low => low,
            };
            (value + 8) as u8
        };
        (0..self.values.len() / 2).map(|at| nibble(2 * at) | (nibble(2 * at + 1) << 4)).collect()
    }
}

/// The scales of a matrix's columns.
///
/// # Errors
/// If the device fails.
pub(crate) async fn column_scales(rows: &FileRows) -> Result<Vec<f32>, Diagnostic> {
    let [_, columns] = rows.dims();
    let mut scales = vec![0.0_f32; columns];
    for piece in rows.pieces(1) {
        let dims = [piece.len(), columns];
        let of_piece = Int8::new(&rows.read(piece).await?, dims, Channel::Column).scales;
        scales.iter_mut().zip(of_piece).for_each(|(scale, other)| *scale = scale.max(other));
    }
    Ok(scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f32; 6] = [1.0, -0.25, 0.0, -0.5, 8.0, 0.0];

    #[test]
    fn each_channel_has_its_own_scale() {
        let columns = Int8::new(&VALUES, [2, 3], Channel::Column);
        assert_eq!(columns.scales, [1.0 / 64.0, 8.0 / 64.0, 0.0]);
        assert_eq!(columns.values, [64, -2, 0, -32, 64, 0]);
        let rows = Int8::new(&VALUES, [2, 3], Channel::Row);
        assert_eq!((rows.scales, rows.values), (vec![1.0 / 64.0, 8.0 / 64.0], vec![64, -16, 0, -4, 64, 0]));
    }

    #[test]
    fn quantized_values_are_quantized_to_themselves() {
        let values: Vec<f32> = (0..64).map(|i| (i as f32 * 1.7).sin() * 0.3).collect();
        for (channel, dims) in [
            (Channel::Row, [4, 16]),
            (Channel::Column, [4, 16]),
            (Channel::RowBlock, [1, 64]),
            (Channel::ColumnBlock, [32, 2]),
        ] {
            let first = Int8::new(&values, dims, channel);
            let again = Int8::new(&first.dequantized(), dims, channel);
            assert_eq!(again, first);
        }
    }

    #[test]
    fn two_halves_of_four_bits_are_the_integer() {
        let values: Vec<f32> = (0..64).map(|i| (i as f32 * 1.3).sin()).collect();
        let quantized = Int8::new(&values, [2, 32], Channel::RowBlock);
        let [high, low] = [Half::High, Half::Low].map(|half| quantized.nibbles(half));
        for (at, (high, low)) in high.iter().zip(&low).enumerate() {
            for side in 0..2 {
                let [high, low] = [high, low].map(|byte| i32::from((byte >> (4 * side)) & 15) - 8);
                let index = 2 * at + side;
                assert_eq!(16 * high + low, i32::from(quantized.values[index]), "{index}");
            }
        }
    }

    #[test]
    fn no_value_is_off_by_more_than_half_a_step() {
        let values: Vec<f32> = (0..64).map(|i| (i as f32 * 2.3).cos()).collect();
        let quantized = Int8::new(&values, [8, 8], Channel::Column);
        for (index, (value, found)) in values.iter().zip(quantized.dequantized()).enumerate() {
            assert!((value - found).abs() <= 0.51 * quantized.scales[index % 8], "{value} {found}");
        }
    }
}
