//! AdamW: Adam (Kingma, Ba 2014) with decoupled weight decay (Loshchilov, Hutter 2017), as `torch.optim.AdamW`.
//!
//! burn's own optimizer is not used, because the state must be readable asynchronously and is keyed by weight name.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::Arc;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use crate::diagnostic::Diagnostic;
use crate::ops::{AdamWInput, AdamWOutput, AdamWStep, adamw};
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::train::checkpoint::{RestoredTensors, SavedTensor, TensorKind};
use crate::train::gradients::{Gradient, Gradients};
use crate::weights::{Weight, WeightMut, WeightRef, Weights, in_32_bits};

/// Settings of the optimizer that are constant during a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWConfig {
    /// Decay rate of the average gradient.
    pub beta1: f64,
    /// Decay rate of the average squared gradient.
    pub beta2: f64,
    /// Added to the denominator for numerical stability.
    pub eps: f64,
    /// Weight decay coefficient: each step shrinks a weight by this times the learning rate.
    pub weight_decay: f64,
    /// True if biases decay.
    pub decay_biases: bool,
    /// True if the scales of norms decay.
    pub decay_norms: bool,
    /// True if embeddings decay.
    pub decay_embeddings: bool,
}

impl AdamWConfig {
    /// The settings of a recipe.
    pub fn from_recipe(recipe: &RecipeSpec) -> Self {
        Self {
            weight_decay: recipe.weight_decay,
            decay_biases: recipe.decay_biases,
            decay_norms: recipe.decay_norms,
            decay_embeddings: recipe.decay_embeddings,
            ..Self::default()
        }
    }

    /// Coefficients of a weight's update, by the number of steps it has taken.
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
    /// PyTorch's defaults; biases and norms do not decay.
    fn default() -> Self {
        let (decay_biases, decay_norms, decay_embeddings) = (false, false, true);
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, decay_biases, decay_norms, decay_embeddings }
    }
}

/// Optimizer state of a weight, named as in `torch.optim.AdamW`.
#[derive(Clone, Debug)]
pub struct AdamWState<const D: usize> {
    /// Exponential moving average of the gradient, in the shape of the weight.
    pub exp_avg: Tensor<D>,
    /// Exponential moving average of the squared gradient, in the shape of the weight.
    pub exp_avg_sq: Tensor<D>,
    /// Optimizer steps taken by this weight.
    pub steps: i32,
}

/// The AdamW optimizer, with the state of each weight it has updated, by name.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    vectors: HashMap<Arc<str>, AdamWState<1>>,
    matrices: HashMap<Arc<str>, AdamWState<2>>,
}

impl AdamW {
    /// An optimizer without state.
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, vectors: HashMap::new(), matrices: HashMap::new() }
    }

    /// State of biases and norms, by weight name.
    pub fn vectors(&self) -> &HashMap<Arc<str>, AdamWState<1>> {
        &self.vectors
    }

    /// State of all other weights, by weight name.
    pub fn matrices(&self) -> &HashMap<Arc<str>, AdamWState<2>> {
        &self.matrices
    }

    /// Takes a step: updates the weights of `model` that have a gradient, with the learning rate that `lr` returns for
    /// their group. Gradients are multiplied by `scale` first. As in PyTorch, the state of a weight starts with its first
    /// gradient.
    pub fn step(
        &mut self,
        model: &mut impl Weights,
        mut gradients: Gradients,
        lr: impl Fn(ParamGroup) -> f64,
        scale: f64,
    ) {
        let config = self.config;
        let (mut names, mut inputs) = (Vec::new(), Vec::new());
        model.visit_mut(&mut |weight| {
            let read = weight.as_ref();
            let lr = lr(read.group());
            let keep = if config.decays(read) { 1.0 - lr * config.weight_decay } else { 1.0 };
            let input = match (gradients.take(read.name()), weight) {
                (Some(Gradient::Vector(gradient)), WeightMut::Vector(w)) => {
                    names.push(w.name.clone());
                    take_out(&mut self.vectors, w, gradient, config.step(lr, keep, scale))
                }
                (Some(Gradient::Matrix(gradient)), WeightMut::Matrix(w)) => {
                    names.push(w.name.clone());
                    take_out(&mut self.matrices, w, gradient, config.step(lr, keep, scale))
                }
                _ => return,
            };
            inputs.push(input);
        });
        let mut outputs: HashMap<Arc<str>, AdamWOutput<Dispatch>> = names.into_iter().zip(adamw(inputs)).collect();
        model.visit_mut(&mut |weight| {
            if let Some(output) = outputs.remove(weight.as_ref().name()) {
                match weight {
                    WeightMut::Vector(w) => put_back(&mut self.vectors, w, output),
                    WeightMut::Matrix(w) => put_back(&mut self.matrices, w, output),
                }
            }
        });
    }

    /// Drops the state of frozen weights, so that they take no memory.
    pub fn forget_frozen(&mut self, model: &impl Weights, trainable: impl Fn(ParamGroup) -> bool) {
        model.visit(&mut |weight| {
            if !trainable(weight.group()) {
                self.vectors.remove(weight.name());
                self.matrices.remove(weight.name());
            }
        });
    }

    /// Adds the state to `tensors`, sorted by name. Returns the steps taken by each weight.
    pub(in crate::train) fn save(&self, tensors: &mut Vec<SavedTensor>) -> BTreeMap<String, i32> {
        let first = tensors.len();
        let mut steps = save(&self.vectors, tensors);
        steps.extend(save(&self.matrices, tensors));
        tensors[first..].sort_by(|a, b| a.name.cmp(&b.name));
        steps
    }

    /// Restores the state of the weights of `model` that have taken steps.
    ///
    /// # Errors
    /// `checkpoint.tensor` if a tensor is missing or has another size.
    pub(in crate::train) fn restore(
        &mut self,
        model: &impl Weights,
        steps: &BTreeMap<String, i32>,
        tensors: &mut RestoredTensors,
    ) -> Result<(), Diagnostic> {
        let mut restored = Ok(());
        model.visit(&mut |weight| {
            if restored.is_err() {
                return;
            }
            if let Some(&steps) = steps.get(&**weight.name()) {
                restored = match weight {
                    WeightRef::Vector(w) => restore(&mut self.vectors, w, steps, tensors),
                    WeightRef::Matrix(w) => restore(&mut self.matrices, w, steps, tensors),
                };
            }
        });
        restored
    }

    /// Size of the state, in bytes.
    pub fn bytes(&self) -> usize {
        let vectors: usize = self.vectors.values().map(|state| state.exp_avg.shape().num_elements()).sum();
        let matrices: usize = self.matrices.values().map(|state| state.exp_avg.shape().num_elements()).sum();
        2 * size_of::<f32>() * (vectors + matrices)
    }
}

