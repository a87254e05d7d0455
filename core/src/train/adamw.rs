//! AdamW: Adam (Kingma, Ba 2014) with decoupled weight decay (Loshchilov, Hutter 2017), as `torch.optim.AdamW`.
//!
//! Our own, because its state must be readable asynchronously and weights are known by name.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::Tensor;

use crate::ops::{AdamWStep, adamw};
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::train::{Gradient, Gradients};
use crate::weights::{Weight, WeightMut, WeightRef, Weights};

/// Settings that stay the same during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the mean gradient.
    pub beta1: f64,
    /// Decay of the mean squared gradient.
    pub beta2: f64,
    /// Added to the root of the mean squared gradient.
    pub eps: f64,
    /// Share of a weight that is taken away at each step, times the learning rate.
    pub weight_decay: f64,
    /// Whether biases decay.
    pub decay_biases: bool,
    /// Whether norms decay.
    pub decay_norms: bool,
    /// Whether embeddings decay.
    pub decay_embeddings: bool,
}

impl AdamWConfig {
    /// The settings of a recipe.
    pub fn of(recipe: &RecipeSpec) -> Self {
        Self {
            weight_decay: recipe.weight_decay,
            decay_biases: recipe.decay_biases,
            decay_norms: recipe.decay_norms,
            decay_embeddings: recipe.decay_embeddings,
            ..Self::default()
        }
    }

    /// The numbers of a weight's step, which is its `steps`th.
    fn step(self, lr: f64, keep: f64, scale: f64) -> impl Fn(i32) -> AdamWStep {
        move |steps| AdamWStep {
            beta1: self.beta1 as f32,
            beta2: self.beta2 as f32,
            eps: self.eps as f32,
            scale: scale as f32,
            keep: keep as f32,
            rate: (lr / (1.0 - self.beta1.powi(steps))) as f32,
            bias2_root: (1.0 - self.beta2.powi(steps)).sqrt() as f32,
        }
    }

    fn decays(&self, weight: WeightRef) -> bool {
        if weight.name().ends_with(".bias") {
            self.decay_biases
        } else if weight.is_norm_scale() {
            self.decay_norms
        } else {
            weight.group() != ParamGroup::Embeddings || self.decay_embeddings
        }
    }
}

impl Default for AdamWConfig {
    /// PyTorch's values; biases and norms do not decay.
    fn default() -> Self {
        let (decay_biases, decay_norms, decay_embeddings) = (false, false, true);
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, decay_biases, decay_norms, decay_embeddings }
    }
}

/// What is remembered of a weight's gradients, of its shape.
#[derive(Clone, Debug)]
pub struct AdamWState<const D: usize> {
    /// Mean gradient.
    pub exp_avg: Tensor<D>,
    /// Mean squared gradient.
    pub exp_avg_sq: Tensor<D>,
    /// Steps that this weight has learned.
    pub steps: i32,
}

/// The optimizer and its state: moments of the weights that have learned, by name.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    vectors: HashMap<Arc<str>, AdamWState<1>>,
    matrices: HashMap<Arc<str>, AdamWState<2>>,
}

impl AdamW {
    /// An optimizer that has seen nothing.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, vectors: HashMap::new(), matrices: HashMap::new() }
    }

    /// The state of the biases and norms that have learned, by name.
    pub fn vectors(&self) -> &HashMap<Arc<str>, AdamWState<1>> {
        &self.vectors
    }

    /// The state of all other weights that have learned, by name.
    pub fn matrices(&self) -> &HashMap<Arc<str>, AdamWState<2>> {
        &self.matrices
    }

    /// One step: changes the weights of `model` that have a gradient, each at the rate that `lr` gives its part.
    /// Gradients are multiplied by `scale` first. A weight's state begins with its first gradient, as in PyTorch.
    pub fn step(
        &mut self,
        model: &mut impl Weights,
        mut gradients: Gradients,
        lr: impl Fn(ParamGroup) -> f64,
        scale: f64,
    ) {
        let config = self.config;
        model.visit_mut(&mut |weight| {
            let read = weight.as_ref();
            let lr = lr(read.group());
            let keep = if config.decays(read) { 1.0 - lr * config.weight_decay } else { 1.0 };
            match (gradients.take(read.name()), weight) {
                (Some(Gradient::Vector(gradient)), WeightMut::Vector(w)) => {
                    update(&mut self.vectors, w, gradient, config.step(lr, keep, scale));
                }
                (Some(Gradient::Matrix(gradient)), WeightMut::Matrix(w)) => {
                    update(&mut self.matrices, w, gradient, config.step(lr, keep, scale));
                }
                _ => {}
            }
        });
    }

    /// Forgets the state of the weights that are not `live`: what is frozen costs no memory.
    pub fn forget_frozen(&mut self, model: &impl Weights, trainable: impl Fn(ParamGroup) -> bool) {
        model.visit(&mut |weight| {
            if !trainable(weight.group()) {
                self.vectors.remove(weight.name());
                self.matrices.remove(weight.name());
            }
        });
    }

    /// Bytes of the state.
    pub fn bytes(&self) -> usize {
        let vectors: usize = self.vectors.values().map(|moments| moments.exp_avg.shape().num_elements()).sum();
        let matrices: usize = self.matrices.values().map(|moments| moments.exp_avg.shape().num_elements()).sum();
        2 * size_of::<f32>() * (vectors + matrices)
    }
}

fn update<const D: usize>(
    states: &mut HashMap<Arc<str>, AdamWState<D>>,
    weight: &mut Weight<D>,
    gradient: Tensor<D>,
    step: impl Fn(i32) -> AdamWStep,
) {
    let unseen =
        || AdamWState { exp_avg: weight.tensor.zeros_like(), exp_avg_sq: weight.tensor.zeros_like(), steps: 0 };
    let AdamWState { exp_avg, exp_avg_sq, steps } = states.remove(&weight.name).unwrap_or_else(unseen);
    let steps = steps + 1;
    let (changed, exp_avg, exp_avg_sq) = adamw(weight.tensor.clone(), gradient, exp_avg, exp_avg_sq, step(steps));
    weight.tensor = changed;
    states.insert(weight.name.clone(), AdamWState { exp_avg, exp_avg_sq, steps });
}
