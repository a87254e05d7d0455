//! BERT (Devlin et al. 2018), DistilBERT, RoBERTa with its relatives, and ELECTRA. One network, whose weights have
//! different names. A translation of `BertModel`, `DistilBertModel`, `RobertaModel` and `ElectraModel` of transformers 4.57:
//! - <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/bert/modeling_bert.py>
//! - <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/distilbert/modeling_distilbert.py>
//! - <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/roberta/modeling_roberta.py>

use std::ops::Range;

use burn::tensor::{Int, Tensor};

use crate::model::config::BertConfig;
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding::Embedding;
use crate::model::linear::Linear;
use crate::model::linears::linears_of;
use crate::model::mask::padding_mask;
use crate::model::norm::LayerNorm;
use crate::model::sizes::Sizes;
use crate::ops::{apply_dropout, attend, gelu, heads_of, self_attention};
use crate::recipe::{Family, ParamGroup};
use crate::weights::{Tensors, Weights, WeightsError, weights_of};

/// Names of a layer's weights.
#[derive(Debug)]
pub struct EncoderNames {
    /// Prefix of a layer, before its number.
    pub layer: &'static str,
    /// Projection of the hidden states to queries.
    pub query: &'static str,
    /// Projection to keys.
    pub key: &'static str,
    /// Projection to values.
    pub value: &'static str,
    /// Output layer of the attention.
    pub attention_output: &'static str,
    /// Norm after the attention.
    pub attention_norm: &'static str,
    /// First layer of the feed-forward block.
    pub intermediate: &'static str,
    /// Second layer of the feed-forward block.
    pub output: &'static str,
    /// Norm after the feed-forward block.
    pub norm: &'static str,
}

impl EncoderNames {
    /// The names in a family.
    pub fn of(family: Family) -> &'static Self {
        if family == Family::DistilBert { &DISTILBERT } else { &BERT }
    }
}

