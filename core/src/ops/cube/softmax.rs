//! Softmax over the last dimension: one workgroup for each row.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::cube::reduce::{max_of_units, sum_of_units};
use crate::ops::cube::{cubes_of_rows, empty, rows_and_size};

/// Units that share a row.
const UNITS: u32 = 64;

#[cube(launch)]
fn softmax_kernel(x: &Tensor<f32>, y: &mut Tensor<f32>, rows: usize, size: usize, #[comptime] units: u32) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let mut largest = x[begin];
        let mut i = UNIT_POS as usize;
        while i < size {
            if x[begin + i] > largest {
                largest = x[begin + i];
            }
            i += step;
        }
        let largest = max_of_units(&mut shared, largest, units);
        let mut sum = 0.0f32;
        i = UNIT_POS as usize;
        while i < size {
            let value = (x[begin + i] - largest).exp();
            y[begin + i] = value;
            sum += value;
            i += step;
        }
        let factor = 1.0 / sum_of_units(&mut shared, sum, units);
        i = UNIT_POS as usize;
        while i < size {
            y[begin + i] *= factor;
            i += step;
        }
        row += CUBE_COUNT;
    }
}

pub(super) fn softmax(x: CubeTensor) -> CubeTensor {
    let x = into_contiguous(x);
    let ((rows, size), y) = (rows_and_size(&x), empty(&x, x.meta.shape().clone()));
    softmax_kernel::launch(
        &y.client,
        cubes_of_rows(rows),
        CubeDim::new_1d(UNITS),
        x.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        rows,
        size,
        UNITS,
    );
    y
}
