//! Sums and maxima over the units of a workgroup.

use cubecl::prelude::*;

/// The sum of the units' values, for each of them. `units` is a power of two.
#[cube]
pub(super) fn sum_of_units(shared: &mut Shared<[f32]>, value: f32, #[comptime] units: u32) -> f32 {
    shared[UNIT_POS as usize] = value;
    sync_cube();
    let mut half = (units / 2).runtime();
    while half > 0 {
        if UNIT_POS < half {
            let other = shared[(UNIT_POS + half) as usize];
            shared[UNIT_POS as usize] += other;
        }
        sync_cube();
        half /= 2;
    }
    let sum = shared[0];
    sync_cube();
    sum
}

/// The largest of the units' values, for each of them. `units` is a power of two.
#[cube]
pub(super) fn max_of_units(shared: &mut Shared<[f32]>, value: f32, #[comptime] units: u32) -> f32 {
    shared[UNIT_POS as usize] = value;
    sync_cube();
    let mut half = (units / 2).runtime();
    while half > 0 {
        if UNIT_POS < half {
            let other = shared[(UNIT_POS + half) as usize];
            if other > shared[UNIT_POS as usize] {
                shared[UNIT_POS as usize] = other;
            }
        }
        sync_cube();
        half /= 2;
    }
    let largest = shared[0];
    sync_cube();
    largest
}
