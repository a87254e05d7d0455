//! AdamW for two weights at a time, in place: four buffers each.

use burn::backend::wgpu::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use hone_kernels::AdamWStep;

use crate::ops::cube::{MAX_CUBES, len, to_overwrite};
use crate::ops::operands::{AdamWInput, AdamWOutput};

const UNITS: u32 = 256;

/// The coefficients of a step, and the number of the weight's values.
#[derive(CubeType, CubeLaunch)]
struct Coefficients {
    len: usize,
    beta1: f32,
    beta2: f32,
    eps: f32,
    for_mean: f32,
    for_square: f32,
    keep: f32,
    rate: f32,
    root_factor: f32,
}

fn coefficients(step: AdamWStep, len: usize) -> CoefficientsLaunch {
    let AdamWStep { beta1, beta2, eps, scale, keep, rate, bias2_root } = step;
    let (for_mean, for_square) = ((1.0 - beta1) * scale, (1.0 - beta2) * scale * scale);
    CoefficientsLaunch::new(len, beta1, beta2, eps, for_mean, for_square, keep, rate, 1.0 / bias2_root)
}

#[cube]
fn update(
    weight: &mut Tensor<f32>,
    gradient: &Tensor<f32>,
    mean: &mut Tensor<f32>,
    square: &mut Tensor<f32>,
    step: &Coefficients,
) {
    let mut i = (CUBE_POS_X * CUBE_DIM_X + UNIT_POS_X) as usize;
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while i < step.len {
        let slope = gradient[i];
        let new_mean = mean[i] * step.beta1 + slope * step.for_mean;
        let new_square = square[i] * step.beta2 + slope * slope * step.for_square;
        let change = new_mean / (new_square.sqrt() * step.root_factor + step.eps);
        mean[i] = new_mean;
        square[i] = new_square;
        weight[i] = weight[i] * step.keep - change * step.rate;
        i += stride;
    }
}

#[cube(launch)]
fn one_kernel(
    weight: &mut Tensor<f32>,
    gradient: &Tensor<f32>,
    mean: &mut Tensor<f32>,
    square: &mut Tensor<f32>,
    step: Coefficients,
) {
    update(weight, gradient, mean, square, &step);
}

/// The workgroups (x, 0) update the first weight, (x, 1) the second.
#[cube(launch)]
fn two_kernel(
    weight_0: &mut Tensor<f32>,
    gradient_0: &Tensor<f32>,
    mean_0: &mut Tensor<f32>,
    square_0: &mut Tensor<f32>,
    step_0: Coefficients,
    weight_1: &mut Tensor<f32>,
    gradient_1: &Tensor<f32>,
    mean_1: &mut Tensor<f32>,
    square_1: &mut Tensor<f32>,
    step_1: Coefficients,
) {
    if CUBE_POS_Y == 0 {
        update(weight_0, gradient_0, mean_0, square_0, &step_0);
    } else {
        update(weight_1, gradient_1, mean_1, square_1, &step_1);
    }
}

pub(super) fn one(input: AdamWInput<CubeBackend>) -> AdamWOutput<CubeBackend> {
    let (out, gradient, step, len) = prepared(input);
    one_kernel::launch(
        &gradient.client.clone(),
        CubeCount::Static(cubes(len), 1, 1),
        CubeDim::new_1d(UNITS),
        out.weight.clone().into_tensor_arg(),
        gradient.into_tensor_arg(),
        out.mean.clone().into_tensor_arg(),
        out.square.clone().into_tensor_arg(),
        coefficients(step, len),
    );
    out
}

pub(super) fn two(
    first: AdamWInput<CubeBackend>,
    second: AdamWInput<CubeBackend>,
) -> (AdamWOutput<CubeBackend>, AdamWOutput<CubeBackend>) {
    let (out_0, gradient_0, step_0, len_0) = prepared(first);
    let (out_1, gradient_1, step_1, len_1) = prepared(second);
    two_kernel::launch(
        &gradient_0.client.clone(),
        CubeCount::Static(cubes(len_0.max(len_1)), 2, 1),
        CubeDim::new_1d(UNITS),
        out_0.weight.clone().into_tensor_arg(),
        gradient_0.into_tensor_arg(),
        out_0.mean.clone().into_tensor_arg(),
        out_0.square.clone().into_tensor_arg(),
        coefficients(step_0, len_0),
        out_1.weight.clone().into_tensor_arg(),
        gradient_1.into_tensor_arg(),
        out_1.mean.clone().into_tensor_arg(),
        out_1.square.clone().into_tensor_arg(),
        coefficients(step_1, len_1),
    );
    (out_0, out_1)
}

/// The tensors to overwrite, the gradient, the coefficients and the number of values.
fn prepared(input: AdamWInput<CubeBackend>) -> (AdamWOutput<CubeBackend>, CubeTensor, AdamWStep, usize) {
    let AdamWInput { weight, gradient, mean, square, step } = input;
    let [weight, mean, square] = [weight, mean, square].map(to_overwrite);
    let len = len(&weight);
    (AdamWOutput { weight, mean, square }, into_contiguous(gradient), step, len)
}

fn cubes(len: usize) -> u32 {
    len.div_ceil(UNITS as usize).min(MAX_CUBES) as u32
}
