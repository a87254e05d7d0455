//! ModernBERT (Warner et al. 2024): rotary position embeddings, norms before the blocks, a gated feed-forward block, and
//! layers of which two in three attend to nearby tokens only. A translation of `ModernBertModel` of transformers 5.23:
//! <https://github.com/huggingface/transformers/blob/v5.23.0/src/transformers/models/modernbert/modeling_modernbert.py>

use std::ops::Range;

use burn::tensor::{Int, Tensor};

use crate::model::config::{LayerAttention, ModernBertConfig};
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding::Embedding;
use crate::model::linear::Linear;
use crate::model::linears::linears_of;
use crate::model::mask::{distance_mask, padding_mask};
use crate::model::norm::UnbiasedNorm;
use crate::model::rotary::RotaryEmbedding;
use crate::model::sentence_head::Dense;
use crate::model::sizes::Sizes;
use crate::ops::{add_dropped, apply_dropout, attend, contiguous, gelu};
use crate::recipe::ParamGroup;
use crate::usage::Activation;
use crate::weights::{Tensors, WeightsError, weights_of};

/// The encoder.
#[derive(Clone, Debug)]
pub struct ModernBert {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    /// Hidden layer of a pretrained head, which that of a task begins with.
    prediction_head: Option<Dense>,
    norm_eps: f64,
}

#[derive(Clone, Debug)]
struct Embeddings {
    tok_embeddings: Embedding,
    norm: UnbiasedNorm,
}

#[derive(Clone, Debug)]
struct Layer {
    /// `None` in the first layer, whose input is normalized already.
    attn_norm: Option<UnbiasedNorm>,
    attn: Attention,
    mlp_norm: UnbiasedNorm,
    mlp: Mlp,
    /// Norm of the hidden states, in the last layer.
    final_norm: Option<UnbiasedNorm>,
}

#[derive(Clone, Debug)]
struct Attention {
    /// Query, key and value in one matrix: `[hidden, 3 · hidden]`.
    wqkv: Linear,
    wo: Linear,
    heads: usize,
    /// Positions, and the largest distance of a token that is attended to.
    kind: LayerAttention,
}

#[derive(Clone, Debug)]
struct Mlp {
    /// Input and gate in one matrix: `[hidden, 2 · intermediate size]`.
    wi: Linear,
    wo: Linear,
}

/// Tensors that the layers with the same positions and window share.
struct Positions {
    rotary: Option<RotaryEmbedding>,
    bias: Tensor<4>,
}

