//! The rows of a weight, read from the device piece by piece: whole, the largest tensor of a model would be in memory several
//! times.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::weights::{WeightRef, in_32_bits};

/// Number of values that are read from the device at a time.
const PIECE: usize = 1 << 18;

/// The rows of a weight in the order of a file. Those of a vector have one value each.
#[derive(Clone, Debug)]
pub(crate) struct FileRows {
    /// Values in the layout and the type of the model.
    values: Tensor<2>,
    /// True if the rows of the file are the columns of the model.
    is_transposed: bool,
}

impl FileRows {
    /// The rows of a weight in the layout of the base model's file.
    pub(crate) fn new(weight: WeightRef) -> Self {
        let is_transposed = matches!(weight, WeightRef::Matrix(matrix) if matrix.transposed);
        Self { is_transposed, ..Self::as_in_model(weight) }
    }

    /// The rows of a weight in the layout of the model: a linear layer's are `[in, out]`.
    pub(crate) fn as_in_model(weight: WeightRef) -> Self {
        let values = match weight {
            WeightRef::Vector(weight) => weight.tensor.clone().reshape([weight.tensor.dims()[0], 1]),
            WeightRef::Matrix(weight) => weight.tensor.clone(),
        };
        Self { values, is_transposed: false }
    }

    /// Exchanges rows and columns.
    pub(crate) fn transposed(self) -> Self {
        Self { is_transposed: !self.is_transposed, ..self }
    }

    /// Number of rows, and of the values in each.
    pub(crate) fn dims(&self) -> [usize; 2] {
        let [rows, columns] = self.values.dims();
        if self.is_transposed { [columns, rows] } else { [rows, columns] }
    }

    /// Number of values.
    pub(crate) fn count(&self) -> usize {
        self.dims().iter().product()
    }

    /// The rows of each piece: of all but the last one, a multiple of this number of rows.
    pub(crate) fn pieces(&self, multiple: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let [rows, columns] = self.dims();
        let step = (PIECE / columns.max(1) / multiple).max(1) * multiple;
        (0..rows).step_by(step).map(move |begin| begin..rows.min(begin + step))
    }

    /// The values of some rows, row by row, in 32 bits.
    ///
    /// # Errors
    /// If the device fails.
    pub(crate) async fn read(&self, rows: Range<usize>) -> Result<Vec<f32>, Diagnostic> {
        let [_, columns] = self.dims();
        let count = rows.len();
        let sides = if self.is_transposed { [0..columns, rows] } else { [rows, 0..columns] };
        let values = device_to_host(in_32_bits(self.values.clone().slice(sides))).await?;
        Ok(if self.is_transposed { transpose(&values, [columns, count]) } else { values })
    }

    /// A weight of the same size on the same device, whose rows are `rounded` of those of each piece.
    ///
    /// # Errors
    /// If the device or `rounded` fails.
    pub(crate) async fn map(
        &self,
        rounded: impl Fn(Vec<f32>) -> Result<Vec<f32>, Diagnostic>,
    ) -> Result<Tensor<2>, Diagnostic> {
        let [_, columns] = self.dims();
        let device = self.values.device();
        let mut mapped = Tensor::zeros(self.values.dims(), &device);
        for rows in self.pieces(1) {
            let count = rows.len();
            let values = rounded(self.read(rows.clone()).await?)?;
            let (values, dims, sides) = if self.is_transposed {
                (transpose(&values, [count, columns]), [columns, count], [0..columns, rows])
            } else {
                (values, [count, columns], [rows, 0..columns])
            };
            let piece = Tensor::from_data(TensorData::new(values, dims), &device);
            mapped = mapped.slice_assign(sides, piece);
        }
        Ok(mapped)
    }
}

/// The transpose of row-major values `[rows, columns]`.
fn transpose(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
    let mut moved = Vec::with_capacity(values.len());
    for column in 0..columns {
        moved.extend((0..rows).map(|row| values[row * columns + column]));
    }
    moved
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::device_to_host::ready;
    use crate::recipe::ParamGroup;
    use crate::weights::Weight;

    #[test]
    fn pieces_are_the_rows_of_the_file() {
        let (rows, columns) = (3, PIECE / 4 + 5);
        let values: Vec<f32> = (0..rows * columns).map(|value| value as f32).collect();
        let tensor = Tensor::from_data(TensorData::new(values.clone(), [rows, columns]), &Device::flex());
        let weight = Weight { name: "x".into(), tensor, group: ParamGroup::Head, transposed: true, is_frozen: false };
        let of_file = FileRows::new(WeightRef::Matrix(&weight));
        assert_eq!(of_file.dims(), [columns, rows]);
        for (rows_of_file, expected) in
            [(of_file.clone(), transpose(&values, [rows, columns])), (of_file.clone().transposed(), values)]
        {
            let mut found = Vec::new();
            for piece in rows_of_file.pieces(2) {
                found.extend(ready(rows_of_file.read(piece)).unwrap());
            }
            assert!(found == expected);
        }
        let doubled = ready(of_file.map(|values| Ok(values.into_iter().map(|value| 2.0 * value).collect())));
        assert!(doubled.unwrap().equal(weight.tensor * 2.0).all().into_scalar::<bool>());
    }
}
