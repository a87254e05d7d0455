//! Products of matrices. A browser checks every index into memory before it is used, also those into a unit's own arrays,
//! and burn's kernels, which hold their tiles in such arrays, then take twenty to thirty times as long (docs/speed.md).
//! This kernel indexes a unit's arrays by constants, which need no check, and has a workgroup for each small part of the
//! output, because the matrices of small models have few large ones.

use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::cube::{MAX_CUBES, empty};

/// Rows and columns of the output that a workgroup computes.
const TILE: usize = 32;
/// Columns of `x` and rows of `y` that a workgroup has in shared memory at a time.
const DEPTH: usize = 16;
/// Distance between rows of shared memory: odd, so that values of a column lie in different banks.
const PITCH: usize = TILE + 1;
/// Units along each side of a tile.
const UNITS: usize = 8;
/// Rows and columns of the output that a unit computes.
const SIDE: usize = TILE / UNITS;
/// Values of a tile that a unit copies into shared memory.
const COPIES: usize = TILE * DEPTH / (UNITS * UNITS);

/// Copies a unit's share of the tile that begins at `first` and `k` out of a matrix into shared memory, with zeros beyond
/// the matrix.
#[cube]
fn copy_tile(
    matrix: &Tensor<f32>,
    tile: &mut Shared<[f32]>,
    begin: usize,
    first: usize,
    k: usize,
    lines: usize,
    depth: usize,
    line_step: usize,
    k_step: usize,
    #[comptime] is_along_lines: bool,
) {
    #[unroll]
    for copy in 0..COPIES {
        let (line, in_tile) = place(copy, is_along_lines);
        let mut value = 0.0f32;
        if first + line < lines && k + in_tile < depth {
            value = matrix[begin + (first + line) * line_step + (k + in_tile) * k_step];
        }
        tile[in_tile * PITCH + line] = value;
    }
}

/// Row of `x` or column of `y`, and depth, of a unit's value number `copy`, within a tile. Neighboring units read
/// neighboring values.
#[cube]
fn place(#[comptime] copy: usize, #[comptime] is_along_lines: bool) -> (usize, usize) {
    let i = copy * UNITS * UNITS + UNIT_POS as usize;
    if comptime!(is_along_lines) { (i % TILE, i / TILE) } else { (i / DEPTH, i % DEPTH) }
}

/// With `has_sums`, also the sums of the columns of `y`: as `xᵀ · y` is the gradient of a layer's weight, these are the
/// gradient of its bias.
#[cube(launch)]
fn product_kernel(
    x: &Tensor<f32>,
    y: &Tensor<f32>,
    bias: &Tensor<f32>,
    out: &mut Tensor<f32>,
    sums_of_y: &mut Tensor<f32>,
    rows: usize,
    depth: usize,
    columns: usize,
    matrices: usize,
    inner: usize,
    x_outer: usize,
    x_inner: usize,
    x_row: usize,
    x_column: usize,
    y_outer: usize,
    y_inner: usize,
    y_row: usize,
    y_column: usize,
    #[comptime] is_x_transposed: bool,
    #[comptime] is_y_transposed: bool,
    #[comptime] has_bias: bool,
    #[comptime] has_sums: bool,
) {
    let mut xs = Shared::<[f32]>::new_slice(comptime!(DEPTH * PITCH));
    let mut ys = Shared::<[f32]>::new_slice(comptime!(DEPTH * PITCH));
    let unit_row = UNIT_POS as usize / UNITS;
    let unit_column = UNIT_POS as usize % UNITS;
    let first_row = CUBE_POS_Y as usize * TILE;
    let first_column = CUBE_POS_X as usize * TILE;
    let (x_across, y_across) = comptime!((is_x_transposed, !is_y_transposed));
    let mut matrix = CUBE_POS_Z as usize;
    while matrix < matrices {
        let x_begin = matrix / inner * x_outer + matrix % inner * x_inner;
        let y_begin = matrix / inner * y_outer + matrix % inner * y_inner;
        let mut sums = Array::<f32>::new(comptime!(SIDE * SIDE));
        #[unroll]
        for i in 0..SIDE * SIDE {
            sums[i] = 0.0;
        }
        let mut column_sums = Array::<f32>::new(SIDE);
        #[unroll]
        for j in 0..SIDE {
            column_sums[j] = 0.0;
        }
        let mut begin = 0usize.runtime();
        while begin < depth {
            copy_tile(x, &mut xs, x_begin, first_row, begin, rows, depth, x_row, x_column, x_across);
            copy_tile(y, &mut ys, y_begin, first_column, begin, columns, depth, y_column, y_row, y_across);
            sync_cube();
            let mut k = 0usize.runtime();
            while k < DEPTH {
                let mut left = Array::<f32>::new(SIDE);
                let mut right = Array::<f32>::new(SIDE);
                #[unroll]
                for i in 0..SIDE {
                    left[i] = xs[k * PITCH + unit_row + i * UNITS];
                    right[i] = ys[k * PITCH + unit_column + i * UNITS];
                }
                #[unroll]
                for i in 0..SIDE {
                    #[unroll]
                    for j in 0..SIDE {
                        sums[i * SIDE + j] += left[i] * right[j];
                    }
                }
                if comptime!(has_sums) {
                    #[unroll]
                    for j in 0..SIDE {
                        column_sums[j] += right[j];
                    }
                }
                k += 1;
            }
            sync_cube();
            begin += DEPTH;
        }
        #[unroll]
        for i in 0..SIDE {
            #[unroll]
            for j in 0..SIDE {
                let row = first_row + unit_row + i * UNITS;
                let column = first_column + unit_column + j * UNITS;
                if row < rows && column < columns {
                    let mut value = sums[i * SIDE + j];
                    if comptime!(has_bias) {
                        value += bias[column];
                    }
                    out[(matrix * rows + row) * columns + column] = value;
                }
            }
        }
        if comptime!(has_sums) {
            #[unroll]
            for j in 0..SIDE {
                let column = first_column + unit_column + j * UNITS;
                if first_row + unit_row == 0 && column < columns {
                    sums_of_y[column] = column_sums[j];
                }
            }
        }
        matrix += CUBE_COUNT_Z as usize;
    }
}