/// Takes a weight and its state out, so that nothing else refers to them and the device may overwrite them. The gradient
/// takes their places meanwhile.
fn take_out<const D: usize>(
    states: &mut HashMap<Arc<str>, AdamWState<D>>,
    weight: &mut Weight<D>,
    gradient: Tensor<D>,
    step: impl Fn(i32) -> AdamWStep,
) -> AdamWInput<Dispatch> {
    weight.tensor = in_32_bits(weight.tensor.clone());
    let initial =
        || AdamWState { exp_avg: weight.tensor.zeros_like(), exp_avg_sq: weight.tensor.zeros_like(), steps: 0 };
    let state = states.entry(weight.name.clone()).or_insert_with(initial);
    state.steps += 1;
    let taken = |tensor: &mut Tensor<D>| mem::replace(tensor, gradient.clone()).into_dispatch();
    AdamWInput {
        mean: taken(&mut state.exp_avg),
        square: taken(&mut state.exp_avg_sq),
        weight: taken(&mut weight.tensor),
        gradient: gradient.clone().into_dispatch(),
        step: step(state.steps),
    }
}

fn put_back<const D: usize>(
    states: &mut HashMap<Arc<str>, AdamWState<D>>,
    weight: &mut Weight<D>,
    output: AdamWOutput<Dispatch>,
) {
    weight.tensor = Tensor::from_dispatch(output.weight);
    if let Some(state) = states.get_mut(&weight.name) {
        state.exp_avg = Tensor::from_dispatch(output.mean);
        state.exp_avg_sq = Tensor::from_dispatch(output.square);
    }
}

fn save<const D: usize>(
    states: &HashMap<Arc<str>, AdamWState<D>>,
    tensors: &mut Vec<SavedTensor>,
) -> BTreeMap<String, i32> {
    let mut steps = BTreeMap::new();
    for (name, state) in states {
        tensors.push(SavedTensor::new(TensorKind::ExpAvg.name(name), &state.exp_avg));
        tensors.push(SavedTensor::new(TensorKind::ExpAvgSq.name(name), &state.exp_avg_sq));
        steps.insert(name.to_string(), state.steps);
    }
    steps
}

fn restore<const D: usize>(
    states: &mut HashMap<Arc<str>, AdamWState<D>>,
    weight: &Weight<D>,
    steps: i32,
    tensors: &mut RestoredTensors,
) -> Result<(), Diagnostic> {
    let exp_avg = tensors.take(TensorKind::ExpAvg, weight)?;
    let exp_avg_sq = tensors.take(TensorKind::ExpAvgSq, weight)?;
    states.insert(weight.name.clone(), AdamWState { exp_avg, exp_avg_sq, steps });
    Ok(())
}