/// EncoderNames in BERT, RoBERTa and its relatives.
const BERT: EncoderNames = EncoderNames {
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

const DISTILBERT: EncoderNames = EncoderNames {
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

/// The encoder, with the pretrained pooler if the file has one.
#[derive(Clone, Debug)]
pub struct Bert {
    family: Family,
    embeddings: Embeddings,
    layers: Vec<Layer>,
    pooler: Option<Linear>,
}

#[derive(Clone, Debug)]
struct Embeddings {
    word_embeddings: Embedding,
    position_embeddings: Embedding,
    token_type_embeddings: Option<Embedding>,
    norm: LayerNorm,
    /// From the size of the embeddings to the hidden size, if they differ.
    projection: Option<Linear>,
    /// Row of the position embeddings that belongs to the first token.
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
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &BertConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let BertConfig { hidden, layer_norm_eps: eps, max_position_embeddings, token_types, .. } = *config;
        let size = config.embedding_size;
        let mut table = |name: &str, rows| Embedding::load(tensors, &format!("embeddings.{name}"), [rows, size]);
        let word_embeddings = table("word_embeddings", config.vocab)?;
        let position_embeddings = table("position_embeddings", max_position_embeddings)?;
        let token_type_embeddings =
            if token_types > 0 { Some(table("token_type_embeddings", token_types)?) } else { None };
        let norm = LayerNorm::load(tensors, "embeddings.LayerNorm", ParamGroup::Embeddings, size, eps)?;
        let projection = if size == hidden {
            None
        } else {
            Some(Linear::load(tensors, "embeddings_project", ParamGroup::Embeddings, [size, hidden])?)
        };
        let first_position = config.first_position();
        let embeddings = Embeddings {
            word_embeddings,
            position_embeddings,
            token_type_embeddings,
            norm,
            projection,
            first_position,
        };
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let pooler = if config.family == Family::Bert && tensors.has("pooler.dense.weight") {
            Some(Linear::load(tensors, "pooler.dense", ParamGroup::Pooler, [hidden, hidden])?)
        } else {
            None
        };
        Ok(Self { family: config.family, embeddings, layers, pooler })
    }

    /// Family of the model.
    pub fn family(&self) -> Family {
        self.family
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let (intermediate_size, heads) =
            self.layers.first().map_or((0, 0), |layer| (layer.intermediate.outputs(), layer.attention.heads));
        let Embeddings { word_embeddings, projection, .. } = &self.embeddings;
        let hidden = projection.as_ref().map_or(word_embeddings.size(), Linear::outputs);
        Sizes::new(self.layers.len(), hidden, intermediate_size, heads)
    }

    /// Longest sequence, in tokens.
    pub fn max_positions(&self) -> usize {
        self.embeddings.position_embeddings.len() - self.embeddings.first_position
    }

    /// Added to the variance in the model's norms.
    pub(super) fn norm_eps(&self) -> f64 {
        self.embeddings.norm.eps()
    }

    /// Returns true if the model has a pooler.
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// Removes the pooler, which tasks that read every token do not have.
    pub fn drop_pooler(&mut self) {
        self.pooler = None;
    }

    /// Replaces the pooler.
    pub(super) fn set_pooler(&mut self, pooler: Option<Linear>) {
        self.pooler = pooler;
    }

    /// Adds a layer that returns the normalized mean of a text's tokens for each of them: see
    /// [`averaging_layer`](crate::model::averaging_layer).
    pub(super) fn push_averaging_layer(&mut self, scale: f64) {
        let Sizes { layers, hidden, intermediate_size, heads, .. } = self.sizes();
        let (device, names) = (self.device(), EncoderNames::of(self.family));
        let (group, prefix, eps) = (ParamGroup::Layer(layers), format!("{}.{layers}", names.layer), self.norm_eps());
        let linear = |name: &str, shape, factor| {
            Linear::scaling(&format!("{prefix}.{name}"), group, shape, factor, 0.0, &device)
        };
        let norm = |name: &str| LayerNorm::new(&format!("{prefix}.{name}"), group, hidden, eps, &device);
        let attention = Attention {
            query: linear(names.query, [hidden, hidden], 0.0),
            key: linear(names.key, [hidden, hidden], 0.0),
            value: linear(names.value, [hidden, hidden], scale),
            output: linear(names.attention_output, [hidden, hidden], 1.0),
            norm: norm(names.attention_norm),
            heads,
        };
        self.layers.push(Layer {
            attention,
            intermediate: linear(names.intermediate, [hidden, intermediate_size], 0.0),
            output: linear(names.output, [intermediate_size, hidden], 0.0),
            norm: norm(names.norm),
        });
    }

    /// A bound `[1]` of all values in the output of the last layer, from the weights of its norm: no normalized value
    /// exceeds the root of the hidden size.
    pub(super) fn bound(&self) -> Tensor<1> {
        let norm = self.layers.last().map_or(&self.embeddings.norm, |layer| &layer.norm);
        norm.bound()
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]`. `token_type_ids` `[batch, seq]` are 0
    /// on the first text of a pair and 1 on the second. Families without token types ignore them.
    pub fn embed(
        &self,
        ids: Tensor<2, Int>,
        token_type_ids: Option<Tensor<2, Int>>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates);
        let x = apply_dropout(self.embeddings.forward(ids, token_type_ids), mask);
        match &self.embeddings.projection {
            Some(projection) => projection.forward(x, &mut Dropout::off()),
            None => x,
        }
    }

    /// Applies some of the layers to `x` `[batch, seq, hidden]`. `attention_mask` `[batch, seq]` is 1 on tokens and 0 on
    /// padding.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        attention_mask: Tensor<2>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let bias = padding_mask(attention_mask);
        self.layers[layers].iter().fold(x, |x, layer| layer.forward(x, bias.clone(), dropout))
    }

    /// The first token's hidden state `[batch, hidden]` through the pooler, if there is one.
    pub fn pool(&self, first: Tensor<2>) -> Tensor<2> {
        match &self.pooler {
            // Some drivers return NaN for the tanh of large values. At 15 it is 1 to the last bit of an f32.
            Some(dense) => dense.forward(first, &mut Dropout::off()).clamp(-15.0, 15.0).tanh(),
            None => first,
        }
    }
}

impl Embeddings {
    fn forward(&self, ids: Tensor<2, Int>, token_type_ids: Option<Tensor<2, Int>>) -> Tensor<3> {
        let [_, seq] = ids.dims();
        let positions = self.position_embeddings.rows(self.first_position..self.first_position + seq);
        let words = self.word_embeddings.forward(ids);
        let sum = match (&self.token_type_embeddings, token_type_ids) {
            (Some(table), Some(token_type_ids)) if table.len() > 1 => {
                words + table.forward(token_type_ids) + positions.unsqueeze()
            }
            // Single texts, or a model with one type: every token has type 0.
            (Some(table), _) => words + (positions + table.rows(0..1)).unsqueeze(),
            (None, _) => words + positions.unsqueeze(),
        };
        self.norm.forward(sum)
    }
}

impl Layer {
    fn load(config: &BertConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let BertConfig { hidden, intermediate_size, heads, layer_norm_eps: eps, .. } = *config;
        let names = EncoderNames::of(config.family);
        let (group, prefix) = (ParamGroup::Layer(i), format!("{}.{i}", names.layer));
        let mut linear = |name: &str, shape| Linear::load(tensors, &format!("{prefix}.{name}"), group, shape);
        let query = linear(names.query, [hidden, hidden])?;
        let key = linear(names.key, [hidden, hidden])?;
        let value = linear(names.value, [hidden, hidden])?;
        let attention_output = linear(names.attention_output, [hidden, hidden])?;
        let intermediate = linear(names.intermediate, [hidden, intermediate_size])?;
        let output = linear(names.output, [intermediate_size, hidden])?;
        let mut norm = |name: &str| LayerNorm::load(tensors, &format!("{prefix}.{name}"), group, hidden, eps);
        let norm_of_attention = norm(names.attention_norm)?;
        let attention = Attention { query, key, value, output: attention_output, norm: norm_of_attention, heads };
        Ok(Self { attention, intermediate, output, norm: norm(names.norm)? })
    }

    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let x = self.attention.forward(x, bias, dropout);
        let mask = dropout.draw(Site::HiddenStates);
        let inner = gelu(self.intermediate.forward(x.clone(), dropout));
        self.norm.forward_sum(x, self.output.forward(inner, dropout), mask)
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: &mut Dropout) -> Tensor<3> {
        let probs_mask = dropout.draw(Site::Attention);
        let output_mask = dropout.draw(Site::HiddenStates);
        let layers = [&self.query, &self.key, &self.value];
        let context = match layers.map(Linear::weight_and_bias) {
            [Some(query), Some(key), Some(value)] => {
                self_attention(x.clone(), [query, key, value], bias, probs_mask, self.heads)
            }
            _ => {
                let heads = layers.map(|linear| heads_of(linear.forward(x.clone(), dropout), self.heads));
                attend(heads, bias, probs_mask)
            }
        };
        self.norm.forward_sum(x, self.output.forward(context, dropout), output_mask)
    }
}

weights_of!(Bert { embeddings, layers, pooler });
weights_of!(Embeddings { word_embeddings, position_embeddings, token_type_embeddings, norm, projection });
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
