//! An encoder with a head that tells classes apart.

use burn::tensor::{Device, Int, Tensor};

use super::layers::Linear;
use super::{Bert, BertConfig, Dropout, LoraConfig, Site};
use crate::recipe::Pooling;
use crate::rng::{Purpose, Rng};
use crate::weights::{AnyWeight, Place, Tensors, Weights, WeightsError};

/// A batch of texts as tensors.
#[derive(Clone, Debug)]
pub struct Input {
    /// What enters the model, and where.
    pub hidden: Hidden,
    /// 1 on tokens, 0 on padding: `[batch, seq]`.
    pub mask: Tensor<2>,
    /// What each token weighs in the mean over its text, 0 on padding: `[batch, seq]`.
    pub shares: Tensor<2>,
}

/// Texts, computed up to some height of the model.
#[derive(Clone, Debug)]
pub enum Hidden {
    /// Token ids `[batch, seq]`: nothing is computed yet.
    Ids(Tensor<2, Int>),
    /// The vectors `[batch, seq, hidden]` after the embeddings and so many layers.
    Tokens(usize, Tensor<3>),
    /// The mean over the tokens, or the first token's vector: `[batch, hidden]`.
    Sentence(Tensor<2>),
}

/// How much of a model, from below, is computed apart from the rest: because it is frozen, it gives the same whenever it
/// is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bottom {
    /// Nothing.
    None,
    /// The embeddings and so many layers.
    Layers(usize),
    /// The encoder, up to the sentence's vector.
    Encoder,
}

impl Bottom {
    /// What lies below the lowest part that learns. Frozen embeddings alone are not worth keeping apart: they are
    /// looked up, not computed.
    pub fn below(lowest: Place) -> Self {
        match lowest {
            Place::Embeddings | Place::Layer(0) => Self::None,
            Place::Layer(i) => Self::Layers(i),
            Place::Pooler | Place::Head => Self::Encoder,
        }
    }

    /// Number of values that it makes of a text of `tokens` tokens.
    pub fn width(self, tokens: usize, hidden: usize) -> usize {
        match self {
            Self::None | Self::Layers(_) => tokens * hidden,
            Self::Encoder => hidden,
        }
    }
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
        let [rows, _] = input.mask.dims();
        let kept = dropout.draw(Site::Head, [rows, self.bert.hidden()], &input.mask.device());
        let sentence = match self.raised(input, Bottom::Encoder, dropout).hidden {
            Hidden::Sentence(sentence) => sentence,
            Hidden::Ids(_) | Hidden::Tokens(..) => unreachable!("raised to the sentence's vector in the line above"),
        };
        let pooled = match self.pooling {
            Pooling::Cls => self.bert.pool(sentence),
            Pooling::Mean => sentence,
        };
        self.head.forward(kept.apply(pooled), &mut Dropout::off())
    }

    /// The texts, computed up to the top of `bottom`. Those that are higher already stay.
    pub fn raised(&self, input: Input, bottom: Bottom, dropout: &mut Dropout) -> Input {
        let Input { hidden, mask, shares } = input;
        let top = match bottom {
            Bottom::None => return Input { hidden, mask, shares },
            Bottom::Layers(count) => count,
            Bottom::Encoder => self.bert.layers(),
        };
        let (done, x) = match hidden {
            Hidden::Sentence(_) => return Input { hidden, mask, shares },
            Hidden::Ids(ids) => (0, self.bert.embed(ids, dropout)),
            Hidden::Tokens(done, x) => (done, x),
        };
        let x = self.bert.encode(done..top.max(done), x, mask.clone(), dropout);
        let hidden = match (bottom, self.pooling) {
            (Bottom::Encoder, Pooling::Cls) => Hidden::Sentence(x.narrow(1, 0, 1).squeeze_dim(1)),
            // The mean as a matrix product: `[batch, 1, seq]` by `[batch, seq, hidden]`.
            (Bottom::Encoder, Pooling::Mean) => {
                Hidden::Sentence(shares.clone().unsqueeze_dim::<3>(1).matmul(x).squeeze_dim(1))
            }
            _ => Hidden::Tokens(top.max(done), x),
        };
        Input { hidden, mask, shares }
    }

    /// Puts adapters into the encoder, of which nothing else learns from then on.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        self.bert.adapt(config, seed);
    }

    /// The same model without adapters: with what they have learned added to the weights, or as it was before them.
    pub fn detached(&self, is_merged: bool) -> Self {
        let mut model = self.clone();
        model.bert.detach(is_merged);
        model
    }

    /// Visits the weights that an adapter's folder holds: the adapters and the head.
    pub fn each_adapter<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>)) {
        self.bert.each_adapter(visit);
        self.head.each(visit);
    }
}

impl Weights for Classifier {
    fn each<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>)) {
        self.bert.each(visit);
        self.head.each(visit);
    }
}
