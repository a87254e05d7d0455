//! Norms over the last dimension: one workgroup for each row.

use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use hone_kernels::DropoutMask;

use crate::ops::cube::dropout::{Mask, argument, factor};
use crate::ops::cube::reduce::sum_of_units;
use crate::ops::cube::{cubes_of_rows, empty, rows_and_size};

/// Units that share a row.
const UNITS: u32 = 64;
/// Columns and rows of the workgroups that sum over rows.
const COLUMNS: u32 = 32;
const ROWS: u32 = 8;

/// The norm of `x`; of `x + dropout(y)` if it `is_sum`.
#[cube(launch)]
fn layer_norm_kernel(
    x: &Tensor<f32>,
    y: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    out: &mut Tensor<f32>,
    normal: &mut Tensor<f32>,
    scales: &mut Tensor<f32>,
    mask: Mask,
    eps: f32,
    rows: usize,
    size: usize,
    #[comptime] is_sum: bool,
    #[comptime] is_dropping: bool,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let mut sum = 0.0f32;
        let mut i = UNIT_POS as usize;
        while i < size {
            let mut value = x[begin + i];
            if comptime!(is_sum) {
                value += y[begin + i] * factor(&mask, begin + i, is_dropping);
            }
            normal[begin + i] = value;
            sum += value;
            i += step;
        }
        let mean = sum_of_units(&mut shared, sum, units) / f32::cast_from(size);
        let mut squares = 0.0f32;
        i = UNIT_POS as usize;
        while i < size {
            let centered = normal[begin + i] - mean;
            squares += centered * centered;
            i += step;
        }
        let variance = sum_of_units(&mut shared, squares, units) / f32::cast_from(size);
        let scale = 1.0 / (variance + eps).sqrt();
        i = UNIT_POS as usize;
        while i < size {
            let value = (normal[begin + i] - mean) * scale;
            normal[begin + i] = value;
            out[begin + i] = value * gamma[i] + beta[i];
            i += step;
        }
        if UNIT_POS == 0 {
            scales[row] = scale;
        }
        row += CUBE_COUNT;
    }
}

#[cube(launch)]
fn rms_norm_kernel(
    x: &Tensor<f32>,
    gamma: &Tensor<f32>,
    y: &mut Tensor<f32>,
    normal: &mut Tensor<f32>,
    scales: &mut Tensor<f32>,
    eps: f32,
    rows: usize,
    size: usize,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let mut squares = 0.0f32;
        let mut i = UNIT_POS as usize;
        while i < size {
            let value = x[begin + i];
            squares += value * value;
            i += step;
        }
        let square = sum_of_units(&mut shared, squares, units) / f32::cast_from(size);
        let scale = 1.0 / (square + eps).sqrt();
        i = UNIT_POS as usize;
        while i < size {
            let value = x[begin + i] * scale;
            normal[begin + i] = value;
            y[begin + i] = value * gamma[i];
            i += step;
        }
        if UNIT_POS == 0 {
            scales[row] = scale;
        }
        row += CUBE_COUNT;
    }
}

/// The gradient of the input. A layer norm subtracts the mean (`is_centered`), an RMS norm does not. After dropout
/// (`is_dropping`), also the gradient of what was dropped.
#[cube(launch)]
fn backward_kernel(
    normal: &Tensor<f32>,
    scales: &Tensor<f32>,
    gamma: &Tensor<f32>,
    grad: &Tensor<f32>,
    out: &mut Tensor<f32>,
    for_dropped: &mut Tensor<f32>,
    mask: Mask,
    rows: usize,
    size: usize,
    #[comptime] is_centered: bool,
    #[comptime] is_dropping: bool,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let step = units as usize;
    let mut row = CUBE_POS;
    while row < rows {
        let begin = row * size;
        let mut sum = 0.0f32;
        let mut product = 0.0f32;
        let mut i = UNIT_POS as usize;
        while i < size {
            let scaled = grad[begin + i] * gamma[i];
            sum += scaled;
            product += scaled * normal[begin + i];
            i += step;
        }
        let along = sum_of_units(&mut shared, product, units) / f32::cast_from(size);
        let mut mean = 0.0f32;
        if comptime!(is_centered) {
            mean = sum_of_units(&mut shared, sum, units) / f32::cast_from(size);
        }
        let scale = scales[row];
        i = UNIT_POS as usize;
        while i < size {
            let value = (grad[begin + i] * gamma[i] - mean - normal[begin + i] * along) * scale;
            out[begin + i] = value;
            if comptime!(is_dropping) {
                for_dropped[begin + i] = value * factor(&mask, begin + i, is_dropping);
            }
            i += step;
        }
        row += CUBE_COUNT;
    }
}

