//! AdamW: Adam (Kingma, Ba 2014) with decoupled weight decay (Loshchilov, Hutter 2017), as `torch.optim.AdamW`.
//!
//! Our own, because its state must be readable asynchronously and weights are known by name.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::{Gradient, Gradients};
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

/// What is remembered of a weight's gradients, of its shape.
#[derive(Clone, Debug)]
pub struct Moments<const D: usize> {
    /// Mean gradient.
    pub mean: Tensor<D>,
    /// Mean squared gradient.
    pub square: Tensor<D>,
}

/// The optimiser and its state: moments of the weights that have learned, by name.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    step: i32,
    vectors: HashMap<Arc<str>, Moments<1>>,
    matrices: HashMap<Arc<str>, Moments<2>>,
}

impl AdamW {
    /// An optimiser that has seen nothing.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, step: 0, vectors: HashMap::new(), matrices: HashMap::new() }
    }

    /// The state of the biases and norms that have learned, by name.
    pub fn vectors(&self) -> &HashMap<Arc<str>, Moments<1>> {
        &self.vectors
    }

    /// The state of all other weights that have learned, by name.
    pub fn matrices(&self) -> &HashMap<Arc<str>, Moments<2>> {
        &self.matrices
    }

    /// One step at rate `lr`: changes the weights of `model` that have a gradient. Gradients are multiplied by `scale`
    /// first.
    pub fn step(&mut self, model: &mut impl Weights, mut gradients: Gradients, lr: f64, scale: f64) {
        self.step += 1;
        let AdamWConfig { beta1, beta2, eps, weight_decay } = self.config;
        let bias1 = 1.0 - beta1.powi(self.step);
        let bias2 = 1.0 - beta2.powi(self.step);
        let step = AdamWStep {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            eps: eps as f32,
            scale: scale as f32,
            keep: 1.0,
            rate: (lr / bias1) as f32,
            bias2_root: bias2.sqrt() as f32,
        };
        let decayed = AdamWStep { keep: (1.0 - lr * weight_decay) as f32, ..step };
        model.each(&mut |weight| match (gradients.take(weight.name()), weight) {
            (Some(Gradient::Vector(gradient)), AnyWeight::Vector(w)) => update(&mut self.vectors, w, gradient, step),
            (Some(Gradient::Matrix(gradient)), AnyWeight::Matrix(w)) => {
                update(&mut self.matrices, w, gradient, decayed)
            }
            _ => {}
        });
    }
}

fn update<const D: usize>(
    moments: &mut HashMap<Arc<str>, Moments<D>>,
    weight: &mut Weight<D>,
    gradient: Tensor<D>,
    step: AdamWStep,
) {
    let unseen = || Moments { mean: weight.tensor.zeros_like(), square: weight.tensor.zeros_like() };
    let Moments { mean, square } = moments.remove(&weight.name).unwrap_or_else(unseen);
    let (changed, mean, square) = adamw(weight.tensor.clone(), gradient, mean, square, step);
    weight.tensor = changed;
    moments.insert(weight.name.clone(), Moments { mean, square });
}
