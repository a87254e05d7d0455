//! The head for tasks on whole texts.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::model::dropout::Dropout;
use crate::model::linear::Linear;
use crate::model::norm::{UnbiasedNorm, UnitNorm};
use crate::ops::{DropoutMask, apply_dropout, gelu};
use crate::recipe::Pooling;
use crate::usage::Activation;
use crate::weights::weights_of;

/// Layers from the pooled text to its outputs.
#[derive(Clone, Debug)]
pub(super) struct SentenceHead {
    /// Pooling of the tokens' hidden states into one vector.
    pub(super) pooling: Pooling,
    /// Norm of the mean. Thereby the head equals a layer of transformers' own classes: see
    /// [`averaging_layer`](crate::model::averaging_layer).
    pub(super) norm: Option<UnitNorm>,
    /// Hidden layer, if the family's head has one.
    pub(super) dense: Option<Dense>,
    pub(super) output: Linear,
    /// Standardization of the number that `output` predicts.
    pub(super) standardization: Standardization,
}

/// Hidden layer of a head.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    pub(super) linear: Linear,
    pub(super) activation: Activation,
    pub(super) norm: Option<UnbiasedNorm>,
}

/// Mean and standard deviation by which numbers are standardized: the output layer predicts `(number − mean) / deviation`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardization {
    /// Mean of the numbers.
    pub mean: f64,
    /// Standard deviation of the numbers; not 0.
    pub deviation: f64,
}

impl Default for Standardization {
    /// Numbers as they are.
    fn default() -> Self {
        Self { mean: 0.0, deviation: 1.0 }
    }
}

impl SentenceHead {
    /// Input of the head's linear layers, `[batch, hidden]`, from pooled texts of that shape.
    pub(super) fn normalized(&self, pooled: Tensor<2>) -> Tensor<2> {
        match &self.norm {
            Some(norm) => norm.forward(pooled),
            None => pooled,
        }
    }

    /// Logits `[batch, outputs]` of `x` `[batch, hidden]`, with dropout before the output layer.
    pub(super) fn outputs(&self, x: Tensor<2>, mask: Option<DropoutMask>) -> Tensor<2> {
        let x = match &self.dense {
            Some(dense) => dense.forward(x),
            None => x,
        };
        let outputs = self.output.forward(apply_dropout(x, mask), &mut Dropout::off());
        let Standardization { mean, deviation } = self.standardization;
        if self.standardization == Standardization::default() { outputs } else { outputs * deviation + mean }
    }

    /// Moves the standardization into the weights of the output layer, as transformers needs it.
    pub(super) fn absorb_standardization(&mut self) {
        let standardization = std::mem::take(&mut self.standardization);
        if standardization != Standardization::default() {
            self.output.rescale(standardization.deviation, standardization.mean);
        }
    }
}

impl Dense {
    /// `[n, hidden]` to `[n, hidden]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.linear.forward(x, &mut Dropout::off());
        let x = match self.activation {
            Activation::Tanh => x.clamp(-15.0, 15.0).tanh(),
            Activation::Relu => burn::tensor::activation::relu(x),
            Activation::Gelu => gelu(x),
        };
        match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}

weights_of!(SentenceHead { dense, output });
weights_of!(Dense { linear, norm });
