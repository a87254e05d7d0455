//! Loss and gradients of one batch.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{Gradients as Recorded, Tensor};

use crate::model::{Dropout, TaskModel};
use crate::recipe::ParamGroup;
use crate::train::{Objective, StepInput};
use crate::weights::{WeightRef, Weights};

/// Longest row that is multiplied with itself.
const MAX_ROW: usize = 1 << 16;

/// A gradient, of its weight's shape.
#[derive(Clone, Debug)]
pub enum Gradient {
    /// Of a bias or norm.
    Vector(Tensor<1>),
    /// Of anything else.
    Matrix(Tensor<2>),
}

impl Gradient {
    fn values_of(weight: WeightRef) -> Self {
        match weight {
            WeightRef::Vector(w) => Self::Vector(w.tensor.clone()),
            WeightRef::Matrix(w) => Self::Matrix(w.tensor.clone()),
        }
    }

    /// Its values in one row.
    pub fn flat(self) -> Tensor<1> {
        match self {
            Self::Vector(gradient) => gradient,
            Self::Matrix(gradient) => {
                let [rows, columns] = gradient.dims();
                gradient.reshape([rows * columns])
            }
        }
    }

    /// `[1]`. A row times itself is one dispatch on a GPU where a square and a sum are two or three; but one workgroup
    /// computes it all, which would be slow for large matrices.
    fn square_norm(&self) -> Tensor<1> {
        match self {
            Self::Matrix(matrix) if matrix.shape().num_elements() > MAX_ROW => matrix.clone().square().sum(),
            other => {
                let row = other.clone().flat().unsqueeze::<2>();
                row.clone().matmul(row.transpose()).reshape([1])
            }
        }
    }
}

/// Gradients of the weights that learn, by name.
#[derive(Clone, Debug, Default)]
pub struct Gradients(HashMap<Arc<str>, Gradient>);

impl Gradients {
    /// Takes those of a model's weights out of what a backward pass has recorded.
    pub(super) fn of(tracked: &TaskModel, recorded: &mut Recorded) -> Self {
        let mut gradients = HashMap::new();
        tracked.visit(&mut |weight| {
            let name = weight.name().clone();
            let gradient = match weight {
                WeightRef::Vector(w) => w.tensor.grad_remove(recorded).map(Gradient::Vector),
                WeightRef::Matrix(w) => w.tensor.grad_remove(recorded).map(Gradient::Matrix),
            };
            if let Some(gradient) = gradient {
                gradients.insert(name, gradient);
            }
        });
        Self(gradients)
    }

    /// Adds those of another batch.
    pub fn add(&mut self, other: Self) {
        for (name, gradient) in other.0 {
            let sum = match (self.0.remove(&name), gradient) {
                (Some(Gradient::Vector(sum)), Gradient::Vector(gradient)) => Gradient::Vector(sum + gradient),
                (Some(Gradient::Matrix(sum)), Gradient::Matrix(gradient)) => Gradient::Matrix(sum + gradient),
                (_, gradient) => gradient,
            };
            self.0.insert(name, sum);
        }
    }

    /// Adds the gradient of L2-SP (Li, Grandvalet, Davoine 2018), `alpha / 2 · ‖w − start‖²`, to those of the weights
    /// that are pretrained; what is new has nothing to be pulled toward.
    pub fn pull_toward(
        &mut self,
        start: &TaskModel,
        model: &TaskModel,
        alpha: f64,
        is_pretrained: impl Fn(ParamGroup) -> bool,
    ) {
        let mut starts = HashMap::new();
        start.visit(&mut |weight| {
            starts.insert(weight.name().clone(), Gradient::values_of(weight));
        });
        model.visit(&mut |weight| {
            if !is_pretrained(weight.group()) {
                return;
            }
            let pull = match (Gradient::values_of(weight), starts.remove(weight.name())) {
                (Gradient::Vector(now), Some(Gradient::Vector(start))) => Gradient::Vector((now - start) * alpha),
                (Gradient::Matrix(now), Some(Gradient::Matrix(start))) => Gradient::Matrix((now - start) * alpha),
                _ => return,
            };
            if self.0.contains_key(weight.name()) {
                self.add(Self(HashMap::from([(weight.name().clone(), pull)])));
            }
        });
    }

    /// Takes out the gradient of a weight.
    pub fn take(&mut self, name: &str) -> Option<Gradient> {
        self.0.remove(name)
    }

    /// Names of the weights that have a gradient.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.0.keys()
    }

    /// The square of each gradient's norm: `[1]` each. They are summed after they are read: adding them up on a GPU would
    /// cost a dispatch for every one.
    pub fn square_norms(&self) -> Vec<Tensor<1>> {
        self.0.values().map(Gradient::square_norm).collect()
    }
}

/// Factor that brings a gradient of norm `grad_norm` down to `max_grad_norm`, as `torch.nn.utils.clip_grad_norm_`; a
/// `max_grad_norm` of 0 leaves it as it is.
pub fn clip_scale(grad_norm: f64, max_grad_norm: f64) -> f64 {
    if max_grad_norm > 0.0 { (max_grad_norm / (grad_norm + 1e-6)).min(1.0) } else { 1.0 }
}

/// Loss `[1]` and gradients of a batch. Nothing is computed backwards below the lowest part that is `live`.
pub fn gradients(
    model: &TaskModel,
    batch: StepInput,
    objective: Objective,
    trainable: impl Fn(ParamGroup) -> bool,
    dropout: &mut Dropout,
) -> (Tensor<1>, Gradients) {
    let tracked = model.tracked(trainable);
    let loss = objective.loss(|dropout| tracked.forward(batch.input.clone(), dropout), &batch, dropout);
    let mut recorded = loss.backward();
    let gradients = Gradients::of(&tracked, &mut recorded);
    (loss.inner(), gradients)
}
