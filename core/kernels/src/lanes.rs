//! Several values at a time.

/// Number of partial sums. LLVM keeps them in two vectors of four, or in one of eight.
const LANES: usize = 8;

/// Four values in one SIMD register. LLVM turns arrays into vectors too, but not reliably across the sixteen
/// accumulators of a matrix product; in WebAssembly this is the register itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F32x4(Register);

#[cfg(target_arch = "wasm32")]
type Register = core::arch::wasm32::v128;
#[cfg(not(target_arch = "wasm32"))]
type Register = [f32; 4];

#[cfg(target_arch = "wasm32")]
impl F32x4 {
    #[inline(always)]
    pub(crate) fn splat(value: f32) -> Self {
        Self(core::arch::wasm32::f32x4_splat(value))
    }

    #[inline(always)]
    pub(crate) fn load(values: &[f32; 4]) -> Self {
        // SAFETY: the array is as large as the register, and loads need not be aligned. Built from four values, the
        // register would be loaded in four parts.
        Self(unsafe { core::arch::wasm32::v128_load(values.as_ptr().cast()) })
    }

    #[inline(always)]
    pub(crate) fn store(self, into: &mut [f32; 4]) {
        // SAFETY: as in `load`.
        unsafe { core::arch::wasm32::v128_store(into.as_mut_ptr().cast(), self.0) };
    }

    /// `self + a · b`, rounded twice.
    #[inline(always)]
    pub(crate) fn add_product(self, a: Self, b: Self) -> Self {
        use core::arch::wasm32::{f32x4_add, f32x4_mul};
        Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
    }

    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        Self(core::arch::wasm32::f32x4_add(self.0, other.0))
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl F32x4 {
    #[inline(always)]
    pub(crate) fn splat(value: f32) -> Self {
        Self([value; 4])
    }

    #[inline(always)]
    pub(crate) fn load(values: &[f32; 4]) -> Self {
        Self(*values)
    }

    #[inline(always)]
    pub(crate) fn store(self, into: &mut [f32; 4]) {
        *into = self.0;
    }

    /// `self + a · b`, rounded twice.
    #[inline(always)]
    pub(crate) fn add_product(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
    }

    #[inline(always)]
    pub(crate) fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
}

/// Sum of `f` of every value, in eight partial sums: at least as exact as one after the other.
#[inline(always)]
pub(crate) fn sum_of(values: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += f(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += f(*value);
    }
    lanes.iter().sum()
}

/// Sum of the values.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    sum_of(values, |value| value)
}

/// Sum of the products of two rows of one length.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let ((a_chunks, a_rest), (b_chunks, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    for (lane, (a, b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += a * b;
    }
    lanes.iter().sum()
}

/// The largest value; NaN values are skipped, and of none it is −∞.
#[inline(always)]
pub(crate) fn max(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    let larger = |lane: &mut f32, value: f32| *lane = if value > *lane { value } else { *lane };
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            larger(lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        larger(lane, *value);
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_the_maximum_take_every_length() {
        for len in [0, 1, 7, 8, 9, 31] {
            let values: Vec<f32> = (0..len).map(|i| i as f32 - 3.0).collect();
            let ones = vec![2.0; len];
            assert_eq!(sum(&values), values.iter().sum::<f32>(), "{len}");
            assert_eq!(dot(&values, &ones), 2.0 * values.iter().sum::<f32>(), "{len}");
            assert_eq!(max(&values), values.iter().copied().fold(f32::NEG_INFINITY, f32::max), "{len}");
        }
    }
}
