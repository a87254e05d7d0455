//! AdamW: Adam (Kingma, Ba 2014) with decoupled weight decay (Loshchilov, Hutter 2017), as `torch.optim.AdamW`.
//!
//! Our own, because its state must be readable asynchronously and weights are known by name.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::Gradients;
use crate::ops::{AdamWStep, adamw};
use crate::weights::{AnyWeight, Weight, Weights};

/// Settings that stay the same during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root of the mean squared gradient.
    pub eps: f64,
    /// Share of a matrix that is taken away at each step, times the learning rate. Biases and norms do not decay.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    /// PyTorch's values.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 }
    }
}

/// What is remembered of a weight's gradients, flattened.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Mean gradient.
    pub mean: Tensor<1>,
    /// Mean squared gradient.
    pub square: Tensor<1>,
}

/// The optimiser and its state.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    step: i32,
    moments: HashMap<Arc<str>, Moments>,
}

/// What all weights of one step have in common.
#[derive(Clone, Copy)]
struct StepSize {
    lr: f64,
    /// Factor of the gradients: clipping.
    scale: f64,
    /// 1 − β₁ᵗ and √(1 − β₂ᵗ), which correct for moments that start at 0.
    bias1: f64,
    bias2_root: f64,
}

impl AdamW {
    /// An optimiser that has seen nothing.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, step: 0, moments: HashMap::new() }
    }

    /// The state of the weights that have learned, by name.
    pub fn moments(&self) -> &HashMap<Arc<str>, Moments> {
        &self.moments
    }

    /// One step at rate `lr`: changes the weights of `model` that have a gradient. Gradients are multiplied by `scale`
    /// first.
    pub fn step(&mut self, model: &mut impl Weights, mut gradients: Gradients, lr: f64, scale: f64) {
        self.step += 1;
        let AdamWConfig { beta1, beta2, .. } = self.config;
        let (bias1, bias2_root) = (1.0 - beta1.powi(self.step), (1.0 - beta2.powi(self.step)).sqrt());
        let size = StepSize { lr, scale, bias1, bias2_root };
        model.each(&mut |weight| {
            let Some(gradient) = gradients.take(weight.name()) else { return };
            match weight {
                AnyWeight::Vector(weight) => self.update(weight, gradient, 0.0, size),
                AnyWeight::Matrix(weight) => self.update(weight, gradient, self.config.weight_decay, size),
            }
        });
    }

    fn update<const D: usize>(&mut self, weight: &mut Weight<D>, gradient: Tensor<1>, decay: f64, size: StepSize) {
        let AdamWConfig { beta1, beta2, eps, .. } = self.config;
        let shape = weight.tensor.dims();
        let flat = weight.tensor.clone().reshape([gradient.dims()[0]]);
        let unseen = || Moments { mean: flat.zeros_like(), square: flat.zeros_like() };
        let Moments { mean, square } = self.moments.remove(&weight.name).unwrap_or_else(unseen);
        let step = AdamWStep {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            eps: eps as f32,
            scale: size.scale as f32,
            keep: (1.0 - size.lr * decay) as f32,
            rate: (size.lr / size.bias1) as f32,
            bias2_root: size.bias2_root as f32,
        };
        let (changed, mean, square) = adamw(flat, gradient, mean, square, step);
        weight.tensor = changed.reshape(shape);
        self.moments.insert(weight.name.clone(), Moments { mean, square });
    }
}