/// The gradients of gamma and beta: sums over all rows. A workgroup has `COLUMNS` columns, and `ROWS` units share each.
#[cube(launch)]
fn columns_kernel(
    normal: &Tensor<f32>,
    grad: &Tensor<f32>,
    for_gamma: &mut Tensor<f32>,
    for_beta: &mut Tensor<f32>,
    rows: usize,
    size: usize,
) {
    let units = comptime!((COLUMNS * ROWS) as usize);
    let mut gammas = Shared::<[f32]>::new_slice(units);
    let mut betas = Shared::<[f32]>::new_slice(units);
    let column = (CUBE_POS_X * COLUMNS + UNIT_POS_X) as usize;
    let mut gamma = 0.0f32;
    let mut beta = 0.0f32;
    if column < size {
        let mut row = UNIT_POS_Y as usize;
        while row < rows {
            let at = row * size + column;
            gamma += grad[at] * normal[at];
            beta += grad[at];
            row += ROWS as usize;
        }
    }
    gammas[UNIT_POS as usize] = gamma;
    betas[UNIT_POS as usize] = beta;
    sync_cube();
    if UNIT_POS_Y == 0 && column < size {
        let mut unit = (UNIT_POS_X + COLUMNS) as usize;
        while unit < units {
            gamma += gammas[unit];
            beta += betas[unit];
            unit += COLUMNS as usize;
        }
        for_gamma[column] = gamma;
        for_beta[column] = beta;
    }
}

/// The norm of `x`, or of `x + dropout(y)`: the output, the normalized input and 1 / deviation `[.., 1]`.
pub(super) fn layer_norm(
    x: CubeTensor,
    y: Option<CubeTensor>,
    mask: Option<DropoutMask>,
    gamma: CubeTensor,
    beta: CubeTensor,
    eps: f32,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [x, gamma, beta] = [x, gamma, beta].map(into_contiguous);
    let is_sum = y.is_some();
    let y = into_contiguous(y.unwrap_or_else(|| x.clone()));
    let Rows { rows, size, out, normal, scales } = Rows::of(&x);
    layer_norm_kernel::launch(
        &out.client,
        cubes_of_rows(rows),
        CubeDim::new_1d(UNITS),
        x.into_tensor_arg(),
        y.into_tensor_arg(),
        gamma.into_tensor_arg(),
        beta.into_tensor_arg(),
        out.clone().into_tensor_arg(),
        normal.clone().into_tensor_arg(),
        scales.clone().into_tensor_arg(),
        argument(mask),
        eps,
        rows,
        size,
        is_sum,
        mask.is_some(),
        UNITS,
    );
    (out, normal, scales)
}

/// The output, the input divided by its root mean square, and 1 / root mean square `[.., 1]`.
pub(super) fn rms_norm(x: CubeTensor, gamma: CubeTensor, eps: f32) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [x, gamma] = [x, gamma].map(into_contiguous);
    let Rows { rows, size, out, normal, scales } = Rows::of(&x);
    rms_norm_kernel::launch(
        &out.client,
        cubes_of_rows(rows),
        CubeDim::new_1d(UNITS),
        x.into_tensor_arg(),
        gamma.into_tensor_arg(),
        out.clone().into_tensor_arg(),
        normal.clone().into_tensor_arg(),
        scales.clone().into_tensor_arg(),
        eps,
        rows,
        size,
        UNITS,
    );
    (out, normal, scales)
}

