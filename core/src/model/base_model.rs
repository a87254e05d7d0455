//! A pretrained network of any family, without the head of a task.

use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData};

use crate::model::layers::Linear;
use crate::model::{Bert, Cache, Dropout, Gpt2, Llama, LoraConfig, ModelConfig};
use crate::recipe::{Family, LoraTarget, ModelFacts, ParamGroup, Pooling};
use crate::rng::{Rng, Stream};
use crate::weights::{Tensors, WeightMut, Weights, WeightsError, weights_of};

/// Subtracted from the attention score of what must not be seen: it vanishes in the softmax, and a row that sees nothing
/// stays finite.
pub(crate) const MASKED: f64 = -1e9;

/// A network of one of the known families.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few bodies exist at a time, never many")]
pub enum BaseModel {
    /// An encoder: each token sees the whole text.
    Bert(Bert),
    /// A decoder: each token sees those before it.
    Llama(Llama),
    /// A decoder.
    Gpt2(Gpt2),
}

/// Sizes that memory and work go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Number of layers.
    pub layers: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Size between the two halves of a feed-forward block.
    pub intermediate_size: usize,
    /// Attention heads a layer.
    pub heads: usize,
}

impl BaseModel {
    /// Takes the model's tensors out of a file.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape than config.json says.
    pub fn load(config: &ModelConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        Ok(match config {
            ModelConfig::Bert(config) => Self::Bert(Bert::load(config, tensors)?),
            ModelConfig::Llama(config) => Self::Llama(Llama::load(config, tensors)?),
            ModelConfig::Gpt2(config) => Self::Gpt2(Gpt2::load(config, tensors)?),
        })
    }

    /// Which family it is of.
    pub fn family(&self) -> Family {
        match self {
            Self::Bert(bert) => bert.family(),
            Self::Llama(_) => Family::Llama,
            Self::Gpt2(_) => Family::Gpt2,
        }
    }

