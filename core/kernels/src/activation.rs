//! Activation functions and their backward passes, value by value.

use crate::erf::erf;
use crate::exp::exp;
use crate::simd::with_simd;

/// 1 / √(2π).
const DENSITY: f32 = 0.398_942_3;
/// √(2/π).
const TANH_SCALE: f32 = 0.797_884_6;
/// Coefficient of the cube in GELU's approximation.
const TANH_CUBE: f32 = 0.044_715;

/// The function of each value.
fn map(x: &[f32], f: impl Fn(f32) -> f32) -> Vec<f32> {
    with_simd(
        #[inline(always)]
        || x.iter().map(|x| f(*x)).collect(),
    )
}

/// The function of each pair of values.
fn map_both(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    with_simd(
        #[inline(always)]
        || x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect(),
    )
}

/// GELU (Hendrycks, Gimpel 2016): `x · Φ(x)` with the normal distribution's Φ, as PyTorch computes it.
pub fn gelu(x: &[f32]) -> Vec<f32> {
    map(x, |x| x * normal_distribution(x))
}

/// Gradient of GELU's input `x`, from that of its output: `Φ(x) + x · φ(x)`, times `grad`.
pub fn gelu_backward(x: &[f32], grad: &[f32]) -> Vec<f32> {
    map_both(x, grad, |x, grad| grad * (normal_distribution(x) + x * (DENSITY * exp(-0.5 * x * x))))
}

/// Φ(x).
#[inline(always)]
fn normal_distribution(x: f32) -> f32 {
    0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// GELU's approximation by tanh, which GPT-2 uses: `½ x (1 + tanh u)` with `u = √(2/π) (x + 0.044715 x³)`, which is
/// `x · σ(2u)`.
pub fn gelu_tanh(x: &[f32]) -> Vec<f32> {
    map(x, |x| x * sigmoid(2.0 * TANH_SCALE * (x + TANH_CUBE * x * x * x)))
}

/// Gradient of the input `x` of [`gelu_tanh`], from that of its output.
pub fn gelu_tanh_backward(x: &[f32], grad: &[f32]) -> Vec<f32> {
    map_both(x, grad, |x, grad| {
        let y = sigmoid(2.0 * TANH_SCALE * (x + TANH_CUBE * x * x * x));
        let slope = 2.0 * TANH_SCALE * (1.0 + 3.0 * TANH_CUBE * x * x);
        grad * (y + x * (y * (1.0 - y)) * slope)
    })
}

/// SiLU (Elfwing et al. 2017): `x · σ(x)`.
pub fn silu(x: &[f32]) -> Vec<f32> {
    map(x, |x| x * sigmoid(x))
}

/// Gradient of the input `x` of [`silu`], from that of its output.
pub fn silu_backward(x: &[f32], grad: &[f32]) -> Vec<f32> {
    map_both(x, grad, |x, grad| {
        let y = sigmoid(x);
        grad * (y * (1.0 + x * (1.0 - y)))
    })
}

/// σ(x) = 1 / (1 + e⁻ˣ).
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erf::tests::exact_erfc;
    use crate::exp::tests::all_kinds;

    type Function = fn(&[f32]) -> Vec<f32>;
    type Backward = fn(&[f32], &[f32]) -> Vec<f32>;
    type Exact = fn(f64) -> f64;

    /// Each function and its backward pass, and the same in f64.
    const FUNCTIONS: [(&str, Function, Backward, Exact, Exact); 3] = [
        ("gelu", gelu, gelu_backward, exact_gelu, exact_gelu_slope),
        ("gelu_tanh", gelu_tanh, gelu_tanh_backward, exact_tanh, exact_tanh_slope),
        ("silu", silu, silu_backward, exact_silu, exact_silu_slope),
    ];

    fn exact_cdf(x: f64) -> f64 {
        0.5 * exact_erfc(-x / std::f64::consts::SQRT_2)
    }

    fn exact_gelu(x: f64) -> f64 {
        x * exact_cdf(x)
    }

    fn exact_gelu_slope(x: f64) -> f64 {
        exact_cdf(x) + x * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    fn exact_sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn exact_silu(x: f64) -> f64 {
        x * exact_sigmoid(x)
    }

    fn exact_silu_slope(x: f64) -> f64 {
        let y = exact_sigmoid(x);
        y * (1.0 + x * (1.0 - y))
    }

    fn twice_u(x: f64) -> f64 {
        2.0 * std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044715 * x.powi(3))
    }

    fn exact_tanh(x: f64) -> f64 {
        x * exact_sigmoid(twice_u(x))
    }

    fn exact_tanh_slope(x: f64) -> f64 {
        let (y, slope) =
            (exact_sigmoid(twice_u(x)), 2.0 * std::f64::consts::FRAC_2_PI.sqrt() * (1.0 + 3.0 * 0.044715 * x * x));
        y + x * y * (1.0 - y) * slope
    }

    /// All floats up to 10⁴; beyond, the functions are x or 0.
    fn inputs() -> Vec<f32> {
        all_kinds().filter(|x| x.abs() <= 1e4).collect()
    }

    #[test]
    fn activations_are_exact_to_3_rounding_errors_of_their_input() {
        for (name, function, _, exact, _) in FUNCTIONS {
            let x = inputs();
            for (x, y) in x.iter().zip(function(&x)) {
                let bound = 3.0 * f64::from(f32::EPSILON / 2.0) * f64::from(x.abs()) + f64::from(f32::from_bits(1));
                let error = (f64::from(y) - exact(f64::from(*x))).abs();
                assert!(error <= bound, "{name}({x:e}) = {y:e}, {:.2} times the bound", error / bound);
            }
        }
    }

    #[test]
    fn slopes_of_activations_are_exact_to_3e_6() {
        for (name, _, backward, _, slope) in FUNCTIONS {
            let x = inputs();
            for (x, y) in x.iter().zip(backward(&x, &vec![1.0; x.len()])) {
                let error = (f64::from(y) - slope(f64::from(*x))).abs();
                assert!(error <= 3e-6, "{name}'({x:e}) = {y:e}: {error:e}");
            }
        }
    }

    #[test]
    fn far_from_zero_activations_are_their_limits() {
        for (name, function, backward, ..) in FUNCTIONS {
            let x = [f32::MAX, 1e6, f32::INFINITY, f32::MIN, -1e6];
            assert_eq!(function(&x), [f32::MAX, 1e6, f32::INFINITY, 0.0, 0.0], "{name}");
            assert_eq!(backward(&[1e6, -1e6], &[2.0, 2.0]), [2.0, 0.0], "{name}");
            // As in PyTorch, −∞ · 0.
            assert!(function(&[f32::NAN, f32::NEG_INFINITY]).iter().all(|y| y.is_nan()), "{name}");
            assert!(backward(&[f32::NAN, 1.0], &[1.0, f32::NAN]).iter().all(|y| y.is_nan()), "{name}");
        }
    }
}
