//! The error function.

use crate::exp::exp;

/// From here on, erf is computed as 1 − exp of a polynomial.
const FAR: f32 = 0.927_734_4;

/// erf x, within 1.5 units in the last place over all of f32: a polynomial near 0, and `1 − exp(polynomial)` beyond.
/// Both are computed and one is selected, which has no branch. Coefficients: N. Juffa,
/// <https://stackoverflow.com/a/35966785>.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let t = x.abs();
    let s = x * x;
    let u = -3.883_964_4e-3 * t + 2.425_462_2e-2;
    let r = -1.728_534_7e-5 * t + 3.831_971_3e-4;
    let r = r * s + u;
    let r = r * t + -1.067_778_8e-1;
    let r = r * t + -6.348_467e-1;
    let r = r * t + -1.287_175_1e-1;
    let far = (1.0 - exp(r * t - t)).copysign(x);
    let r = -5.967_617e-4;
    let r = r * s + 4.991_194_2e-3;
    let r = r * s + -2.676_813_5e-2;
    let r = r * s + 1.128_199_25e-1;
    let r = r * s + -3.761_253_4e-1;
    let r = r * s + 1.283_791_7e-1;
    let near = r * x + x;
    if t > FAR { far } else { near }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::exp::tests::{all_kinds, ulps};

    /// erf in f64: its series below 2.5, and the continued fraction of its complement beyond.
    pub(crate) fn exact_erf(x: f64) -> f64 {
        if x.is_nan() {
            x
        } else if x.abs() < 2.5 {
            series(x)
        } else {
            (1.0 - exact_erfc(x.abs())).copysign(x)
        }
    }

    /// 1 − erf x in f64, without cancellation.
    pub(crate) fn exact_erfc(x: f64) -> f64 {
        if x < 2.5 {
            return 1.0 - exact_erf(x);
        }
        let fraction = (1..=60).rev().fold(x, |below, k| x + f64::from(k) / 2.0 / below);
        (-x * x).exp() / (fraction * std::f64::consts::PI.sqrt())
    }

    fn series(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn erf_is_within_1_5_ulp_everywhere() {
        let (error, x) =
            all_kinds().map(|x| (ulps(erf(x), exact_erf(f64::from(x))), x)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        assert!(error <= 1.5, "{error} ulp at {x:e}");
    }

    #[test]
    fn erf_of_special_values_is_exact() {
        assert_eq!([0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 4.0].map(erf), [0.0, 1.0, -1.0, 1.0, 1.0]);
        assert!(erf(-0.0).is_sign_negative());
        assert!(erf(f32::NAN).is_nan());
        // The smallest positive f32: 2 / √π of it rounds to itself.
        assert_eq!(erf(f32::from_bits(1)), f32::from_bits(1));
    }
}
