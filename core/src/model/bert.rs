//! BERT (Devlin et al. 2018), as transformers' `BertModel`; MiniLM, BGE and E5 are the same network.

use std::ops::Range;

use burn::tensor::activation::gelu;
use burn::tensor::{Int, Tensor, TensorData};

use super::layers::{Embedding, LayerNorm, Linear};
use super::{BertConfig, Dropout, LoraConfig, Site};
use crate::ops::softmax;
use crate::recipe::{LoraTarget, ModelFacts, Pooling};
use crate::rng::{Purpose, Rng};
use crate::weights::{AnyWeight, Place, Tensors, Weights, WeightsError};

/// Added to the attention score of padding: it vanishes in the softmax, and a row of padding alone stays finite.
const MASKED: f64 = -1e9;

/// The encoder, with the pretrained pooler where the file has one.
#[derive(Clone, Debug)]
pub struct Bert {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Option<Linear>,
}

#[derive(Clone, Debug)]
struct Embeddings {
    word: Embedding,
    position: Embedding,
    token_type: Embedding,
    norm: LayerNorm,
}

#[derive(Clone, Debug)]
struct Layer {
    attention: Attention,
    intermediate: Linear,
    output: Linear,
    norm: LayerNorm,
}

#[derive(Clone, Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    norm: LayerNorm,
    heads: usize,
}

/// Sizes of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Number of layers.
    pub layers: usize,
    /// Length of a token's vector.
    pub hidden: usize,
    /// Size between the two halves of a feed-forward block.
    pub ffn: usize,
    /// Attention heads a layer.
    pub heads: usize,
}

impl Bert {
    /// Takes the model's tensors out of a file.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape than config.json says.
    pub fn load(config: &BertConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let BertConfig { hidden, layer_norm_eps: eps, .. } = *config;
        let embeddings = Embeddings {
            word: Embedding::load(tensors, "embeddings.word_embeddings", [config.vocab, hidden])?,
            position: Embedding::load(tensors, "embeddings.position_embeddings", [config.positions, hidden])?,
            token_type: Embedding::load(tensors, "embeddings.token_type_embeddings", [config.token_types, hidden])?,
            norm: LayerNorm::load(tensors, "embeddings.LayerNorm", Place::Embeddings, hidden, eps)?,
        };
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let pooler = match tensors.has("pooler.dense.weight") {
            true => Some(Linear::load(tensors, "pooler.dense", Place::Pooler, [hidden, hidden])?),
            false => None,
        };
        Ok(Self { embeddings, layers, pooler })
    }

    /// Length of a token's vector.
    pub fn hidden(&self) -> usize {
        self.embeddings.hidden()
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        Sizes {
            layers: self.layers.len(),
            hidden: self.hidden(),
            ffn: first.map_or(0, |layer| layer.intermediate.outputs()),
            heads: first.map_or(0, |layer| layer.attention.heads),
        }
    }

    /// What a recipe must fit, for data whose suggested length is `suggested_len` tokens.
    pub fn facts(&self, positions: usize, pooling: Pooling, suggested_len: u32) -> ModelFacts {
        ModelFacts {
            parameters: self.parameters() as f64,
            layers: self.layers(),
            has_pooler: self.has_pooler(),
            max_positions: positions as u32,
            pooling,
            suggested_len,
        }
    }

    /// Whether the file had a pooler.
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// What enters the first layer, `[batch, seq, hidden]`, of `ids` `[batch, seq]`.
    pub fn embed(&self, ids: Tensor<2, Int>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let kept = dropout.draw(Site::Hidden, [batch, seq, self.hidden()], &ids.device());
        kept.apply(self.embeddings.forward(ids))
    }

    /// Some of the layers, one after the other: `x` `[batch, seq, hidden]` to the same; `mask` `[batch, seq]` is 1 on
    /// tokens and 0 on padding.
    pub fn encode(&self, layers: Range<usize>, x: Tensor<3>, mask: Tensor<2>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = mask.dims();
        let bias = ((mask - 1.0) * -MASKED).reshape([batch, 1, 1, seq]);
        self.layers[layers].iter().fold(x, |x, layer| layer.forward(x, bias.clone(), dropout))
    }

    /// The first token's vector `[batch, hidden]` through the pooler, where there is one.
    pub fn pool(&self, first: Tensor<2>) -> Tensor<2> {
        match &self.pooler {
            // Some drivers give NaN for the tanh of large values; at 15 it is 1 to the last bit of an f32.
            Some(dense) => dense.forward(first, &mut Dropout::off()).clamp(-15.0, 15.0).tanh(),
            None => first,
        }
    }

    /// Puts adapters beside the linear layers that `config` names. From then on nothing else of the encoder learns.
    pub fn adapt(&mut self, config: &LoraConfig, seed: u64) {
        let mut rng = Rng::new(seed, Purpose::Adapter, 0);
        self.each(&mut |weight| weight.fix());
        for layer in &mut self.layers {
            for (target, linear) in layer.linears() {
                if config.targets.contains(&target) {
                    linear.adapt(config, &mut rng);
                }
            }
        }
    }

    /// Takes the adapters away: added to the weights, or not.
    pub fn detach(&mut self, is_merged: bool) {
        for layer in &mut self.layers {
            layer.linears().into_iter().for_each(|(_, linear)| linear.detach(is_merged));
        }
    }

