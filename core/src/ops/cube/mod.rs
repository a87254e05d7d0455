//! The operations on a GPU, as kernels in CubeCL. Each equals its plain definition in `fused`, up to the order of sums;
//! the device's self-check compares both. All tensors are f32.

#![allow(clippy::too_many_arguments, reason = "a kernel binds buffers one by one")]

mod adamw;
mod attention;
mod dropout;
mod norm;
mod product;
mod reduce;
mod rotary;
mod squared_norms;

use burn::backend::ops::FloatTensorOps;
use burn::backend::wgpu::CubeBackend;
use burn::tensor::Shape;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeCount;
use hone_kernels::DropoutMask;

use crate::ops::fused::FusedOps;
use crate::ops::operands::{AdamWInput, AdamWOutput, GradientGroup, NormSlots};

/// Workgroups of a dispatch at most; a kernel with more to do takes several turns. WebGPU allows 65,535 in a dimension.
const MAX_CUBES: usize = 1 << 15;

impl FusedOps for CubeBackend {
    fn product(x: CubeTensor, weight: CubeTensor) -> CubeTensor {
        product::product(x, weight, None)
    }

    fn linear_of_rows(x: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
        product::product(x, weight, Some(into_contiguous(bias)))
    }

    fn products(x: CubeTensor, y: CubeTensor) -> CubeTensor {
        product::product(x, y, None)
    }

    fn weight_and_bias_gradients(x: CubeTensor, grad: CubeTensor) -> (CubeTensor, CubeTensor) {
        product::product_and_sums(Self::float_swap_dims(x, 0, 1), grad)
    }

    fn rotated_heads(x: CubeTensor, cos: CubeTensor, sin: CubeTensor) -> CubeTensor {
        rotary::rotated_heads(x, cos, sin)
    }

    fn rotated_heads_backward(grad: CubeTensor, cos: CubeTensor, sin: CubeTensor) -> CubeTensor {
        rotary::rotated_heads_backward(grad, cos, sin)
    }

    fn dropout(x: CubeTensor, mask: DropoutMask) -> CubeTensor {
        dropout::dropout(x, mask)
    }

    fn add_dropped(x: CubeTensor, y: CubeTensor, mask: DropoutMask) -> CubeTensor {
        dropout::add_dropped(x, y, mask)
    }

    fn contiguous(x: CubeTensor) -> CubeTensor {
        into_contiguous(x)
    }

    fn norm_last_kept(
        x: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        eps: f64,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        norm::layer_norm(x, None, None, gamma, beta, eps as f32)
    }

    fn norm_last_backward(
        normal: CubeTensor,
        scale: CubeTensor,
        gamma: CubeTensor,
        grad: CubeTensor,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        norm::layer_norm_backward(normal, scale, gamma, grad)
    }

    fn norm_of_sum_kept(
        x: CubeTensor,
        y: CubeTensor,
        mask: Option<DropoutMask>,
        gamma: CubeTensor,
        beta: CubeTensor,
        eps: f64,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        norm::layer_norm(x, Some(y), mask, gamma, beta, eps as f32)
    }

    fn norm_of_sum_backward(
        normal: CubeTensor,
        scale: CubeTensor,
        gamma: CubeTensor,
        grad: CubeTensor,
        mask: Option<DropoutMask>,
    ) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
        norm::norm_of_sum_backward(normal, scale, gamma, grad, mask)
    }

    fn rms_last_kept(x: CubeTensor, gamma: CubeTensor, eps: f64) -> (CubeTensor, CubeTensor, CubeTensor) {
        norm::rms_norm(x, gamma, eps as f32)
    }

    fn rms_last_backward(
        normal: CubeTensor,
        scale: CubeTensor,
        gamma: CubeTensor,
        grad: CubeTensor,
    ) -> (CubeTensor, CubeTensor) {
        norm::rms_norm_backward(normal, scale, gamma, grad)
    }

    fn squared_norms(scalars: CubeTensor, gradients: GradientGroup<Self>, slots: NormSlots) -> CubeTensor {
        squared_norms::squared_norms(scalars, gradients.into_array(), slots)
    }

    fn adamw(input: AdamWInput<Self>) -> AdamWOutput<Self> {
        adamw::one(input)
    }

    fn adamw_two(first: AdamWInput<Self>, second: AdamWInput<Self>) -> (AdamWOutput<Self>, AdamWOutput<Self>) {
        adamw::two(first, second)
    }
}

/// A new tensor on the device of `like`.
fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, like.dtype)
}

/// A tensor of the same values that may be overwritten: the tensor itself, if nothing else refers to its memory.
fn to_overwrite(tensor: CubeTensor) -> CubeTensor {
    let tensor = into_contiguous(tensor);
    if tensor.can_mut() { tensor } else { tensor.copy() }
}

/// Number and size of the rows along the last dimension.
fn rows_and_size(x: &CubeTensor) -> (usize, usize) {
    let size = x.meta.shape().as_slice().last().copied().unwrap_or(1).max(1);
    (len(x) / size, size)
}

/// Workgroups of `units` that handle one value a unit.
fn cubes_of_values(len: usize, units: u32) -> CubeCount {
    CubeCount::Static(len.div_ceil(units as usize).min(MAX_CUBES) as u32, 1, 1)
}

/// One workgroup for each row.
fn cubes_of_rows(rows: usize) -> CubeCount {
    CubeCount::Static(rows.clamp(1, MAX_CUBES) as u32, 1, 1)
}

fn len(tensor: &CubeTensor) -> usize {
    tensor.meta.shape().num_elements()
}
