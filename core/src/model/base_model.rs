//! A pretrained network of any family, without the head of a task.

use std::ops::Range;

use burn::tensor::{Int, Tensor, TensorData};

use crate::model::bert::Bert;
use crate::model::config::ModelConfig;
use crate::model::dropout::Dropout;
use crate::model::gpt2::Gpt2;
use crate::model::kv_cache::KvCache;
use crate::model::linear::Linear;
use crate::model::llama::Llama;
use crate::model::lora::LoraConfig;
use crate::model::modernbert::ModernBert;
use crate::model::norm::UnbiasedNorm;
use crate::model::sentence_head::Dense;
use crate::model::sizes::Sizes;
use crate::recipe::{Family, LoraTarget, ModelFacts, ParamGroup, Pooling, RowFacts};
use crate::rng::{Rng, Stream};
use crate::weights::{Tensors, WeightMut, Weights, WeightsError, weights_of};

/// A network of one of the supported families.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few bodies exist at a time, never many")]
pub enum BaseModel {
    /// An encoder: each token attends to the whole text.
    Bert(Bert),
    /// An encoder.
    ModernBert(ModernBert),
    /// A decoder: each token attends to itself and to earlier tokens.
    Llama(Llama),
    /// A decoder.
    Gpt2(Gpt2),
}

