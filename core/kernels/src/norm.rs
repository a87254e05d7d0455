//! Normalization of rows, and its backward pass.

use crate::lanes::{dot, sum, sum_of};
use crate::simd::with_simd;

/// Rows after a norm, and values for the backward pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// The output.
    pub y: Vec<f32>,
    /// The normalized input, before gamma and beta.
    pub normal: Vec<f32>,
    /// Factor of each row: 1 / deviation, or 1 / root mean square.
    pub scales: Vec<f32>,
}

/// Gradients of a norm's input and parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct NormGradients {
    /// Gradient of the input.
    pub x: Vec<f32>,
    /// Gradient of gamma.
    pub gamma: Vec<f32>,
    /// Gradient of beta; 0 for norms without one.
    pub beta: Vec<f32>,
}

impl Norm {
    fn with_capacity(len: usize, rows: usize) -> Self {
        Self { y: Vec::with_capacity(len), normal: Vec::with_capacity(len), scales: Vec::with_capacity(rows) }
    }
}

/// Layer normalization of rows as long as `gamma` and `beta`.
pub fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32], eps: f32) -> Norm {
    with_simd(
        #[inline(always)]
        || {
            let size = gamma.len().max(1);
            let mut norm = Norm::with_capacity(x.len(), x.len() / size);
            for row in x.chunks_exact(size) {
                let mean = sum(row) / size as f32;
                let variance = sum_of(row, |x| (x - mean) * (x - mean)) / size as f32;
                let scale = 1.0 / (variance + eps).sqrt();
                norm.normal.extend(row.iter().map(|x| (x - mean) * scale));
                let affine = row.iter().zip(gamma.iter().zip(beta));
                norm.y.extend(affine.map(|(x, (gamma, beta))| (x - mean) * scale * gamma + beta));
                norm.scales.push(scale);
            }
            norm
        },
    )
}

/// Gradients of a layer norm, from its kept values, gamma and the output's gradient.
pub fn layer_norm_backward(normal: &[f32], scales: &[f32], gamma: &[f32], grad: &[f32]) -> NormGradients {
    backward::<true>(normal, scales, gamma, grad)
}

/// Root-mean-square normalization of rows as long as `gamma`.
pub fn rms_norm(x: &[f32], gamma: &[f32], eps: f32) -> Norm {
    with_simd(
        #[inline(always)]
        || {
            let size = gamma.len().max(1);
            let mut norm = Norm::with_capacity(x.len(), x.len() / size);
            for row in x.chunks_exact(size) {
                let scale = 1.0 / (dot(row, row) / size as f32 + eps).sqrt();
                norm.normal.extend(row.iter().map(|x| x * scale));
                norm.y.extend(row.iter().zip(gamma).map(|(x, gamma)| x * scale * gamma));
                norm.scales.push(scale);
            }
            norm
        },
    )
}

/// Gradients of an RMS norm, from its kept values, gamma and the output's gradient.
pub fn rms_norm_backward(normal: &[f32], scales: &[f32], gamma: &[f32], grad: &[f32]) -> NormGradients {
    backward::<false>(normal, scales, gamma, grad)
}

