//! Llama (Touvron et al. 2023) and its relatives: grouped-query attention (Ainslie et al. 2023), rotary position
//! embeddings, RMS norms and a gated feed-forward block (Shazeer 2020). [`LlamaConfig`] says what a family changes. A
//! translation of the classes `LlamaForCausalLM`, `MistralForCausalLM`, `Qwen2ForCausalLM`, `Qwen3ForCausalLM`,
//! `SmolLM3ForCausalLM`, `GraniteForCausalLM` and `Gemma3ForCausalLM` of transformers 4.57:
//! <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/llama/modeling_llama.py>

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor};

use crate::model::config::{GateActivation, LayerAttention, LlamaConfig, NormPlacement, Rope};
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding::Embedding;
use crate::model::kv_cache::KvCache;
use crate::model::linear::Linear;
use crate::model::linears::linears_of;
use crate::model::mask::causal_mask;
use crate::model::norm::RmsNorm;
use crate::model::rotary::RotaryEmbedding;
use crate::model::sizes::Sizes;
use crate::ops::{add_dropped, apply_dropout, attend_with_scale, contiguous, gelu_tanh, silu};
use crate::recipe::{Family, ParamGroup};
use crate::weights::{Tensors, WeightsError, weights_of};

/// The decoder.
#[derive(Clone, Debug)]
pub struct Llama {
    family: Family,
    embed_tokens: Embedding,
    layers: Vec<Layer>,
    norm: RmsNorm,
    /// `None` if the output layer shares the weight of the embeddings.
    lm_head: Option<Linear>,
    /// The rotary embeddings of the layers, each once.
    ropes: Vec<Rope>,
    /// The windows of the layers, each once; `None` is that of a layer without one.
    windows: Vec<Option<usize>>,
    norm_offset: f64,
    embedding_multiplier: f64,
    logits_scaling: f64,
}

#[derive(Clone, Debug)]
struct Layer {
    input_layernorm: RmsNorm,
    self_attn: Attention,
    /// Norm of the attention's output, if the family has one.
    post_attention_norm: Option<RmsNorm>,
    pre_feedforward_norm: RmsNorm,
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
    /// Norm of the feed-forward block's output, if the family has one.
    post_feedforward_norm: Option<RmsNorm>,
    activation: GateActivation,
    residual_multiplier: f64,
}

#[derive(Clone, Debug)]
struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    q_norm: Option<RmsNorm>,
    k_norm: Option<RmsNorm>,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    /// Factor of the scores.
    scale: f64,
    /// Index of the layer's rotary embedding; `None` if it does not see positions.
    rope: Option<usize>,
    /// Index of the layer's window.
    window: usize,
}

/// Rotary embeddings and masks for a range of positions, which the layers share.
struct Positions {
    rotary: Vec<RotaryEmbedding>,
    masks: Vec<Tensor<4>>,
}

