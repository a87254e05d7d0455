//! The exponential function.

/// The magic number of rounding: at this size, neighboring floats are 1 apart, so adding it rounds to a whole number,
/// which is then in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts. The first has ten trailing zero bits, so its product with a whole number up to 2⁹ is exact.
const LN2_HIGH: f32 = 6.931_457_5e-1;
const LN2_LOW: f32 = 1.428_606_8e-6;

/// eˣ, within 1.01 units in the last place over all of f32, denormal results included. There are no branches and no
/// table, so LLVM computes several values at a time: with `x = n · ln 2 + r` and |r| ≤ ½ ln 2, a polynomial gives eʳ
/// (coefficients: N. Juffa, <https://stackoverflow.com/a/40519989>), and 2ⁿ is written into the exponent's bits.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Beyond these, the result is 0 or infinite. NaN passes.
    let x = x.clamp(-104.0, 89.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.378_059_4e-3;
    let p = p * r + 8.373_124_5e-3;
    let p = p * r + 4.166_953_6e-2;
    let p = p * r + 1.666_647_2e-1;
    let p = p * r + 4.999_998_5e-1;
    let p = p * (r * r) + r;
    // 2ⁿ may be out of range where the product is in it, so it is multiplied in two halves.
    let n = rounded.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    (1.0 + p) * power_of_two(half) * power_of_two(n - half)
}

/// 2ⁿ for n in −126..=127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Distance of `actual` from `exact` in units of the last place of `exact` as an f32.
    pub(crate) fn ulps(actual: f32, exact: f64) -> f64 {
        let nearest = exact as f32;
        if actual == nearest || (actual.is_nan() && exact.is_nan()) {
            return 0.0;
        }
        // Denormals are all 2⁻¹⁴⁹ apart.
        let exponent = nearest.abs().max(f32::MIN_POSITIVE).log2().floor() as i32;
        (f64::from(actual) - exact).abs() / 2f64.powi(exponent.max(-126) - 23)
    }

    /// Floats of every sign and exponent, and the special ones.
    pub(crate) fn all_kinds() -> impl Iterator<Item = f32> {
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, f32::MAX, f32::MIN];
        special.into_iter().chain((0..u32::MAX).step_by(997).map(f32::from_bits))
    }

    #[test]
    fn exp_is_within_1_01_ulp_everywhere() {
        let worst = all_kinds().map(|x| (ulps(exp(x), f64::from(x).exp()), x)).max_by(|a, b| a.0.total_cmp(&b.0));
        let (error, x) = worst.unwrap();
        assert!(error <= 1.01, "{error} ulp at {x:e}");
    }

    #[test]
    fn exp_of_special_values_is_exact() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(89.0), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(f32::NAN).is_nan());
        // The smallest positive f32.
        assert_eq!(exp(-103.0), f32::from_bits(1));
    }
}
