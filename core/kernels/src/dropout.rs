//! Dropout whose mask is a function of each value's place, so that nobody has to store it: not for the backward pass, and
//! not to compute the same on another device.

use crate::simd::with_simd;

/// Mask of dropout: the values that it keeps, and the factor by which it scales them up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutMask {
    /// Different for every mask.
    pub seed: [u32; 2],
    /// Of 2³² equally likely numbers for a place, those from here on keep the value.
    pub threshold: u32,
    /// Factor of the values that are kept.
    pub scale: f32,
}

impl DropoutMask {
    /// The mask that drops values with probability `p` in `[0, 1)`.
    pub fn new(p: f64, seed: u64) -> Self {
        let threshold = (p * 2.0_f64.powi(32)) as u32;
        Self { seed: [seed as u32, (seed >> 32) as u32], threshold, scale: (1.0 / (1.0 - p)) as f32 }
    }

    /// Factor of the value at place `i`: 0 or the scale. The place is mixed as by Wellons' `triple32`
    /// (<https://nullprogram.com/blog/2018/07/31/>), with half of the seed before its first step and half after it.
    #[inline(always)]
    pub fn factor(self, i: u32) -> f32 {
        let bits = i.wrapping_add(self.seed[0]);
        let bits = (bits ^ (bits >> 17) ^ self.seed[1]).wrapping_mul(0xED5A_D4BB);
        let bits = (bits ^ (bits >> 11)).wrapping_mul(0xAC4C_1B51);
        let bits = (bits ^ (bits >> 15)).wrapping_mul(0x3184_8BAB);
        if bits ^ (bits >> 14) >= self.threshold { self.scale } else { 0.0 }
    }
}

/// Applies a mask to values.
pub fn dropout(values: &mut [f32], mask: DropoutMask) {
    with_simd(
        #[inline(always)]
        || {
            for (i, value) in values.iter_mut().enumerate() {
                *value *= mask.factor(i as u32);
            }
        },
    );
}

/// Replaces `y` by `x + y` after dropout of `y`.
pub fn add_dropped(x: &[f32], y: &mut [f32], mask: DropoutMask) {
    with_simd(
        #[inline(always)]
        || {
            for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = x + *y * mask.factor(i as u32);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(p: f64, seed: u64, len: usize) -> Vec<f32> {
        let mut values = vec![1.0; len];
        dropout(&mut values, DropoutMask::new(p, seed));
        values
    }

    #[test]
    fn values_are_dropped_with_probability_p_and_the_mean_is_kept() {
        for (seed, p) in [(0, 0.1), (1, 0.5), (u64::MAX, 0.9)] {
            let values = factors(p, seed, 1_000_000);
            let dropped = values.iter().filter(|&&value| value == 0.0).count() as f64 / 1e6;
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e6;
            // Five standard deviations.
            let bound = 5.0 * (p * (1.0 - p) / 1e6).sqrt();
            assert!((dropped - p).abs() < bound && (mean - 1.0).abs() < bound / (1.0 - p), "{p}: {dropped}, {mean}");
        }
    }

    /// Share of places at which both are kept, of lists that keep half of their values independently: a quarter.
    fn both(a: &[f32], b: &[f32]) -> f64 {
        let both = a.iter().zip(b).filter(|(a, b)| **a != 0.0 && **b != 0.0).count();
        both as f64 / a.len().min(b.len()) as f64
    }

    #[test]
    fn places_and_masks_are_independent() {
        let values = factors(0.5, 0x0123_4567_89AB_CDEF, 1_000_000);
        for distance in [1, 2, 3, 64, 384, 4096] {
            let share = both(&values, &values[distance..]);
            assert!((share - 0.25).abs() < 0.003, "at distance {distance}: {share}");
        }
        for bit in 0..64 {
            let other = factors(0.5, 0x0123_4567_89AB_CDEF ^ (1 << bit), 1_000_000);
            let share = both(&values, &other);
            assert!((share - 0.25).abs() < 0.01, "bit {bit} of the seed: {share}");
        }
    }

    #[test]
    fn the_sum_is_that_of_x_and_what_is_kept_of_y() {
        let mask = DropoutMask::new(0.5, 7);
        let (x, mut y) = ([1.0, 2.0, 3.0, 4.0, 5.0], [10.0; 5]);
        add_dropped(&x, &mut y, mask);
        for i in 0..5 {
            assert_eq!(y[i], x[i] + 10.0 * mask.factor(i as u32));
        }
    }
}