impl Llama {
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &LlamaConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let LlamaConfig { family, hidden, vocab, rms_norm_eps: eps, variant, .. } = *config;
        if config.is_tied {
            tensors.tie_checked("embed_tokens.weight", "lm_head.weight")?;
        }
        let embed_tokens = Embedding::load(tensors, "embed_tokens", [vocab, hidden])?;
        let ropes = each_once(config.layers.iter().filter_map(|layer| layer.rope));
        let windows = each_once(config.layers.iter().map(|layer| layer.sliding_window));
        let attention = |layer: &LayerAttention| {
            let rope = layer.rope.and_then(|rope| ropes.iter().position(|other| *other == rope));
            let window = windows.iter().position(|other| *other == layer.sliding_window);
            (rope, window.unwrap_or_default())
        };
        let layers = config.layers.iter().enumerate();
        let layers = layers.map(|(i, layer)| Layer::load(config, tensors, i, attention(layer)));
        let layers = layers.collect::<Result<_, _>>()?;
        let norm = RmsNorm::load(tensors, "norm", ParamGroup::Head, hidden, variant.norm_offset, eps)?;
        let lm_head = if config.is_tied {
            None
        } else {
            Some(Linear::load_without_bias(tensors, "lm_head", ParamGroup::Head, [hidden, vocab])?)
        };
        Ok(Self {
            family,
            embed_tokens,
            layers,
            norm,
            lm_head,
            ropes,
            windows,
            norm_offset: variant.norm_offset,
            embedding_multiplier: variant.embedding_multiplier,
            logits_scaling: variant.logits_scaling,
        })
    }

    /// Family of the model.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocab(&self) -> usize {
        self.embed_tokens.len()
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        let (heads, head_dim) = first.map_or((0, 0), |layer| (layer.self_attn.heads, layer.self_attn.head_dim));
        let intermediate_size = first.map_or(0, |layer| layer.up_proj.outputs());
        Sizes {
            attention_size: heads * head_dim,
            ..Sizes::gated(self.layers.len(), self.embed_tokens.size(), intermediate_size, heads)
        }
    }

    /// Number of values that a [`KvCache`] holds for each token.
    pub fn kv_values_per_token(&self) -> usize {
        self.layers.iter().map(|layer| 2 * layer.self_attn.kv_heads * layer.self_attn.head_dim).sum()
    }

    /// Added to the weights of the norms.
    pub(super) fn norm_offset(&self) -> f64 {
        self.norm_offset
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]`.
    pub fn embed(&self, ids: Tensor<2, Int>, dropout: &mut Dropout) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates);
        apply_dropout(times(self.embed_tokens.forward(ids), self.embedding_multiplier), mask)
    }

    /// Applies some of the layers to `x` `[batch, seq, hidden]`. Each token attends to itself, to earlier tokens and to
    /// those in `cache`, to which the new ones are appended. Padding must be at the end, where no token attends to it.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        mut cache: Option<&mut KvCache>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [_, seq, _] = x.dims();
        let past = cache.as_ref().map_or(0, |cache| cache.tokens());
        let positions = self.positions(past, seq, &x.device());
        layers.fold(x, |x, i| {
            let cache = cache.as_deref_mut().map(|cache| (cache, i));
            self.layers[i].forward(x, &positions, cache, dropout)
        })
    }

    fn positions(&self, past: usize, seq: usize, device: &Device) -> Positions {
        let head_dim = self.layers.first().map_or(0, |layer| layer.self_attn.head_dim);
        let rotary = |&rope| RotaryEmbedding::new(rope, past..past + seq, head_dim, device);
        let masks = self.windows.iter().map(|&window| causal_mask(seq, past, window, device));
        Positions { rotary: self.ropes.iter().map(rotary).collect(), masks: masks.collect() }
    }

    /// Logits `[n, vocab]` for hidden states `[n, hidden]` after the last layer.
    pub fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.norm.forward(x);
        let logits = match &self.lm_head {
            Some(lm_head) => lm_head.forward(x, &mut Dropout::off()),
            None => self.embed_tokens.logits(x),
        };
        times(logits, 1.0 / self.logits_scaling)
    }
}

/// The different values of a list, in order.
fn each_once<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut found, value| {
        if !found.contains(&value) {
            found.push(value);
        }
        found
    })
}

/// `x · factor`, without an operation if the factor is 1.
fn times<const D: usize>(x: Tensor<D>, factor: f64) -> Tensor<D> {
    if factor == 1.0 { x } else { x * factor }
}

fn normalized<const D: usize>(norm: Option<&RmsNorm>, x: Tensor<D>) -> Tensor<D> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}

impl Layer {
    fn load(
        config: &LlamaConfig,
        tensors: &mut Tensors,
        i: usize,
        (rope, window): (Option<usize>, usize),
    ) -> Result<Self, WeightsError> {
        let LlamaConfig { hidden, intermediate_size, heads, kv_heads, head_dim, rms_norm_eps: eps, .. } = *config;
        let (variant, group, prefix) = (config.variant, ParamGroup::Layer(i), format!("layers.{i}"));
        let mut linear = |name: &str, shape, has_bias| {
            let load = if has_bias { Linear::load } else { Linear::load_without_bias };
            load(tensors, &format!("{prefix}.{name}"), group, shape)
        };
        let q_proj = linear("self_attn.q_proj", [hidden, heads * head_dim], variant.has_qkv_bias)?;
        let k_proj = linear("self_attn.k_proj", [hidden, kv_heads * head_dim], variant.has_qkv_bias)?;
        let v_proj = linear("self_attn.v_proj", [hidden, kv_heads * head_dim], variant.has_qkv_bias)?;
        let o_proj = linear("self_attn.o_proj", [heads * head_dim, hidden], variant.has_attention_output_bias)?;
        let gate_proj = linear("mlp.gate_proj", [hidden, intermediate_size], variant.has_mlp_bias)?;
        let up_proj = linear("mlp.up_proj", [hidden, intermediate_size], variant.has_mlp_bias)?;
        let down_proj = linear("mlp.down_proj", [intermediate_size, hidden], variant.has_mlp_bias)?;
        let mut norm = |name: &str, size| {
            RmsNorm::load(tensors, &format!("{prefix}.{name}"), group, size, variant.norm_offset, eps)
        };
        let (q_norm, k_norm) = if variant.has_qk_norm {
            (Some(norm("self_attn.q_norm", head_dim)?), Some(norm("self_attn.k_norm", head_dim)?))
        } else {
            (None, None)
        };
        let scale = variant.attention_multiplier.unwrap_or_else(|| 1.0 / (head_dim as f64).sqrt());
        let self_attn = Attention {
            q_proj,
            k_proj,
            v_proj,
            o_proj,
            q_norm,
            k_norm,
            heads,
            kv_heads,
            head_dim,
            scale,
            rope,
            window,
        };
        let input_layernorm = norm("input_layernorm", hidden)?;
        let (post_attention_norm, pre_feedforward_norm, post_feedforward_norm) = match variant.norms {
            // Named after the block before it.
            NormPlacement::Before => (None, norm("post_attention_layernorm", hidden)?, None),
            NormPlacement::Around => (
                Some(norm("post_attention_layernorm", hidden)?),
                norm("pre_feedforward_layernorm", hidden)?,
                Some(norm("post_feedforward_layernorm", hidden)?),
            ),
        };
        Ok(Self {
            input_layernorm,
            self_attn,
            post_attention_norm,
            pre_feedforward_norm,
            gate_proj,
            up_proj,
            down_proj,
            post_feedforward_norm,
            activation: variant.activation,
            residual_multiplier: variant.residual_multiplier,
        })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        positions: &Positions,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates);
        let attended = self.self_attn.forward(self.input_layernorm.forward(x.clone()), positions, cache, dropout);
        let attended = normalized(self.post_attention_norm.as_ref(), attended);
        let x = add_dropped(x, times(attended, self.residual_multiplier), mask);
        let mask = dropout.draw(Site::HiddenStates);
        let inner = self.pre_feedforward_norm.forward(x.clone());
        let gate = self.gate_proj.forward(inner.clone(), dropout);
        let gate = match self.activation {
            GateActivation::Silu => silu(gate),
            GateActivation::GeluTanh => gelu_tanh(gate),
        };
        let output = self.down_proj.forward(gate * self.up_proj.forward(inner, dropout), dropout);
        let output = normalized(self.post_feedforward_norm.as_ref(), output);
        add_dropped(x, times(output, self.residual_multiplier), mask)
    }
}

impl Attention {
    fn forward(
        &self,
        x: Tensor<3>,
        positions: &Positions,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq, _] = x.dims();
        let Self { heads, kv_heads, head_dim, .. } = *self;
        let mut split = |linear: &Linear, norm: Option<&RmsNorm>, heads| {
            normalized(norm, linear.forward(x.clone(), dropout).reshape([batch, seq, heads, head_dim]))
        };
        let heads_of = |x: Tensor<4>| match self.rope {
            Some(rope) => positions.rotary[rope].heads_of(x),
            None => x.swap_dims(1, 2),
        };
        let query = heads_of(split(&self.q_proj, self.q_norm.as_ref(), heads));
        let key = heads_of(split(&self.k_proj, self.k_norm.as_ref(), kv_heads));
        let value = contiguous(split(&self.v_proj, None, kv_heads).swap_dims(1, 2));
        let (key, value) = match cache {
            Some((cache, layer)) => cache.extend(layer, key, value),
            None => (key, value),
        };
        let mask = dropout.draw(Site::Attention);
        let bias = positions.masks[self.window].clone();
        self.o_proj.forward(attend_with_scale([query, key, value], bias, mask, self.scale), dropout)
    }
}

weights_of!(Llama { embed_tokens, layers, norm, lm_head });
weights_of!(Layer {
    input_layernorm,
    self_attn,
    post_attention_norm,
    pre_feedforward_norm,
    gate_proj,
    up_proj,
    down_proj,
    post_feedforward_norm
});
weights_of!(Attention { q_proj, k_proj, v_proj, o_proj, q_norm, k_norm });

linears_of!(Llama {
    Query => self_attn.q_proj,
    Key => self_attn.k_proj,
    Value => self_attn.v_proj,
    AttentionOutput => self_attn.o_proj,
    Intermediate => gate_proj,
    Intermediate => up_proj,
    Output => down_proj,
});
