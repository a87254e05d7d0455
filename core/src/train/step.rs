//! Loss and gradients of one batch.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use crate::model::{Classifier, Dropout, Input};
use crate::weights::{AnyWeight, Place, Weights};

/// A batch to learn from.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// The texts.
    pub input: Input,
    /// `[rows, classes]`: what each row's classes weigh in the loss. Sums to the batch's share of its optimiser step.
    pub targets: Tensor<2>,
}

impl StepInput {
    /// A batch of `rows` rows, of which the first are real and have `labels`; each weighs `weight`.
    pub fn new(input: Input, labels: &[u32], [rows, classes]: [usize; 2], weight: f32, device: &Device) -> Self {
        let mut targets = vec![0.0f32; rows * classes];
        for (row, &label) in labels.iter().enumerate() {
            targets[row * classes + label as usize] = weight;
        }
        Self { input, targets: Tensor::from_data(TensorData::new(targets, [rows, classes]), device) }
    }
}

/// Gradients of the weights that learn, by name, each flattened.
#[derive(Clone, Debug, Default)]
pub struct Gradients(HashMap<Arc<str>, Tensor<1>>);

impl Gradients {
    /// Adds those of another batch.
    pub fn add(&mut self, other: Self) {
        for (name, gradient) in other.0 {
            let sum = match self.0.remove(&name) {
                Some(sum) => sum + gradient,
                None => gradient,
            };
            self.0.insert(name, sum);
        }
    }

    /// Takes out the gradient of a weight.
    pub fn take(&mut self, name: &str) -> Option<Tensor<1>> {
        self.0.remove(name)
    }

    /// Names of the weights that have a gradient.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.keys()
    }

    /// The square of the norm over all gradients together: `[1]`. `None` when there are no gradients.
    pub fn square_norm(&self) -> Option<Tensor<1>> {
        self.0.values().map(|gradient| gradient.clone().square().sum()).reduce(|sum, square| sum + square)
    }
}

/// Factor that brings a gradient of norm `grad_norm` down to `clip_norm`, as `torch.nn.utils.clip_grad_norm_`; a
/// `clip_norm` of 0 leaves it as it is.
pub fn clip_scale(grad_norm: f64, clip_norm: f64) -> f64 {
    if clip_norm > 0.0 { (clip_norm / (grad_norm + 1e-6)).min(1.0) } else { 1.0 }
}

/// Loss `[1]` and gradients of a batch. Nothing is computed backwards below the lowest part that is `live`.
pub fn gradients(
    model: &Classifier,
    batch: StepInput,
    live: impl Fn(Place) -> bool,
    dropout: &mut Dropout,
) -> (Tensor<1>, Gradients) {
    let mut tracked = model.tracked(live);
    let loss = cross_entropy(tracked.forward(batch.input, dropout), batch.targets);
    let mut grads = loss.backward();
    let mut gradients = HashMap::new();
    tracked.each(&mut |weight| {
        let name = weight.name().clone();
        let gradient = match weight {
            AnyWeight::Vector(w) => w.tensor.grad_remove(&mut grads),
            AnyWeight::Matrix(w) => w.tensor.grad_remove(&mut grads).map(|g| {
                let [rows, columns] = g.dims();
                g.reshape([rows * columns])
            }),
        };
        if let Some(gradient) = gradient {
            gradients.insert(name, gradient);
        }
    });
    (loss.inner(), Gradients(gradients))
}

/// `−Σ targets · log softmax(logits)`: `[1]`.
fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (log_softmax(logits, 1) * targets).sum().neg()
}