impl BaseModel {
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &ModelConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        Ok(match config {
            ModelConfig::Bert(config) => Self::Bert(Bert::load(config, tensors)?),
            ModelConfig::ModernBert(config) => Self::ModernBert(ModernBert::load(config, tensors)?),
            ModelConfig::Llama(config) => Self::Llama(Llama::load(config, tensors)?),
            ModelConfig::Gpt2(config) => Self::Gpt2(Gpt2::load(config, tensors)?),
        })
    }

    /// Model family.
    pub fn family(&self) -> Family {
        match self {
            Self::Bert(bert) => bert.family(),
            Self::ModernBert(_) => Family::ModernBert,
            Self::Llama(llama) => llama.family(),
            Self::Gpt2(_) => Family::Gpt2,
        }
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        match self {
            Self::Bert(bert) => bert.sizes(),
            Self::ModernBert(modernbert) => modernbert.sizes(),
            Self::Llama(llama) => llama.sizes(),
            Self::Gpt2(gpt2) => gpt2.sizes(),
        }
    }

    /// Size of the vocabulary of a decoder, in tokens; 0 for an encoder, which does not predict tokens.
    pub fn vocab(&self) -> usize {
        match self {
            Self::Bert(_) | Self::ModernBert(_) => 0,
            Self::Llama(llama) => llama.vocab(),
            Self::Gpt2(gpt2) => gpt2.vocab(),
        }
    }

    /// Hidden size.
    pub fn hidden(&self) -> usize {
        self.sizes().hidden
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.sizes().layers
    }

    /// Longest sequence, in tokens; `None` if it is not limited by a table of position embeddings.
    pub fn max_positions(&self) -> Option<usize> {
        match self {
            Self::Bert(bert) => Some(bert.max_positions()),
            Self::ModernBert(_) | Self::Llama(_) => None,
            Self::Gpt2(gpt2) => Some(gpt2.max_positions()),
        }
    }

    /// Number of values that a [`KvCache`] holds for each token.
    pub fn kv_values_per_token(&self) -> usize {
        match self {
            Self::Bert(_) | Self::ModernBert(_) => 0,
            Self::Llama(llama) => llama.kv_values_per_token(),
            Self::Gpt2(_) => 2 * self.layers() * self.hidden(),
        }
    }

    /// A bound `[1]` of the absolute values in the hidden states after the last layer of BERT or a relative; `None` for others.
    pub fn bound(&self) -> Option<Tensor<1>> {
        match self {
            Self::Bert(bert) => Some(bert.bound()),
            Self::ModernBert(_) | Self::Llama(_) | Self::Gpt2(_) => None,
        }
    }

    /// Returns true if the model has a pretrained pooler.
    pub fn has_pooler(&self) -> bool {
        matches!(self, Self::Bert(bert) if bert.has_pooler())
    }

    /// Takes the hidden layer that a head begins with, if the file of the base model has one.
    pub(super) fn take_prediction_head(&mut self) -> Option<Dense> {
        match self {
            Self::ModernBert(modernbert) => modernbert.take_prediction_head(),
            Self::Bert(_) | Self::Llama(_) | Self::Gpt2(_) => None,
        }
    }

    /// Initializes a norm of the head.
    pub(super) fn new_head_norm(&self, name: &str) -> UnbiasedNorm {
        let eps = match self {
            Self::ModernBert(modernbert) => modernbert.norm_eps(),
            Self::Bert(bert) => bert.norm_eps(),
            Self::Llama(_) | Self::Gpt2(_) => 1e-5,
        };
        UnbiasedNorm::new(name, ParamGroup::Head, self.hidden(), eps, &self.device())
    }

    /// The pooling that the model can do: the mean instead of the first token for a BERT without a pooler, such as one that
    /// was pretrained by masked tokens only.
    pub fn usable_pooling(&self, wanted: Pooling) -> Pooling {
        if self.family() == Family::Bert && !self.has_pooler() { Pooling::Mean } else { wanted }
    }

    /// The facts that a recipe must fit, for this data.
    pub fn facts(&self, max_positions: usize, pooling: Pooling, data: RowFacts) -> ModelFacts {
        ModelFacts {
            family: self.family(),
            parameters: self.parameters() as f64,
            layers: self.layers(),
            hidden: self.sizes().hidden as u32,
            has_pooler: self.has_pooler(),
            max_positions: max_positions as u32,
            pooling,
            data,
        }
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]`. `token_type_ids` `[batch, seq]` are 0
    /// on the first text of a pair and 1 on the second. Families without token types ignore them.
    pub fn embed(
        &self,
        ids: Tensor<2, Int>,
        token_type_ids: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        match self {
            Self::Bert(bert) => bert.embed(ids, token_type_ids, dropout),
            Self::ModernBert(modernbert) => modernbert.embed(ids, dropout),
            Self::Llama(llama) => llama.embed(ids, dropout),
            Self::Gpt2(gpt2) => gpt2.embed(ids, 0, dropout),
        }
    }

    /// Applies some of the layers to `x` `[batch, seq, hidden]`. `attention_mask` `[batch, seq]` is 1 on tokens and 0 on
    /// padding, which must be at the end.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        attention_mask: Tensor<2>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        match self {
            Self::Bert(bert) => bert.encode(layers, x, attention_mask, dropout),
            Self::ModernBert(modernbert) => modernbert.encode(layers, x, attention_mask, dropout),
            Self::Llama(llama) => llama.encode(layers, x, None, dropout),
            Self::Gpt2(gpt2) => gpt2.encode(layers, x, None, dropout),
        }
    }

    /// The first token's hidden state `[batch, hidden]` through the pretrained pooler, if there is one.
    pub fn pool(&self, first: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Bert(bert) => bert.pool(first),
            Self::ModernBert(_) | Self::Llama(_) | Self::Gpt2(_) => first,
        }
    }

    /// Logits `[n, vocab]` of a decoder for hidden states `[n, hidden]` after the last layer. An encoder has no output
    /// layer and returns `x`: no recipe trains one to generate.
    pub fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Bert(_) | Self::ModernBert(_) => x,
            Self::Llama(llama) => llama.logits(x),
            Self::Gpt2(gpt2) => gpt2.logits(x),
        }
    }

    /// Logits `[1, vocab]` of the token after `ids`, which follow the tokens in `cache` and are appended to it.
    pub fn next_token_logits(&self, ids: &[u32], cache: &mut KvCache) -> Tensor<2> {
        let mut off = Dropout::off();
        let device = self.device();
        let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let seq = ids.len();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [1, seq]), &device);
        let x = match self {
            Self::Bert(_) | Self::ModernBert(_) => self.embed(ids, None, &mut off),
            Self::Llama(llama) => llama.encode(0..self.layers(), llama.embed(ids, &mut off), Some(cache), &mut off),
            Self::Gpt2(gpt2) => {
                let x = gpt2.embed(ids, cache.tokens(), &mut off);
                gpt2.encode(0..self.layers(), x, Some(cache), &mut off)
            }
        };
        self.logits(x.narrow(1, seq - 1, 1).squeeze_dim(1))
    }

    /// Adds adapters to the linear layers that `config` targets, and freezes all other weights.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        let mut rng = Rng::new(seed, Stream::Adapter, 0);
        self.visit_mut(&mut |weight| weight.freeze());
        self.visit_linears_mut(&mut |target, linear| {
            if config.targets.contains(&target) {
                linear.adapt(config, &mut rng);
            }
        });
    }

    /// Removes the adapters, after adding them to the weights if `is_merged`.
    pub fn detach(&mut self, is_merged: bool) {
        self.visit_linears_mut(&mut |_, linear| linear.detach(is_merged));
    }

    /// Visits the linear layers that can take an adapter.
    pub fn visit_linears<'a>(&'a self, visitor: &mut dyn FnMut(LoraTarget, &'a Linear)) {
        match self {
            Self::Bert(bert) => bert.visit_linears(visitor),
            Self::ModernBert(modernbert) => modernbert.visit_linears(visitor),
            Self::Llama(llama) => llama.visit_linears(visitor),
            Self::Gpt2(gpt2) => gpt2.visit_linears(visitor),
        }
    }

    fn visit_linears_mut<'a>(&'a mut self, visitor: &mut dyn FnMut(LoraTarget, &'a mut Linear)) {
        match self {
            Self::Bert(bert) => bert.visit_linears_mut(visitor),
            Self::ModernBert(modernbert) => modernbert.visit_linears_mut(visitor),
            Self::Llama(llama) => llama.visit_linears_mut(visitor),
            Self::Gpt2(gpt2) => gpt2.visit_linears_mut(visitor),
        }
    }

    /// Added to the weights of the norms.
    fn norm_offset(&self) -> f64 {
        match self {
            Self::Bert(_) | Self::ModernBert(_) | Self::Gpt2(_) => 0.0,
            Self::Llama(llama) => llama.norm_offset(),
        }
    }

    /// Re-initializes the top `count` layers and the pooler: weights normal with standard deviation 0.02, biases 0, norms
    /// 1 (Zhang et al. 2020, "Revisiting few-sample BERT fine-tuning").
    pub fn reinit_top(&mut self, count: usize, seed: u64) {
        let mut rng = Rng::new(seed, Stream::Reinit, 0);
        let first = self.layers() - count.min(self.layers());
        let is_reset =
            |group| matches!(group, ParamGroup::Layer(i) if i >= first) || (count > 0 && group == ParamGroup::Pooler);
        let one = 1.0 - self.norm_offset();
        self.visit_mut(&mut |weight| {
            let is_norm_scale = weight.as_ref().is_norm_scale();
            match weight {
                WeightMut::Matrix(w) if is_reset(w.group) => {
                    let shape = w.tensor.shape();
                    let values: Vec<f32> = (0..shape.num_elements()).map(|_| rng.normal() * 0.02).collect();
                    w.tensor = Tensor::from_data(TensorData::new(values, shape), &w.tensor.device());
                }
                WeightMut::Vector(w) if is_reset(w.group) => {
                    w.tensor = if is_norm_scale { w.tensor.full_like(one) } else { w.tensor.zeros_like() };
                }
                _ => {}
            }
        });
    }
}

weights_of!(BaseModel: Bert | ModernBert | Llama | Gpt2);