/// Gradients of the input, gamma and beta.
pub(super) fn layer_norm_backward(
    normal: CubeTensor,
    scale: CubeTensor,
    gamma: CubeTensor,
    grad: CubeTensor,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let (for_x, _, for_gamma, for_beta) = backward(normal, scale, gamma, grad, None, true);
    (for_x, for_gamma, for_beta)
}

/// Gradients of `x`, `y`, gamma and beta of the norm of `x + dropout(y)`.
pub(super) fn norm_of_sum_backward(
    normal: CubeTensor,
    scale: CubeTensor,
    gamma: CubeTensor,
    grad: CubeTensor,
    mask: Option<DropoutMask>,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    backward(normal, scale, gamma, grad, mask, true)
}

/// Gradients of the input and gamma.
pub(super) fn rms_norm_backward(
    normal: CubeTensor,
    scale: CubeTensor,
    gamma: CubeTensor,
    grad: CubeTensor,
) -> (CubeTensor, CubeTensor) {
    let (for_x, _, for_gamma, _) = backward(normal, scale, gamma, grad, None, false);
    (for_x, for_gamma)
}

fn backward(
    normal: CubeTensor,
    scale: CubeTensor,
    gamma: CubeTensor,
    grad: CubeTensor,
    mask: Option<DropoutMask>,
    is_centered: bool,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let [normal, scale, gamma, grad] = [normal, scale, gamma, grad].map(into_contiguous);
    let (rows, size) = rows_and_size(&grad);
    let out = empty(&grad, grad.meta.shape().clone());
    // A buffer may be bound for writing once only.
    let for_dropped = empty(&grad, if mask.is_some() { grad.meta.shape().clone() } else { Shape::from([1]) });
    let [for_gamma, for_beta] = [(); 2].map(|()| empty(&grad, Shape::from([size])));
    backward_kernel::launch(
        &out.client,
        cubes_of_rows(rows),
        CubeDim::new_1d(UNITS),
        normal.clone().into_tensor_arg(),
        scale.into_tensor_arg(),
        gamma.into_tensor_arg(),
        grad.clone().into_tensor_arg(),
        out.clone().into_tensor_arg(),
        for_dropped.clone().into_tensor_arg(),
        argument(mask),
        rows,
        size,
        is_centered,
        mask.is_some(),
        UNITS,
    );
    columns_kernel::launch(
        &out.client,
        CubeCount::Static((size as u32).div_ceil(COLUMNS), 1, 1),
        CubeDim::new_2d(COLUMNS, ROWS),
        normal.into_tensor_arg(),
        grad.into_tensor_arg(),
        for_gamma.clone().into_tensor_arg(),
        for_beta.clone().into_tensor_arg(),
        rows,
        size,
    );
    let for_dropped = if mask.is_some() { for_dropped } else { out.clone() };
    (out, for_dropped, for_gamma, for_beta)
}

/// The outputs of a norm.
struct Rows {
    rows: usize,
    size: usize,
    out: CubeTensor,
    normal: CubeTensor,
    scales: CubeTensor,
}

impl Rows {
    fn of(x: &CubeTensor) -> Self {
        let (rows, size) = rows_and_size(x);
        let shape = x.meta.shape().clone();
        let mut scale_shape = shape.as_slice().to_vec();
        if let Some(last) = scale_shape.last_mut() {
            *last = 1;
        }
        let (out, normal) = (empty(x, shape.clone()), empty(x, shape));
        Self { rows, size, out, normal, scales: empty(x, Shape::from(scale_shape)) }
    }
}