/// `x · y + bias` along the last two dimensions, of which there are at most four: `[.., rows, depth]` and `[.., depth,
/// columns]` to `[.., rows, columns]`. The other dimensions are the same in both. `bias` is `[columns]`.
pub(super) fn product(x: CubeTensor, y: CubeTensor, bias: Option<CubeTensor>) -> CubeTensor {
    launch(x, y, bias, None)
}

/// `x · y` `[rows, columns]`, and the sums of the columns of `y` `[columns]`.
pub(super) fn product_and_sums(x: CubeTensor, y: CubeTensor) -> (CubeTensor, CubeTensor) {
    let sums = empty(&y, Shape::from([y.meta.shape().as_slice()[1]]));
    (launch(x, y, None, Some(sums.clone())), sums)
}

fn launch(x: CubeTensor, y: CubeTensor, bias: Option<CubeTensor>, sums_of_y: Option<CubeTensor>) -> CubeTensor {
    let (left, right) = (Matrices::of(&x), Matrices::of(&y));
    let [outer, inner, rows, depth] = left.dims;
    let [.., columns] = right.dims;
    let mut shape = x.meta.shape().as_slice().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = columns;
    }
    let out = empty(&x, Shape::from(shape));
    let (has_bias, has_sums) = (bias.is_some(), sums_of_y.is_some());
    let tiles = |size: usize| size.div_ceil(TILE) as u32;
    product_kernel::launch(
        &out.client,
        CubeCount::Static(tiles(columns), tiles(rows), (outer * inner).min(MAX_CUBES) as u32),
        CubeDim::new_1d((UNITS * UNITS) as u32),
        x.clone().into_tensor_arg(),
        y.into_tensor_arg(),
        bias.unwrap_or(x).into_tensor_arg(),
        out.clone().into_tensor_arg(),
        // A buffer may be bound for writing once only.
        sums_of_y.unwrap_or_else(|| empty(&out, Shape::from([1]))).into_tensor_arg(),
        rows,
        depth,
        columns,
        outer * inner,
        inner,
        left.steps[0],
        left.steps[1],
        left.steps[2],
        left.steps[3],
        right.steps[0],
        right.steps[1],
        right.steps[2],
        right.steps[3],
        left.is_transposed(),
        right.is_transposed(),
        has_bias,
        has_sums,
    );
    out
}

/// A tensor as matrices in two further dimensions.
struct Matrices {
    dims: [usize; 4],
    /// Distance in memory between neighbors along each dimension.
    steps: [usize; 4],
}

impl Matrices {
    fn of(tensor: &CubeTensor) -> Self {
        let (shape, strides) = (tensor.meta.shape().as_slice(), tensor.meta.strides());
        let mut matrices = Self { dims: [1; 4], steps: [0; 4] };
        let missing = 4 - shape.len();
        for (dim, &size) in shape.iter().enumerate() {
            matrices.dims[missing + dim] = size;
            matrices.steps[missing + dim] = strides[dim];
        }
        matrices
    }

    fn is_transposed(&self) -> bool {
        self.steps[2] < self.steps[3]
    }
}
