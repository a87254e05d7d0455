//! The product of one row with a matrix, as when a decoder generates a token.
//!
//! Each element of the matrix is used once, so memory sets the pace: the matrix is read in the order in which it lies
//! there, and nothing is packed. Reading several of its rows at the same time would write the output less often, but ran
//! at a third of the speed.

use crate::gemm::Matrix;
use crate::lanes::dot;

/// Adds the first row of `a`, `[depth]`, times `b`, `[depth, columns]`, to `out`, `[columns]`.
pub(crate) fn add_row_times_matrix(depth: usize, a: Matrix, b: Matrix, out: &mut [f32]) {
    let row: Vec<f32> = (0..depth).map(|k| a.values[k * a.column_stride]).collect();
    if b.row_stride == 1 {
        for (j, out) in out.iter_mut().enumerate() {
            let begin = j * b.column_stride;
            *out += dot(&row, &b.values[begin..begin + depth]);
        }
    } else if b.column_stride == 1 {
        for (k, factor) in row.iter().enumerate() {
            let begin = k * b.row_stride;
            let of_b = &b.values[begin..begin + out.len()];
            out.iter_mut().zip(of_b).for_each(|(out, value)| *out += factor * value);
        }
    } else {
        for (j, out) in out.iter_mut().enumerate() {
            *out += (0..depth).map(|k| row[k] * b.values[k * b.row_stride + j * b.column_stride]).sum::<f32>();
        }
    }
}
