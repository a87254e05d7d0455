//! Quantization to 8-bit integers, for ONNX.

use crate::recipe::ParamGroup;
use crate::weights::WeightRef;

/// Largest magnitude of a quantized weight: 7 bits, because processors without VNNI add up pairs of products of an 8-bit
/// activation and a weight in 16 bits. A power of two makes quantizing twice the same as quantizing once.
const LARGEST: f32 = 64.0;

/// The values of a matrix that share a scale. One scale for all values would lose most of a model's accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// A row: the vector of a token.
    Row,
    /// A column: the weights of one output.
    Column,
}

impl Channel {
    /// The channels of a weight; `None` if it stays a float. The output layer of a head is small and decides the prediction,
    /// and position embeddings, biases and norms are small too.
    pub(crate) fn of(weight: WeightRef) -> Option<Self> {
        match weight {
            WeightRef::Matrix(matrix) if matrix.name.ends_with("word_embeddings.weight") => Some(Self::Row),
            WeightRef::Matrix(matrix) if matrix.transposed && matrix.group != ParamGroup::Head => Some(Self::Column),
            _ => None,
        }
    }
}

/// A matrix of 8-bit integers with one scale for each channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Int8 {
    /// The integers, row-major.
    pub(crate) values: Vec<i8>,
    /// Factor of each channel.
    pub(crate) scales: Vec<f32>,
    columns: usize,
    channel: Channel,
}

impl Int8 {
    /// Rounds the row-major values of a matrix `[rows, columns]`.
    pub(crate) fn new(values: &[f32], [rows, columns]: [usize; 2], channel: Channel) -> Self {
        let channels = match channel {
            Channel::Row => rows,
            Channel::Column => columns,
        };
        let mut scales = vec![0.0_f32; channels];
        let at = |index: usize| match channel {
            Channel::Row => index / columns,
            Channel::Column => index % columns,
        };
        for (index, value) in values.iter().enumerate() {
            let scale = &mut scales[at(index)];
            *scale = scale.max(value.abs() / LARGEST);
        }
        let rounded = values.iter().enumerate().map(|(index, value)| match scales[at(index)] {
            0.0 => 0,
            scale => (value / scale).round_ties_even() as i8,
        });
        Self { values: rounded.collect(), scales, columns, channel }
    }

    /// The values that the integers stand for.
    pub(crate) fn dequantized(&self) -> Vec<f32> {
        let scale = |index: usize| match self.channel {
            Channel::Row => self.scales[index / self.columns],
            Channel::Column => self.scales[index % self.columns],
        };
        self.values.iter().enumerate().map(|(index, &value)| f32::from(value) * scale(index)).collect()
    }
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
        for channel in [Channel::Row, Channel::Column] {
            let first = Int8::new(&values, [4, 16], channel);
            let again = Int8::new(&first.dequantized(), [4, 16], channel);
            assert_eq!(again, first);
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