    /// The sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        match self {
            Self::Bert(bert) => bert.sizes(),
            Self::Llama(llama) => llama.sizes(),
            Self::Gpt2(gpt2) => gpt2.sizes(),
        }
    }

    /// Tokens that a decoder chooses the next one from; an encoder chooses none.
    pub fn vocab(&self) -> usize {
        match self {
            Self::Bert(_) => 0,
            Self::Llama(llama) => llama.vocab(),
            Self::Gpt2(gpt2) => gpt2.vocab(),
        }
    }

    /// Length of a token's vector.
    pub fn hidden(&self) -> usize {
        self.sizes().hidden
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.sizes().layers
    }

    /// Tokens that the body can read at the most, where there is a table of positions.
    pub fn positions(&self) -> Option<usize> {
        match self {
            Self::Bert(bert) => Some(bert.positions()),
            Self::Llama(_) => None,
            Self::Gpt2(gpt2) => Some(gpt2.positions()),
        }
    }

    /// Values that a decoder's cache has of each token: keys and values of all layers.
    pub fn kept_by_token(&self) -> usize {
        match self {
            Self::Bert(_) => 0,
            Self::Llama(llama) => llama.kept_by_token(),
            Self::Gpt2(_) => 2 * self.layers() * self.hidden(),
        }
    }

    /// Whether the file had a pooler.
    pub fn has_pooler(&self) -> bool {
        matches!(self, Self::Bert(bert) if bert.has_pooler())
    }

    /// What a recipe must fit, for data whose suggested length is `suggested_len` tokens.
    pub fn facts(&self, positions: usize, pooling: Pooling, suggested_len: u32) -> ModelFacts {
        ModelFacts {
            family: self.family(),
            parameters: self.parameters() as f64,
            layers: self.layers(),
            has_pooler: self.has_pooler(),
            max_positions: positions as u32,
            pooling,
            suggested_len,
        }
    }

    /// What enters the first layer, `[batch, seq, hidden]`, of `ids` `[batch, seq]`. `types` `[batch, seq]` tells the
    /// texts of a pair apart, 0 and 1, where a family knows types.
    pub fn embed(
        &self,
        ids: Tensor<2, Int>,
        token_type_ids: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        match self {
            Self::Bert(bert) => bert.embed(ids, token_type_ids, dropout),
            Self::Llama(llama) => llama.embed(ids, dropout),
            Self::Gpt2(gpt2) => gpt2.embed(ids, 0, dropout),
        }
    }

    /// Some of the layers, one after the other: `x` `[batch, seq, hidden]` to the same; `mask` `[batch, seq]` is 1 on
    /// tokens and 0 on padding, which stands at the end.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        attention_mask: Tensor<2>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        match self {
            Self::Bert(bert) => bert.encode(layers, x, attention_mask, dropout),
            Self::Llama(llama) => llama.encode(layers, x, None, dropout),
            Self::Gpt2(gpt2) => gpt2.encode(layers, x, None, dropout),
        }
    }

    /// The first token's vector `[batch, hidden]` through the pretrained pooler, where there is one.
    pub fn pool(&self, first: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Bert(bert) => bert.pool(first),
            Self::Llama(_) | Self::Gpt2(_) => first,
        }
    }

    /// A decoder's scores of every token of the vocabulary, `[n, vocab]`, for vectors `[n, hidden]` after the last layer.
    ///
    /// # Panics
    /// On an encoder, which writes nothing: a recipe of that task is not valid with one.
    pub fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Bert(_) => unreachable!("encoders do not serve the task of generation"),
            Self::Llama(llama) => llama.scores(x),
            Self::Gpt2(gpt2) => gpt2.scores(x),
        }
    }

    /// A decoder's scores `[1, vocab]` of what comes after `ids`, which themselves come after what is in `cache`.
    pub fn next_scores(&self, ids: &[u32], cache: &mut Cache) -> Tensor<2> {
        let mut off = Dropout::off();
        let device = self.device();
        let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let seq = ids.len();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [1, seq]), &device);
        let x = match self {
            Self::Bert(_) => self.embed(ids, None, &mut off),
            Self::Llama(llama) => llama.encode(0..self.layers(), llama.embed(ids, &mut off), Some(cache), &mut off),
            Self::Gpt2(gpt2) => {
                let x = gpt2.embed(ids, cache.tokens(), &mut off);
                gpt2.encode(0..self.layers(), x, Some(cache), &mut off)
            }
        };
        self.scores(x.narrow(1, seq - 1, 1).squeeze_dim(1))
    }

    /// Puts adapters beside the linear layers that `config` names. From then on nothing else of the body learns.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        let mut rng = Rng::new(seed, Stream::Adapter, 0);
        self.visit_mut(&mut |weight| weight.freeze());
        self.visit_linears_mut(&mut |target, linear| {
            if config.targets.contains(&target) {
                linear.adapt(config, &mut rng);
            }
        });
    }

    /// Takes the adapters away: added to the weights, or not.
    pub fn detach(&mut self, is_merged: bool) {
        self.visit_linears_mut(&mut |_, linear| linear.detach(is_merged));
    }

    /// Visits the linear layers that can take an adapter.
    pub fn visit_linears<'a>(&'a self, visitor: &mut dyn FnMut(LoraTarget, &'a Linear)) {
        match self {
            Self::Bert(bert) => bert.visit_linears(visitor),
            Self::Llama(llama) => llama.visit_linears(visitor),
            Self::Gpt2(gpt2) => gpt2.visit_linears(visitor),
        }
    }

    fn visit_linears_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(LoraTarget, &'a mut Linear)) {
        match self {
            Self::Bert(bert) => bert.visit_linears_mut(visitor),
            Self::Llama(llama) => llama.visit_linears_mut(visitor),
            Self::Gpt2(gpt2) => gpt2.visit_linears_mut(visitor),
        }
    }

    /// Makes the top `count` layers and the pooler anew, as they were before pretraining: weights normal with deviation
    /// 0.02, biases 0, norms 1 (Zhang et al. 2020, "Revisiting few-sample BERT fine-tuning").
    pub fn reinit_top(&mut self, count: usize, seed: u64) {
        let mut rng = Rng::new(seed, Stream::Reinit, 0);
        let first = self.layers() - count.min(self.layers());
        let is_new =
            |group| matches!(group, ParamGroup::Layer(i) if i >= first) || (count > 0 && group == ParamGroup::Pooler);
        self.visit_mut(&mut |weight| {
            let is_norm_scale = weight.as_ref().is_norm_scale();
            match weight {
                WeightMut::Matrix(w) if is_new(w.group) => {
                    let shape = w.tensor.shape();
                    let values: Vec<f32> = (0..shape.num_elements()).map(|_| rng.normal() * 0.02).collect();
                    w.tensor = Tensor::from_data(TensorData::new(values, shape), &w.tensor.device());
                }
                WeightMut::Vector(w) if is_new(w.group) => {
                    w.tensor = if is_norm_scale { w.tensor.ones_like() } else { w.tensor.zeros_like() };
                }
                _ => {}
            }
        });
    }
}

weights_of!(BaseModel: Bert | Llama | Gpt2);
