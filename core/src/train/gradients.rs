//! Gradients by weight name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use burn::backend::DispatchTensor;
use burn::tensor::{Gradients as Recorded, Tensor};

use crate::model::TaskModel;
use crate::ops::step_scalars;
use crate::recipe::ParamGroup;
use crate::weights::{WeightRef, Weights, in_32_bits};

/// Most values of a gradient whose squared norm is computed as a product of a row with itself.
const MAX_ROW: usize = 1 << 16;

/// A gradient, in the shape of its weight.
#[derive(Clone, Debug)]
pub enum Gradient {
    /// Gradient of a bias or norm.
    Vector(Tensor<1>),
    /// Gradient of any other weight.
    Matrix(Tensor<2>),
}

impl Gradient {
    /// A weight's values, for sums and differences with gradients.
    pub(in crate::train) fn from_weight(weight: WeightRef) -> Self {
        match weight {
            WeightRef::Vector(w) => Self::Vector(w.tensor.clone()),
            WeightRef::Matrix(w) => Self::Matrix(in_32_bits(w.tensor.clone())),
        }
    }

    /// Its values as one row, `[rows · columns]`.
    pub fn flat(self) -> Tensor<1> {
        match self {
            Self::Vector(gradient) => gradient,
            Self::Matrix(gradient) => {
                let [rows, columns] = gradient.dims();
                gradient.reshape([rows * columns])
            }
        }
    }

    /// Squared norm, `[1]`. On a GPU the product of a row with itself takes one dispatch, whereas a square and a sum take
    /// two or three. But a single workgroup computes it, which is slow for large matrices.
    pub(in crate::train) fn squared_norm(&self) -> Tensor<1> {
        match self {
            Self::Matrix(matrix) if matrix.shape().num_elements() > MAX_ROW => matrix.clone().square().sum(),
            other => {
                let row = other.clone().flat().unsqueeze::<2>();
                row.clone().matmul(row.transpose()).reshape([1])
            }
        }
    }

    fn to_dispatch(&self) -> DispatchTensor {
        match self {
            Self::Vector(gradient) => gradient.clone().into_dispatch(),
            Self::Matrix(gradient) => gradient.clone().into_dispatch(),
        }
    }
}

/// Gradients of the trainable weights, by weight name. They are sorted, so that sums over them are always the same.
#[derive(Clone, Debug, Default)]
pub struct Gradients(BTreeMap<Arc<str>, Gradient>);

impl Gradients {
    /// Takes the gradients of a tracked model's weights out of a backward pass.
    pub(in crate::train) fn from_recorded(tracked: &TaskModel, recorded: &mut Recorded) -> Self {
        let mut gradients = BTreeMap::new();
        tracked.visit(&mut |weight| {
            let gradient = match weight {
                WeightRef::Vector(w) => w.tensor.grad_remove(recorded).map(Gradient::Vector),
                WeightRef::Matrix(w) => w.tensor.grad_remove(recorded).map(Gradient::Matrix),
            };
            if let Some(gradient) = gradient {
                gradients.insert(weight.name().clone(), gradient);
            }
        });
        Self(gradients)
    }

    /// Adds the gradients of another batch.
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

    /// Adds the gradient of L2-SP (Li, Grandvalet, Davoine 2018), `alpha / 2 · ‖w − start‖²`, to the gradients of the
    /// pretrained weights. New weights have no starting point to be pulled toward.
    pub fn add_l2_sp(
        &mut self,
        start: &TaskModel,
        model: &TaskModel,
        alpha: f64,
        is_pretrained: impl Fn(ParamGroup) -> bool,
    ) {
        let mut starts = HashMap::new();
        start.visit(&mut |weight| {
            starts.insert(weight.name().clone(), Gradient::from_weight(weight));
        });
        model.visit(&mut |weight| {
            if !is_pretrained(weight.group()) || !self.0.contains_key(weight.name()) {
                return;
            }
            let pull = match (Gradient::from_weight(weight), starts.remove(weight.name())) {
                (Gradient::Vector(now), Some(Gradient::Vector(start))) => Gradient::Vector((now - start) * alpha),
                (Gradient::Matrix(now), Some(Gradient::Matrix(start))) => Gradient::Matrix((now - start) * alpha),
                _ => return,
            };
            self.add(Self(BTreeMap::from([(weight.name().clone(), pull)])));
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

    /// The loss `[1]` and the squared norm of all gradients, as one tensor for [`crate::device_to_host::step_to_host`].
    pub fn step_scalars(&self, loss: Tensor<1>) -> Tensor<1> {
        step_scalars(loss, self.0.values().map(Gradient::to_dispatch).collect())
    }
}
