//! Encoders of the BERT family, as transformers' `BertModel`, `DistilBertModel` and `RobertaModel`: one network, whose
//! weights have other names.

use std::ops::Range;

use burn::tensor::activation::gelu;
use burn::tensor::{Int, Tensor};

use crate::model::base_model::MASKED;
use crate::model::layers::{Embedding, LayerNorm, Linear};
use crate::model::linears::linears_of;
use crate::model::{BertConfig, Dropout, Site, Sizes};
use crate::ops::softmax;
use crate::recipe::{Family, ParamGroup};
use crate::weights::{Tensors, WeightsError, weights_of};

/// What a family calls the weights of a layer.
struct Names {
    layer: &'static str,
    query: &'static str,
    key: &'static str,
    value: &'static str,
    attention_output: &'static str,
    attention_norm: &'static str,
    intermediate: &'static str,
    output: &'static str,
    norm: &'static str,
}

/// BERT and RoBERTa.
const BERT: Names = Names {
    layer: "encoder.layer",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    intermediate: "intermediate.dense",
    output: "output.dense",
    norm: "output.LayerNorm",
};

const DISTILBERT: Names = Names {
    layer: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention_output: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    intermediate: "ffn.lin1",
    output: "ffn.lin2",
    norm: "output_layer_norm",
};

/// The encoder, with the pretrained pooler where the file has one.
#[derive(Clone, Debug)]
pub struct Bert {
    family: Family,
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Option<Linear>,
}

#[derive(Clone, Debug)]
struct Embeddings {
    word: Embedding,
    position: Embedding,
    token_type: Option<Embedding>,
    norm: LayerNorm,
    first_position: usize,
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
        let BertConfig { hidden, layer_norm_eps: eps, first_position, .. } = *config;
        let rows = first_position + config.positions;
        let embeddings = Embeddings {
            word: Embedding::load(tensors, "embeddings.word_embeddings", [config.vocab, hidden])?,
            position: Embedding::load(tensors, "embeddings.position_embeddings", [rows, hidden])?,
            token_type: match config.token_types {
                0 => None,
                token_type_ids => {
                    Some(Embedding::load(tensors, "embeddings.token_type_embeddings", [token_type_ids, hidden])?)
                }
            },
            norm: LayerNorm::load(tensors, "embeddings.LayerNorm", ParamGroup::Embeddings, hidden, eps)?,
            first_position,
        };
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let pooler = match config.family == Family::Bert && tensors.has("pooler.dense.weight") {
            true => Some(Linear::load(tensors, "pooler.dense", ParamGroup::Pooler, [hidden, hidden])?),
            false => None,
        };
        Ok(Self { family: config.family, embeddings, layers, pooler })
    }

    /// BERT, DistilBERT or RoBERTa.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        Sizes {
            layers: self.layers.len(),
            hidden: self.embeddings.word.size(),
            intermediate_size: first.map_or(0, |layer| layer.intermediate.outputs()),
            heads: first.map_or(0, |layer| layer.attention.heads),
        }
    }

    /// Tokens that it can read at the most.
    pub fn positions(&self) -> usize {
        self.embeddings.position.len() - self.embeddings.first_position
    }

    /// Whether the file had a pooler.
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// Leaves the pooler out: tasks that read every token have none.
    pub fn drop_pooler(&mut self) {
        self.pooler = None;
    }

    /// What enters the first layer, `[batch, seq, hidden]`, of `ids` `[batch, seq]`. `types` `[batch, seq]` tells the
    /// texts of a pair apart, 0 and 1; families that know no types do without.
    pub fn embed(
        &self,
        ids: Tensor<2, Int>,
        token_type_ids: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let kept = dropout.draw(Site::HiddenStates, [batch, seq, self.embeddings.word.size()], &ids.device());
        kept.apply(self.embeddings.forward(ids, token_type_ids))
    }

    /// Some of the layers, one after the other: `x` `[batch, seq, hidden]` to the same; `mask` `[batch, seq]` is 1 on
    /// tokens and 0 on padding.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        attention_mask: Tensor<2>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq] = attention_mask.dims();
        let bias = ((attention_mask - 1.0) * -MASKED).reshape([batch, 1, 1, seq]);
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
}

impl Embeddings {
    fn forward(&self, ids: Tensor<2, Int>, token_type_ids: Option<Tensor<2, Int>>) -> Tensor<3> {
        let [_, seq] = ids.dims();
        let positions = self.position.rows(self.first_position..self.first_position + seq);
        let words = self.word.forward(ids);
        let sum = match (&self.token_type, token_type_ids) {
            (Some(table), Some(token_type_ids)) if table.len() > 1 => {
                words + table.forward(token_type_ids) + positions.unsqueeze()
            }
            // One text at a time, or one type for all: every token is of type 0.
            (Some(table), _) => words + (positions + table.rows(0..1)).unsqueeze(),
            (None, _) => words + positions.unsqueeze(),
        };
        self.norm.forward(sum)
    }
}

impl Layer {
    fn load(config: &BertConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let BertConfig { hidden, intermediate_size, heads, layer_norm_eps: eps, .. } = *config;
        let names = if config.family == Family::DistilBert { DISTILBERT } else { BERT };
        let (group, at) = (ParamGroup::Layer(i), format!("{}.{i}", names.layer));
        let mut linear = |name: &str, shape| Linear::load(tensors, &format!("{at}.{name}"), group, shape);
        let query = linear(names.query, [hidden, hidden])?;
        let key = linear(names.key, [hidden, hidden])?;
        let value = linear(names.value, [hidden, hidden])?;
        let attended = linear(names.attention_output, [hidden, hidden])?;
        let intermediate = linear(names.intermediate, [hidden, intermediate_size])?;
        let output = linear(names.output, [intermediate_size, hidden])?;
        let mut norm = |name: &str| LayerNorm::load(tensors, &format!("{at}.{name}"), group, hidden, eps);
        let attention = Attention { query, key, value, output: attended, norm: norm(names.attention_norm)?, heads };
        Ok(Self { attention, intermediate, output, norm: norm(names.norm)? })
    }

    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let x = self.attention.forward(x, bias, dropout);
        let kept = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let inner = gelu(self.intermediate.forward(x.clone(), dropout));
        self.norm.forward(kept.apply(self.output.forward(inner, dropout)) + x)
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let size = hidden / self.heads;
        let kept_weights = dropout.draw(Site::Attention, [batch, self.heads, seq, seq], &x.device());
        let kept = dropout.draw(Site::HiddenStates, [batch, seq, hidden], &x.device());
        let mut split = |linear: &Linear| {
            linear.forward(x.clone(), dropout).reshape([batch, seq, self.heads, size]).swap_dims(1, 2)
        };
        let scores = split(&self.query).matmul(split(&self.key).transpose()) * (1.0 / (size as f64).sqrt()) + bias;
        let weights = kept_weights.apply(softmax(scores));
        let mixed = weights.matmul(split(&self.value)).swap_dims(1, 2).reshape([batch, seq, hidden]);
        self.norm.forward(kept.apply(self.output.forward(mixed, dropout)) + x)
    }
}

weights_of!(Bert { embeddings, layers, pooler });
weights_of!(Embeddings { word, position, token_type, norm });
weights_of!(Layer { attention, intermediate, output, norm });
weights_of!(Attention { query, key, value, output, norm });

linears_of!(Bert {
    Query => attention.query,
    Key => attention.key,
    Value => attention.value,
    AttentionOutput => attention.output,
    Intermediate => intermediate,
    Output => output,
});
