//! The product of two matrices.
//!
//! Three ideas make it fast; they are those of every library for this (Goto, van de Geijn 2008,
//! <https://doi.org/10.1145/1356052.1356053>):
//!
//! - **Registers.** A tile of 4 × 8 outputs is computed at a time. Its eight accumulators, two vectors of B and one value
//!   of A fit the sixteen vector registers of x86-64 and WebAssembly's compilers; each value that is read takes part in
//!   eight or four products.
//! - **Packing.** The values that tiles read, one after the other, are first copied into that order: the tile reads
//!   memory in sequence, whatever the strides of the matrices were.
//! - **Blocks.** A panel of A of `4 × DEPTH` values (4 KB) stays in the first-level cache while it meets all panels of a
//!   block of B of `DEPTH × COLUMNS` values (512 KB), which stays in the second-level cache while all of A passes. The
//!   output is thereby written along its rows.

use std::cell::RefCell;

use crate::lanes::F32x4;
use crate::pack::pack;
use crate::row_times_matrix::add_row_times_matrix;

/// Rows of a tile.
const TILE_ROWS: usize = 4;
/// Columns of a tile.
const TILE_COLUMNS: usize = 8;
/// Products that a tile sums before it is added to the output.
const DEPTH: usize = 256;
/// Rows of A in a block.
const ROWS: usize = 128;
/// Columns of B in a block.
const COLUMNS: usize = 512;
/// Up to this many rows of A, packing B costs more than it saves.
const FEW_ROWS: usize = 3;

/// A matrix in memory: element (row, column) is `values[row · row_stride + column · column_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// Memory of the elements.
    pub values: &'a [f32],
    /// Distance between rows.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// A matrix whose rows of `columns` values follow one another.
    pub fn rows(values: &'a [f32], columns: usize) -> Self {
        Self { values, row_stride: columns, column_stride: 1 }
    }

    /// The transposed matrix, in the same memory.
    pub fn transposed(self) -> Self {
        Self { values: self.values, row_stride: self.column_stride, column_stride: self.row_stride }
    }

    /// Returns true if memory contains all elements of `rows` × `columns`.
    fn has(self, rows: usize, columns: usize) -> bool {
        rows == 0
            || columns == 0
            || (rows - 1) * self.row_stride + (columns - 1) * self.column_stride < self.values.len()
    }

    /// The rows from `first` on.
    fn below(self, first: usize) -> Self {
        Self { values: self.values.get(first * self.row_stride..).unwrap_or_default(), ..self }
    }
}

thread_local! {
    /// Packed blocks of A and B, kept for the next product.
    static PACKED: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

/// Adds `A · B` to `out`, where A is `[rows, depth]`, B is `[depth, columns]` and `out` is `[rows, columns]`, row by row.
/// The order of the additions depends on the sizes only, so that equal inputs give equal bits.
///
/// # Panics
/// If a matrix is shorter than its shape.
pub fn add_product([rows, depth, columns]: [usize; 3], a: Matrix, b: Matrix, out: &mut [f32]) {
    assert!(a.has(rows, depth) && b.has(depth, columns) && out.len() == rows * columns, "a matrix is too short");
    if rows == 0 || depth == 0 || columns == 0 {
        return;
    }
    if rows <= FEW_ROWS {
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            add_row_times_matrix(depth, a.below(row), b, out);
        }
        return;
    }
    PACKED.with_borrow_mut(|[packed_a, packed_b]| {
        for first_column in (0..columns).step_by(COLUMNS) {
            let block_columns = first_column..(first_column + COLUMNS).min(columns);
            for first in (0..depth).step_by(DEPTH) {
                let depth = first..(first + DEPTH).min(depth);
                pack::<TILE_COLUMNS>(b.transposed(), block_columns.clone(), depth.clone(), packed_b);
                for first_row in (0..rows).step_by(ROWS) {
                    let block_rows = first_row..(first_row + ROWS).min(rows);
                    pack::<TILE_ROWS>(a, block_rows.clone(), depth.clone(), packed_a);
                    let out = &mut out[first_row * columns..block_rows.end * columns];
                    add_block(depth.len(), packed_a, packed_b, block_columns.start, columns, out);
                }
            }
        }
    });
}

/// Adds the product of a packed block of A and a packed block of B to rows of the output, from `first_column` on.
fn add_block(depth: usize, a: &[f32], b: &[f32], first_column: usize, columns: usize, out: &mut [f32]) {
    for (a, out) in a.chunks_exact(depth * TILE_ROWS).zip(out.chunks_mut(TILE_ROWS * columns)) {
        for (j, b) in b.chunks_exact(depth * TILE_COLUMNS).enumerate() {
            let column = first_column + j * TILE_COLUMNS;
            let width = TILE_COLUMNS.min(columns - column);
            let sums = tile(a, b);
            for (sums, out) in sums.iter().zip(out.chunks_exact_mut(columns)) {
                let out = &mut out[column..column + width];
                match out.as_chunks_mut::<4>() {
                    ([low, high], []) => {
                        F32x4::load(low).add(sums[0]).store(low);
                        F32x4::load(high).add(sums[1]).store(high);
                    }
                    _ => {
                        let mut row = [[0.0; 4]; 2];
                        row.iter_mut().zip(sums).for_each(|(values, sum)| sum.store(values));
                        out.iter_mut().zip(row.as_flattened()).for_each(|(out, sum)| *out += sum);
                    }
                }
            }
        }
    }
}

