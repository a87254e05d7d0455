//! BERT (Devlin et al. 2018), as transformers' `BertModel`; MiniLM, BGE and E5 are the same network.

use burn::tensor::activation::gelu;
use burn::tensor::{Int, Tensor};

use super::layers::{Embedding, LayerNorm, Linear};
use super::{BertConfig, Dropout};
use crate::ops::softmax;
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

    /// Whether the file had a pooler.
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// The last layer's vectors `[batch, seq, hidden]` of `ids` `[batch, seq]`; `mask` `[batch, seq]` is 1 on tokens
    /// and 0 on padding.
    pub fn forward(&self, ids: Tensor<2, Int>, mask: Tensor<2>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let bias = ((mask - 1.0) * -MASKED).reshape([batch, 1, 1, seq]);
        let kept = dropout.draw([batch, seq, self.hidden()], &ids.device());
        let x = kept.apply(self.embeddings.forward(ids));
        self.layers.iter().fold(x, |x, layer| layer.forward(x, bias.clone(), dropout))
    }

    /// The first token's vector through the pooler: `[batch, seq, hidden]` to `[batch, hidden]`. Without a pooler, the
    /// vector itself.
    pub fn pool(&self, x: Tensor<3>) -> Tensor<2> {
        let first = x.narrow(1, 0, 1).squeeze_dim(1);
        match &self.pooler {
            // Some drivers give NaN for the tanh of large values; at 15 it is 1 to the last bit of an f32.
            Some(dense) => dense.forward(first).clamp(-15.0, 15.0).tanh(),
            None => first,
        }
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
        let kept = dropout.draw(x.dims(), &x.device());
        let inner = gelu(self.intermediate.forward(x.clone()));
        self.norm.forward(kept.apply(self.output.forward(inner)) + x)
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let size = hidden / self.heads;
        let kept_weights = dropout.draw([batch, self.heads, seq, seq], &x.device());
        let kept = dropout.draw([batch, seq, hidden], &x.device());
        let split = |linear: &Linear| linear.forward(x.clone()).reshape([batch, seq, self.heads, size]).swap_dims(1, 2);
        let scores = split(&self.query).matmul(split(&self.key).transpose()) * (1.0 / (size as f64).sqrt()) + bias;
        let weights = kept_weights.apply(softmax(scores));
        let mixed = weights.matmul(split(&self.value)).swap_dims(1, 2).reshape([batch, seq, hidden]);
        self.norm.forward(kept.apply(self.output.forward(mixed)) + x)
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
