//! An encoder with a head that tells classes apart.

use burn::tensor::{Device, Int, Tensor};

use super::layers::Linear;
use super::{Bert, BertConfig, Dropout};
use crate::recipe::Pooling;
use crate::rng::{Purpose, Rng};
use crate::weights::{AnyWeight, Place, Tensors, Weights, WeightsError};

/// A batch of texts as tensors.
#[derive(Clone, Debug)]
pub struct Input {
    /// Token ids `[batch, seq]`.
    pub ids: Tensor<2, Int>,
    /// 1 on tokens, 0 on padding: `[batch, seq]`.
    pub mask: Tensor<2>,
    /// What each token weighs in the mean over its text, 0 on padding: `[batch, seq]`.
    pub shares: Tensor<2>,
}

/// `BertForSequenceClassification`, or the same with the mean over the tokens in place of the pooler.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// The encoder.
    pub bert: Bert,
    /// How the tokens' vectors become one.
    pub pooling: Pooling,
    head: Linear,
}

impl Classifier {
    /// Puts a new head for `classes` classes on an encoder of size `hidden`.
    pub fn new(bert: Bert, pooling: Pooling, [hidden, classes]: [usize; 2], seed: u64, device: &Device) -> Self {
        let mut rng = Rng::new(seed, Purpose::Head, 0);
        Self { bert, pooling, head: Linear::new("classifier", [hidden, classes], &mut rng, device) }
    }

    /// Takes encoder and head out of a file that was tuned before.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape.
    pub fn load(
        config: &BertConfig,
        pooling: Pooling,
        classes: usize,
        tensors: &mut Tensors,
    ) -> Result<Self, WeightsError> {
        let bert = Bert::load(config, tensors)?;
        let head = Linear::load(tensors, "classifier", Place::Head, [config.hidden, classes])?;
        Ok(Self { bert, pooling, head })
    }

    /// Scores before the softmax: `[batch, classes]`.
    pub fn forward(&self, input: Input, dropout: &mut Dropout) -> Tensor<2> {
        let [rows, _] = input.ids.dims();
        let kept = dropout.draw([rows, self.bert.hidden()], &input.ids.device());
        let x = self.bert.forward(input.ids, input.mask, dropout);
        let pooled = match self.pooling {
            Pooling::Cls => self.bert.pool(x),
            // The mean as a matrix product: `[batch, 1, seq]` by `[batch, seq, hidden]`.
            Pooling::Mean => input.shares.unsqueeze_dim::<3>(1).matmul(x).squeeze_dim(1),
        };
        self.head.forward(kept.apply(pooled))
    }
}

impl Weights for Classifier {
    fn each<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>)) {
        self.bert.each(visit);
        self.head.each(visit);
    }
}