    /// Visits the weights of the adapters alone.
    pub fn each_adapter<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>)) {
        for layer in &mut self.layers {
            layer.linears().into_iter().for_each(|(_, linear)| linear.each_adapter(visit));
        }
    }

    /// Makes the top `count` layers and the pooler anew, as they were before pretraining: weights normal with deviation
    /// 0.02, biases 0, norms 1 (Zhang et al. 2020, "Revisiting few-sample BERT fine-tuning").
    pub fn reinit_top(&mut self, count: usize, seed: u64) {
        let mut rng = Rng::new(seed, Purpose::Reinit, 0);
        let first = self.layers.len() - count.min(self.layers.len());
        let is_new = |place| matches!(place, Place::Layer(i) if i >= first) || (count > 0 && place == Place::Pooler);
        self.each(&mut |weight| match weight {
            AnyWeight::Matrix(w) if is_new(w.place) => {
                let shape = w.tensor.shape();
                let values: Vec<f32> = (0..shape.num_elements()).map(|_| rng.normal() * 0.02).collect();
                w.tensor = Tensor::from_data(TensorData::new(values, shape), &w.tensor.device());
            }
            AnyWeight::Vector(w) if is_new(w.place) => {
                let is_norm = w.name.ends_with("LayerNorm.weight");
                w.tensor = if is_norm { w.tensor.ones_like() } else { w.tensor.zeros_like() };
            }
            _ => {}
        });
    }
}

impl Embeddings {
    fn hidden(&self) -> usize {
        self.word.size()
    }

    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, seq] = ids.dims();
        // One text at a time: every token is of type 0.
        let places = self.position.first(seq) + self.token_type.first(1);
        self.norm.forward(self.word.forward(ids) + places.unsqueeze())
    }
}

impl Layer {
    fn load(config: &BertConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let BertConfig { hidden, ffn, heads, layer_norm_eps: eps, .. } = *config;
        let (place, at) = (Place::Layer(i), format!("encoder.layer.{i}"));
        let mut linear = |name: &str, shape| Linear::load(tensors, &format!("{at}.{name}"), place, shape);
        let query = linear("attention.self.query", [hidden, hidden])?;
        let key = linear("attention.self.key", [hidden, hidden])?;
        let value = linear("attention.self.value", [hidden, hidden])?;
        let attended = linear("attention.output.dense", [hidden, hidden])?;
        let intermediate = linear("intermediate.dense", [hidden, ffn])?;
        let output = linear("output.dense", [ffn, hidden])?;
        let mut norm = |name: &str| LayerNorm::load(tensors, &format!("{at}.{name}"), place, hidden, eps);
        let attention =
            Attention { query, key, value, output: attended, norm: norm("attention.output.LayerNorm")?, heads };
        Ok(Self { attention, intermediate, output, norm: norm("output.LayerNorm")? })
    }

    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let x = self.attention.forward(x, bias, dropout);
        let kept = dropout.draw(Site::Hidden, x.dims(), &x.device());
        let inner = gelu(self.intermediate.forward(x.clone(), dropout));
        self.norm.forward(kept.apply(self.output.forward(inner, dropout)) + x)
    }

    fn linears(&mut self) -> [(LoraTarget, &mut Linear); 6] {
        let Attention { query, key, value, output, .. } = &mut self.attention;
        [
            (LoraTarget::Query, query),
            (LoraTarget::Key, key),
            (LoraTarget::Value, value),
            (LoraTarget::AttentionOutput, output),
            (LoraTarget::Intermediate, &mut self.intermediate),
            (LoraTarget::Output, &mut self.output),
        ]
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let size = hidden / self.heads;
        let kept_weights = dropout.draw(Site::Attention, [batch, self.heads, seq, seq], &x.device());
        let kept = dropout.draw(Site::Hidden, [batch, seq, hidden], &x.device());
        let mut split = |linear: &Linear| {
            linear.forward(x.clone(), dropout).reshape([batch, seq, self.heads, size]).swap_dims(1, 2)
        };
        let scores = split(&self.query).matmul(split(&self.key).transpose()) * (1.0 / (size as f64).sqrt()) + bias;
        let weights = kept_weights.apply(softmax(scores));
        let mixed = weights.matmul(split(&self.value)).swap_dims(1, 2).reshape([batch, seq, hidden]);
        self.norm.forward(kept.apply(self.output.forward(mixed, dropout)) + x)
    }
}

impl Weights for Bert {
    fn each<'a>(&'a mut self, visit: &mut dyn FnMut(AnyWeight<'a>)) {
        let Embeddings { word, position, token_type, norm } = &mut self.embeddings;
        for table in [word, position, token_type] {
            table.each(visit);
        }
        norm.each(visit);
        for layer in &mut self.layers {
            let Attention { query, key, value, output, norm, .. } = &mut layer.attention;
            for linear in [query, key, value, output] {
                linear.each(visit);
            }
            norm.each(visit);
            layer.intermediate.each(visit);
            layer.output.each(visit);
            layer.norm.each(visit);
        }
        if let Some(pooler) = &mut self.pooler {
            pooler.each(visit);
        }
    }
}
