//! Squared norms of several gradients.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::ops::cube::reduce::sum_of_units;
use crate::ops::cube::{len, to_overwrite};
use crate::ops::operands::{GRADIENTS, NormSlots};

const UNITS: u32 = 256;

/// The squares of a part of a gradient that fall to this unit. The parts are the workgroups along x.
#[cube]
fn squares_of_unit(values: &Tensor<f32>, len: usize) -> f32 {
    let mut sum = 0.0f32;
    let mut i = (CUBE_POS_X * CUBE_DIM_X + UNIT_POS_X) as usize;
    let step = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    while i < len {
        let value = values[i];
        sum += value * value;
        i += step;
    }
    sum
}

/// Workgroup (x, y) sums part x of gradient y.
#[cube(launch)]
fn squared_norms_kernel(
    scalars: &mut Tensor<f32>,
    gradient_0: &Tensor<f32>,
    gradient_1: &Tensor<f32>,
    gradient_2: &Tensor<f32>,
    gradient_3: &Tensor<f32>,
    gradient_4: &Tensor<f32>,
    gradient_5: &Tensor<f32>,
    gradient_6: &Tensor<f32>,
    len_0: usize,
    len_1: usize,
    len_2: usize,
    len_3: usize,
    len_4: usize,
    len_5: usize,
    len_6: usize,
    begin: usize,
    #[comptime] units: u32,
) {
    let mut shared = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let mut sum = 0.0f32;
    if CUBE_POS_Y == 0 {
        sum += squares_of_unit(gradient_0, len_0);
    } else if CUBE_POS_Y == 1 {
        sum += squares_of_unit(gradient_1, len_1);
    } else if CUBE_POS_Y == 2 {
        sum += squares_of_unit(gradient_2, len_2);
    } else if CUBE_POS_Y == 3 {
        sum += squares_of_unit(gradient_3, len_3);
    } else if CUBE_POS_Y == 4 {
        sum += squares_of_unit(gradient_4, len_4);
    } else if CUBE_POS_Y == 5 {
        sum += squares_of_unit(gradient_5, len_5);
    } else {
        sum += squares_of_unit(gradient_6, len_6);
    }
    let sum = sum_of_units(&mut shared, sum, units);
    if UNIT_POS == 0 {
        scalars[begin + (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) as usize] = sum;
    }
}

pub(super) fn squared_norms(scalars: CubeTensor, gradients: [CubeTensor; GRADIENTS], slots: NormSlots) -> CubeTensor {
    let (client, scalars) = (scalars.client.clone(), to_overwrite(scalars));
    let gradients = gradients.map(into_contiguous);
    let lens = gradients.each_ref().map(len);
    let [g0, g1, g2, g3, g4, g5, g6] = gradients.map(CubeTensor::into_tensor_arg);
    let [len_0, len_1, len_2, len_3, len_4, len_5, len_6] = lens;
    squared_norms_kernel::launch(
        &client,
        CubeCount::Static(slots.parts as u32, slots.gradients as u32, 1),
        CubeDim::new_1d(UNITS),
        scalars.clone().into_tensor_arg(),
        g0,
        g1,
        g2,
        g3,
        g4,
        g5,
        g6,
        len_0,
        len_1,
        len_2,
        len_3,
        len_4,
        len_5,
        len_6,
        slots.begin,
        UNITS,
    );
    scalars
}