/// A row's gradient loses its mean, for a layer norm only, and its part along the normalized row.
#[inline(always)]
fn backward<const IS_CENTERED: bool>(normal: &[f32], scales: &[f32], gamma: &[f32], grad: &[f32]) -> NormGradients {
    with_simd(
        #[inline(always)]
        || {
            let size = gamma.len().max(1);
            let mut x = Vec::with_capacity(normal.len());
            let [mut for_gamma, mut for_beta, mut scaled] = [0; 3].map(|_| vec![0.0f32; gamma.len()]);
            for ((normal, grad), scale) in normal.chunks_exact(size).zip(grad.chunks_exact(size)).zip(scales) {
                let parameters = for_gamma.iter_mut().zip(&mut for_beta);
                for ((for_gamma, for_beta), (grad, normal)) in parameters.zip(grad.iter().zip(normal)) {
                    *for_gamma += grad * normal;
                    if IS_CENTERED {
                        *for_beta += grad;
                    }
                }
                for (scaled, (grad, gamma)) in scaled.iter_mut().zip(grad.iter().zip(gamma)) {
                    *scaled = grad * gamma;
                }
                let mean = if IS_CENTERED { sum(&scaled) / size as f32 } else { 0.0 };
                let along = dot(&scaled, normal) / size as f32;
                x.extend(scaled.iter().zip(normal).map(|(grad, normal)| (grad - mean - normal * along) * scale));
            }
            NormGradients { x, gamma: for_gamma, beta: for_beta }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPS: f32 = 1e-5;

    fn values(len: usize, factor: usize) -> Vec<f32> {
        (0..len).map(|i| (i * factor % 101) as f32 / 25.0 - 1.5).collect()
    }

    /// Output of a norm in f64.
    fn plain(x: &[f64], gamma: &[f64], beta: &[f64], is_centered: bool) -> Vec<f64> {
        let size = gamma.len();
        x.chunks(size)
            .flat_map(|row| {
                let mean = if is_centered { row.iter().sum::<f64>() / size as f64 } else { 0.0 };
                let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / size as f64;
                let scale = 1.0 / (variance + f64::from(EPS)).sqrt();
                let affine = row.iter().zip(gamma.iter().zip(beta));
                affine.map(move |(x, (gamma, beta))| (x - mean) * scale * gamma + beta).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Slope of `f` in each element of `at`, by differences.
    fn slopes(at: &[f64], f: impl Fn(&[f64]) -> f64) -> Vec<f64> {
        let moved = |i: usize, by: f64| {
            let mut at = at.to_vec();
            at[i] += by;
            f(&at)
        };
        (0..at.len()).map(|i| (moved(i, 1e-5) - moved(i, -1e-5)) / 2e-5).collect()
    }

    fn close(actual: &[f32], expected: &[f64]) {
        assert_eq!(actual.len(), expected.len());
        let is_close = |(a, e): (&f32, &f64)| (f64::from(*a) - e).abs() < 1e-5 * e.abs().max(1.0);
        assert!(actual.iter().zip(expected).all(is_close), "{actual:?} {expected:?}");
    }

    #[test]
    fn norms_of_every_length_and_their_gradients_equal_the_plain_ones() {
        for (size, is_centered) in [1, 2, 7, 8, 9, 37].into_iter().flat_map(|size| [(size, true), (size, false)]) {
            let (x, gamma) = (values(3 * size, 7919), values(size, 31));
            let beta = if is_centered { values(size, 53) } else { vec![0.0; size] };
            let grad = values(3 * size, 17);
            let norm = if is_centered { layer_norm(&x, &gamma, &beta, EPS) } else { rms_norm(&x, &gamma, EPS) };
            let back = if is_centered { layer_norm_backward } else { rms_norm_backward };
            let gradients = back(&norm.normal, &norm.scales, &gamma, &grad);
            let [x, gamma, beta, grad] =
                [x, gamma, beta, grad].map(|v| v.into_iter().map(f64::from).collect::<Vec<_>>());
            close(&norm.y, &plain(&x, &gamma, &beta, is_centered));
            let weighted = |y: Vec<f64>| y.iter().zip(&grad).map(|(y, grad)| y * grad).sum::<f64>();
            if size > 1 {
                close(&gradients.x, &slopes(&x, |x| weighted(plain(x, &gamma, &beta, is_centered))));
            }
            close(&gradients.gamma, &slopes(&gamma, |gamma| weighted(plain(&x, gamma, &beta, is_centered))));
            if is_centered {
                close(&gradients.beta, &slopes(&beta, |beta| weighted(plain(&x, &gamma, beta, true))));
            }
        }
    }

    #[test]
    fn no_rows_have_no_gradients() {
        assert_eq!(layer_norm(&[], &[1.0], &[0.0], EPS).y, []);
        let NormGradients { x, gamma, beta } = layer_norm_backward(&[], &[], &[1.0], &[]);
        assert_eq!((x, gamma, beta), (vec![], vec![0.0], vec![0.0]));
    }
}