/// A tile of the output: 4 rows of two vectors.
#[inline(always)]
fn tile(a: &[f32], b: &[f32]) -> [[F32x4; 2]; TILE_ROWS] {
    let mut sums = [[F32x4::splat(0.0); 2]; TILE_ROWS];
    let (a, b) = (a.as_chunks::<TILE_ROWS>().0, b.as_chunks::<TILE_COLUMNS>().0);
    for (a, b) in a.iter().zip(b) {
        let b = b.as_chunks::<4>().0;
        let b = [F32x4::load(&b[0]), F32x4::load(&b[1])];
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = F32x4::splat(*a);
            *sums = [sums[0].add_product(a, b[0]), sums[1].add_product(a, b[1])];
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproducible values in −0.5..0.5.
    fn values(len: usize, factor: usize) -> Vec<f32> {
        (0..len).map(|i| (i * factor % 1013) as f32 / 1013.0 - 0.5).collect()
    }

    /// Each output in f64, and the sum of the products' magnitudes, which bounds the error.
    fn plain([rows, depth, columns]: [usize; 3], a: Matrix, b: Matrix) -> Vec<[f64; 2]> {
        let element = |m: Matrix, i: usize, j: usize| f64::from(m.values[i * m.row_stride + j * m.column_stride]);
        let at = |i: usize, j: usize| {
            let products = (0..depth).map(|k| element(a, i, k) * element(b, k, j));
            products.fold([0.0, 0.0], |[sum, size], product| [sum + product, size + product.abs()])
        };
        (0..rows).flat_map(|i| (0..columns).map(move |j| at(i, j))).collect()
    }

    /// Every layout of A and B of one shape, compared with the plain product.
    fn check(shape @ [rows, depth, columns]: [usize; 3]) {
        let (a, b) = (values(rows * depth, 7919), values(depth * columns, 6101));
        let layouts = |values, rows, columns| [Matrix::rows(values, columns), Matrix::rows(values, rows).transposed()];
        for a in layouts(&a, rows, depth) {
            for b in layouts(&b, depth, columns) {
                let mut out = vec![1.0; rows * columns];
                add_product(shape, a, b, &mut out);
                for (out, [sum, size]) in out.iter().zip(plain(shape, a, b)) {
                    let error = (f64::from(*out) - 1.0 - sum).abs();
                    let bound = f64::from(f32::EPSILON) * (depth as f64).sqrt().max(2.0) * (size + 1.0);
                    assert!(error <= bound, "{shape:?}: {error:e} > {bound:e}");
                }
            }
        }
    }

    #[test]
    fn products_of_every_small_size_equal_the_plain_ones() {
        for rows in 0..=9 {
            for depth in [0, 1, 2, 3, 4, 5, 8, 9] {
                for columns in [0, 1, 2, 7, 8, 9, 15, 16, 17] {
                    check([rows, depth, columns]);
                }
            }
        }
    }

    #[test]
    fn products_that_cross_the_edges_of_blocks_equal_the_plain_ones() {
        let around = |block: usize| [block - 1, block, block + 1];
        for (rows, depth, columns) in around(ROWS).into_iter().zip(around(DEPTH)).map(|(r, d)| (r, d, 13)) {
            check([rows, depth, columns]);
        }
        for columns in around(COLUMNS) {
            check([5, 3, columns]);
            check([1, 3, columns]);
        }
        check([2 * ROWS + 3, 2 * DEPTH + 5, 11]);
    }

    #[test]
    fn a_matrix_inside_a_larger_one_is_multiplied_by_its_strides() {
        let (a, b) = (values(400, 7919), values(400, 6101));
        // Every second column of every third row.
        let inside = |values| Matrix { values, row_stride: 60, column_stride: 2 };
        let shape = [6, 5, 7];
        let (a, b) = (inside(&a), Matrix { values: &b, row_stride: 3, column_stride: 20 });
        let mut out = vec![0.0; 42];
        add_product(shape, a, b, &mut out);
        let expected = plain(shape, a, b);
        assert!(out.iter().zip(expected).all(|(out, [sum, _])| (f64::from(*out) - sum).abs() < 1e-6));
    }

    #[test]
    fn nan_and_infinity_reach_exactly_their_rows_and_columns() {
        for rows in [2, 9] {
            let (mut a, b) = (vec![1.0; rows * 5], vec![1.0; 5 * 11]);
            (a[0], a[6]) = (f32::NAN, f32::INFINITY);
            let mut out = vec![0.0; rows * 11];
            add_product([rows, 5, 11], Matrix::rows(&a, 5), Matrix::rows(&b, 11), &mut out);
            assert!(out[..11].iter().all(|value| value.is_nan()));
            assert!(out[11..22].iter().all(|value| *value == f32::INFINITY));
            assert!(out[22..].iter().all(|value| *value == 5.0));
        }
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn a_matrix_shorter_than_its_shape_is_refused() {
        let values = [0.0; 11];
        add_product([4, 3, 4], Matrix::rows(&values, 3), Matrix::rows(&values, 4), &mut [0.0; 16]);
    }
}
