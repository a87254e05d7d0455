//! Copies of a block of a matrix in the order in which the product reads it.

use std::ops::Range;

use crate::gemm::Matrix;

/// Copies a block of a matrix into `packed`, in panels of `P` rows; a panel holds column after column. Rows that are
/// missing in the last panel are 0.
pub(crate) fn pack<const P: usize>(matrix: Matrix, rows: Range<usize>, columns: Range<usize>, packed: &mut Vec<f32>) {
    packed.clear();
    for first in rows.clone().step_by(P) {
        let panel = first..(first + P).min(rows.end);
        let is_whole = panel.len() == P;
        if is_whole && matrix.row_stride == 1 {
            pack_columns::<P>(matrix, first, columns.clone(), packed);
        } else if is_whole && matrix.column_stride == 1 {
            pack_rows::<P>(matrix, first, columns.clone(), packed);
        } else {
            for column in columns.clone() {
                let at = |row| matrix.values[row * matrix.row_stride + column * matrix.column_stride];
                packed.extend(panel.clone().map(at));
                packed.extend(std::iter::repeat_n(0.0, P - panel.len()));
            }
        }
    }
}

/// A panel whose columns are in sequence in memory.
#[inline(always)]
fn pack_columns<const P: usize>(matrix: Matrix, first: usize, columns: Range<usize>, packed: &mut Vec<f32>) {
    for column in columns {
        let begin = first + column * matrix.column_stride;
        packed.extend_from_slice(&matrix.values[begin..begin + P]);
    }
}

/// A panel whose rows are in sequence in memory: a transposition, four columns at a time.
#[inline(always)]
fn pack_rows<const P: usize>(matrix: Matrix, first: usize, columns: Range<usize>, packed: &mut Vec<f32>) {
    let row = |i: usize| {
        let begin = (first + i) * matrix.row_stride;
        &matrix.values[begin + columns.start..begin + columns.end]
    };
    let rows: [&[f32]; P] = std::array::from_fn(row);
    let fours = rows.map(|row| row.as_chunks::<4>().0);
    for four in 0..columns.len() / 4 {
        let block = fours.map(|row| row[four]);
        let transposed: [[f32; P]; 4] = std::array::from_fn(|j| std::array::from_fn(|i| block[i][j]));
        packed.extend_from_slice(transposed.as_flattened());
    }
    for column in columns.len() / 4 * 4..columns.len() {
        packed.extend(rows.iter().map(|row| row[column]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_hold_columns_in_sequence_and_are_filled_up_with_zeros() {
        // 5 rows of 6 columns, element (r, c) = 10 r + c.
        let by_rows: Vec<f32> = (0..30).map(|i| (i / 6 * 10 + i % 6) as f32).collect();
        let by_columns: Vec<f32> = (0..30).map(|i| (i % 5 * 10 + i / 5) as f32).collect();
        let expected: Vec<f32> = (1..6)
            .flat_map(|c| (0..4).map(move |r| (10 * r + c) as f32))
            .chain((1..6).flat_map(|c| [40.0 + c as f32, 0.0, 0.0, 0.0]))
            .collect();
        for matrix in [Matrix::rows(&by_rows, 6), Matrix::rows(&by_columns, 5).transposed()] {
            let mut packed = vec![7.0; 3];
            pack::<4>(matrix, 0..5, 1..6, &mut packed);
            assert_eq!(packed, expected);
        }
    }
}