impl ModernBert {
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &ModernBertConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let ModernBertConfig { hidden, vocab, norm_eps: eps, .. } = *config;
        let tok_embeddings = Embedding::load(tensors, "embeddings.tok_embeddings", [vocab, hidden])?;
        let norm = UnbiasedNorm::load(tensors, "embeddings.norm", ParamGroup::Embeddings, hidden, eps)?;
        let layers = (0..config.layers.len()).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let prediction_head = if tensors.has("head.dense.weight") {
            let linear = Linear::load_without_bias(tensors, "head.dense", ParamGroup::Head, [hidden, hidden])?;
            let norm = UnbiasedNorm::load(tensors, "head.norm", ParamGroup::Head, hidden, eps)?;
            Some(Dense { linear, activation: Activation::Gelu, norm: Some(norm) })
        } else {
            None
        };
        Ok(Self { embeddings: Embeddings { tok_embeddings, norm }, layers, prediction_head, norm_eps: eps })
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let (intermediate_size, heads) =
            self.layers.first().map_or((0, 0), |layer| (layer.mlp.wi.outputs() / 2, layer.attn.heads));
        Sizes::gated(self.layers.len(), self.embeddings.tok_embeddings.size(), intermediate_size, heads)
    }

    /// Added to the variance in the model's norms.
    pub(super) fn norm_eps(&self) -> f64 {
        self.norm_eps
    }

    /// Takes the hidden layer of the pretrained head, if the file has one.
    pub(super) fn take_prediction_head(&mut self) -> Option<Dense> {
        self.prediction_head.take()
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]`.
    pub fn embed(&self, ids: Tensor<2, Int>, dropout: &mut Dropout) -> Tensor<3> {
        let Embeddings { tok_embeddings, norm } = &self.embeddings;
        let mask = dropout.draw(Site::HiddenStates);
        apply_dropout(norm.forward(tok_embeddings.forward(ids)), mask)
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
        let ([_, seq, _], device) = (x.dims(), x.device());
        let padding = padding_mask(attention_mask);
        // Two at most in published models: global and local layers.
        let mut known: Vec<(LayerAttention, Positions)> = Vec::new();
        self.layers[layers].iter().fold(x, |x, layer| {
            let Attention { heads, kind, .. } = layer.attn;
            let head_dim = x.dims()[2] / heads;
            let at = known.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
                let rotary = kind.rope.map(|rope| RotaryEmbedding::new(rope, 0..seq, head_dim, &device));
                let bias = match kind.sliding_window {
                    Some(distance) if distance < seq => padding.clone() + distance_mask(seq, distance, &device),
                    _ => padding.clone(),
                };
                known.push((kind, Positions { rotary, bias }));
                known.len() - 1
            });
            layer.forward(x, &known[at].1, dropout)
        })
    }
}

impl Layer {
    fn load(config: &ModernBertConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let ModernBertConfig { hidden, intermediate_size, heads, norm_eps: eps, .. } = *config;
        let (group, prefix) = (ParamGroup::Layer(i), format!("layers.{i}"));
        let mut linear =
            |name: &str, shape| Linear::load_without_bias(tensors, &format!("{prefix}.{name}"), group, shape);
        let attn = Attention {
            wqkv: linear("attn.Wqkv", [hidden, 3 * hidden])?,
            wo: linear("attn.Wo", [hidden, hidden])?,
            heads,
            kind: config.layers[i],
        };
        let mlp = Mlp {
            wi: linear("mlp.Wi", [hidden, 2 * intermediate_size])?,
            wo: linear("mlp.Wo", [intermediate_size, hidden])?,
        };
        let mut norm = |name: &str| UnbiasedNorm::load(tensors, name, group, hidden, eps);
        let attn_norm = if i == 0 { None } else { Some(norm(&format!("{prefix}.attn_norm"))?) };
        let mlp_norm = norm(&format!("{prefix}.mlp_norm"))?;
        let final_norm = if i + 1 == config.layers.len() { Some(norm("final_norm")?) } else { None };
        Ok(Self { attn_norm, attn, mlp_norm, mlp, final_norm })
    }

    fn forward(&self, x: Tensor<3>, positions: &Positions, dropout: &mut Dropout) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates);
        let normalized = match &self.attn_norm {
            Some(norm) => norm.forward(x.clone()),
            None => x.clone(),
        };
        let x = add_dropped(x, self.attn.forward(normalized, positions, dropout), mask);
        let mask = dropout.draw(Site::HiddenStates);
        let x = add_dropped(x.clone(), self.mlp.forward(self.mlp_norm.forward(x), dropout), mask);
        match &self.final_norm {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}

impl Attention {
    fn forward(&self, x: Tensor<3>, positions: &Positions, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let head_dim = hidden / self.heads;
        let mask = dropout.draw(Site::Attention);
        let qkv = self.wqkv.forward(x, dropout);
        let third = |i: usize| qkv.clone().narrow(2, i * hidden, hidden).reshape([batch, seq, self.heads, head_dim]);
        let heads_of = |x: Tensor<4>| match &positions.rotary {
            Some(rotary) => rotary.heads_of(x),
            None => x.swap_dims(1, 2),
        };
        let (query, key, value) = (heads_of(third(0)), heads_of(third(1)), contiguous(third(2).swap_dims(1, 2)));
        self.wo.forward(attend([query, key, value], positions.bias.clone(), mask), dropout)
    }
}

impl Mlp {
    fn forward(&self, x: Tensor<3>, dropout: &mut Dropout) -> Tensor<3> {
        let inner = self.wi.forward(x, dropout);
        let size = inner.dims()[2] / 2;
        let (input, gate) = (inner.clone().narrow(2, 0, size), inner.narrow(2, size, size));
        self.wo.forward(gelu(input) * gate, dropout)
    }
}

weights_of!(ModernBert { embeddings, layers });
weights_of!(Embeddings { tok_embeddings, norm });
weights_of!(Layer { attn_norm, attn, mlp_norm, mlp, final_norm });
weights_of!(Attention { wqkv, wo });
weights_of!(Mlp { wi, wo });

// One matrix computes query, key and value. It counts as the query.
linears_of!(ModernBert {
    Query => attn.wqkv,
    AttentionOutput => attn.wo,
    Intermediate => mlp.wi,
    Output => mlp.wo,
});
