//! Dropout: each unit computes whether its value is dropped.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;
use hone_kernels::DropoutMask;

use crate::ops::cube::{cubes_of_values, empty, len};

const UNITS: u32 = 256;

/// A [`DropoutMask`].
#[derive(CubeType, CubeLaunch)]
pub(super) struct Mask {
    seed_0: u32,
    seed_1: u32,
    threshold: u32,
    scale: f32,
}

/// The mask as an argument of a kernel. Without one, the kernel does not look at it.
pub(super) fn argument(mask: Option<DropoutMask>) -> MaskLaunch {
    let DropoutMask { seed, threshold, scale } = mask.unwrap_or(DropoutMask { seed: [0; 2], threshold: 0, scale: 1.0 });
    MaskLaunch::new(seed[0], seed[1], threshold, scale)
}

/// [`DropoutMask::factor`]; 1 if the kernel `is_dropping` nothing.
#[cube]
pub(super) fn factor(mask: &Mask, i: usize, #[comptime] is_dropping: bool) -> f32 {
    let mut factor = 1.0f32;
    if comptime!(is_dropping) {
        let mut bits = u32::cast_from(i) + mask.seed_0;
        bits = (bits ^ (bits >> 17u32) ^ mask.seed_1) * 0xED5A_D4BBu32;
        bits = (bits ^ (bits >> 11u32)) * 0xAC4C_1B51u32;
        bits = (bits ^ (bits >> 15u32)) * 0x3184_8BABu32;
        factor = select((bits ^ (bits >> 14u32)) >= mask.threshold, mask.scale, 0.0);
    }
    factor
}

/// `x` after dropout, plus `base` if it `is_sum`.
#[cube(launch)]
fn dropout_kernel(
    base: &Tensor<f32>,
    x: &Tensor<f32>,
    out: &mut Tensor<f32>,
    mask: Mask,
    len: usize,
    #[comptime] is_sum: bool,
) {
    let mut i = ABSOLUTE_POS;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while i < len {
        let mut value = x[i] * factor(&mask, i, true);
        if comptime!(is_sum) {
            value += base[i];
        }
        out[i] = value;
        i += step;
    }
}

pub(super) fn dropout(x: CubeTensor, mask: DropoutMask) -> CubeTensor {
    launch(x.clone(), x, mask, false)
}

/// `x + dropout(y)`.
pub(super) fn add_dropped(x: CubeTensor, y: CubeTensor, mask: DropoutMask) -> CubeTensor {
    launch(x, y, mask, true)
}

fn launch(base: CubeTensor, x: CubeTensor, mask: DropoutMask, is_sum: bool) -> CubeTensor {
    let [base, x] = [base, x].map(into_contiguous);
    let (out, len) = (empty(&x, x.meta.shape().clone()), len(&x));
    dropout_kernel::launch(
        &out.client,
        cubes_of_values(len, UNITS),
        CubeDim::new_1d(UNITS),
        base.into_tensor_arg(),
        x.into_tensor_arg(),
        out.clone().into_tensor_arg(),
        argument(Some(mask)),
        len,
        is_sum,
    );
    out
}
