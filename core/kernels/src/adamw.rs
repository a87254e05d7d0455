//! The optimizer's step.

use crate::simd::with_simd;

/// Coefficients of one AdamW step, the same for every element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWStep {
    /// Decay rate of the mean gradient.
    pub beta1: f32,
    /// Decay rate of the mean squared gradient.
    pub beta2: f32,
    /// Added to the root of the mean squared gradient.
    pub eps: f32,
    /// Factor of the gradient, from clipping.
    pub scale: f32,
    /// Factor of the old weight: 1 − learning rate × weight decay.
    pub keep: f32,
    /// Learning rate / (1 − β₁ᵗ).
    pub rate: f32,
    /// √(1 − β₂ᵗ).
    pub bias2_root: f32,
}

/// One step of AdamW, in place: weights, mean gradients and mean squared gradients.
pub fn adamw(weights: &mut [f32], gradients: &[f32], means: &mut [f32], squares: &mut [f32], step: AdamWStep) {
    let AdamWStep { beta1, beta2, eps, scale, keep, rate, bias2_root } = step;
    let root_factor = 1.0 / bias2_root;
    with_simd(
        #[inline(always)]
        || {
            let moments = means.iter_mut().zip(squares);
            for ((weight, gradient), (mean, square)) in weights.iter_mut().zip(gradients).zip(moments) {
                let gradient = gradient * scale;
                *mean = *mean * beta1 + gradient * (1.0 - beta1);
                *square = *square * beta2 + gradient * gradient * (1.0 - beta2);
                *weight = *weight * keep - *mean / (square.sqrt() * root_factor + eps) * rate;
            }
        },
    );
}
