//! Softmax and cross-entropy over rows.

use crate::exp::exp;
use crate::lanes::{dot, max, sum};
use crate::simd::with_simd;

/// Replaces each row of `size` values by its softmax.
pub fn softmax(values: &mut [f32], size: usize) {
    with_simd(
        #[inline(always)]
        || values.chunks_exact_mut(size.max(1)).for_each(softmax_row),
    );
}

#[inline(always)]
fn softmax_row(row: &mut [f32]) {
    let largest = max(row);
    for value in row.iter_mut() {
        *value = exp(*value - largest);
    }
    let scale = 1.0 / sum(row);
    for value in row.iter_mut() {
        *value *= scale;
    }
}

/// Gradient of a softmax's input, from its output `y` and the gradient of `y`, in rows of `size` values.
pub fn softmax_backward(y: &[f32], grad: &[f32], size: usize) -> Vec<f32> {
    with_simd(
        #[inline(always)]
        || {
            let mut out = Vec::with_capacity(y.len());
            for (y, grad) in y.chunks_exact(size.max(1)).zip(grad.chunks_exact(size.max(1))) {
                let sum = dot(y, grad);
                out.extend(y.iter().zip(grad).map(|(y, grad)| y * (grad - sum)));
            }
            out
        },
    )
}

/// Cross-entropy `−Σ targets · log softmax(logits)` of rows of `size` values. Replaces the logits by their softmax.
pub fn cross_entropy(logits: &mut [f32], targets: &[f32], size: usize) -> f32 {
    with_simd(
        #[inline(always)]
        || {
            let mut loss = 0.0;
            for (row, targets) in logits.chunks_exact_mut(size.max(1)).zip(targets.chunks_exact(size.max(1))) {
                let largest = max(row);
                row.iter_mut().for_each(|value| *value -= largest);
                let expected = dot(row, targets);
                row.iter_mut().for_each(|value| *value = exp(*value));
                let total = sum(row);
                loss += f64::from(sum(targets) * total.ln() - expected);
                let scale = 1.0 / total;
                for value in row.iter_mut() {
                    *value *= scale;
                }
            }
            loss as f32
        },
    )
}

/// Gradient of the logits, from their softmax, the targets and the loss's gradient.
pub fn cross_entropy_backward(softmax: &[f32], targets: &[f32], grad: f32, size: usize) -> Vec<f32> {
    with_simd(
        #[inline(always)]
        || {
            let mut out = Vec::with_capacity(softmax.len());
            for (softmax, targets) in softmax.chunks_exact(size.max(1)).zip(targets.chunks_exact(size.max(1))) {
                let weight = sum(targets);
                out.extend(softmax.iter().zip(targets).map(|(y, target)| (y * weight - target) * grad));
            }
            out
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: &[f32], expected: &[f64], bound: f64) {
        assert_eq!(actual.len(), expected.len());
        let is_close = |(a, e): (&f32, &f64)| (f64::from(*a) - e).abs() <= bound;
        assert!(actual.iter().zip(expected).all(is_close), "{actual:?} {expected:?}");
    }

    fn plain(row: &[f32]) -> Vec<f64> {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = row.iter().map(|x| f64::from(x - largest).exp()).collect();
        powers.iter().map(|power| power / powers.iter().sum::<f64>()).collect()
    }

    /// Logits from small to very large ones.
    fn rows(size: usize) -> Vec<f32> {
        (0..3 * size).map(|i| ((i * 7919 % 101) as f32 - 50.0) * [0.01, 1.0, 1e4][i / size]).collect()
    }

    #[test]
    fn softmax_of_every_length_equals_the_plain_one() {
        for size in [1, 2, 7, 8, 9, 64, 100] {
            let (mut actual, x) = (rows(size), rows(size));
            softmax(&mut actual, size);
            close(&actual, &x.chunks(size).flat_map(plain).collect::<Vec<f64>>(), 3e-7);
        }
    }

    #[test]
    fn softmax_ignores_masked_values_and_keeps_nan_in_its_row() {
        let mut values = [f32::NEG_INFINITY, 0.0, -1e9, 0.0, f32::NAN, 1.0, 1.0, 1.0];
        softmax(&mut values, 4);
        assert_eq!(values[..4], [0.0, 0.5, 0.0, 0.5]);
        assert!(values[4..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn softmax_of_no_values_is_empty() {
        softmax(&mut [], 0);
        assert_eq!(softmax_backward(&[], &[], 0), []);
    }

    #[test]
    fn the_softmaxs_gradient_equals_the_plain_one() {
        let (size, mut y) = (37, rows(37));
        softmax(&mut y, size);
        let grad: Vec<f32> = (0..y.len()).map(|i| (i % 13) as f32 - 6.0).collect();
        let expected: Vec<f64> = y
            .chunks(size)
            .zip(grad.chunks(size))
            .flat_map(|(y, grad)| {
                let sum: f64 = y.iter().zip(grad).map(|(y, grad)| f64::from(*y) * f64::from(*grad)).sum();
                y.iter().zip(grad).map(move |(y, grad)| f64::from(*y) * (f64::from(*grad) - sum)).collect::<Vec<_>>()
            })
            .collect();
        close(&softmax_backward(&y, &grad, size), &expected, 1e-5);
    }

    #[test]
    fn cross_entropy_and_its_gradient_equal_the_plain_ones() {
        let size = 9;
        let x = rows(size);
        // One class, soft targets, and a row that is padding.
        let targets: Vec<f32> =
            (0..27).map(|i| [if i == 4 { 1.0 } else { 0.0 }, (i % 9) as f32 / 36.0, 0.0][i / 9]).collect();
        let mut y = x.clone();
        let loss = cross_entropy(&mut y, &targets, size);
        let expected: Vec<f64> = x.chunks(size).flat_map(plain).collect();
        close(&y, &expected, 3e-7);
        let log_sum = |row: &[f32]| {
            let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            largest + row.iter().map(|x| (f64::from(*x) - largest).exp()).sum::<f64>().ln()
        };
        let terms = x.chunks(size).zip(targets.chunks(size)).flat_map(|(row, targets)| {
            let log_sum = log_sum(row);
            row.iter().zip(targets).map(move |(x, target)| f64::from(*target) * (log_sum - f64::from(*x)))
        });
        assert!((f64::from(loss) - terms.sum::<f64>()).abs() < 1e-5, "{loss}");
        let grad = cross_entropy_backward(&y, &targets, 0.5, size);
        let expected: Vec<f64> = (0..27)
            .map(|i| {
                let weight: f32 = targets[i / 9 * 9..][..9].iter().sum();
                0.5 * (expected[i] * f64::from(weight) - f64::from(targets[i]))
            })
            .collect();
        close(&grad, &expected, 3e-7);
    }
}
