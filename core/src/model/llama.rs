//! Llama (Touvron et al. 2023); SmolLM2 is the same network. Grouped-query attention (Ainslie et al. 2023), rotary
//! position embeddings (Su et al. 2021), RMS norms and a gated feed-forward block (Shazeer 2020). A translation of
//! `LlamaForCausalLM` of transformers 4.57:
//! <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/llama/modeling_llama.py>

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::config::LlamaConfig;
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding::Embedding;
use crate::model::kv_cache::KvCache;
use crate::model::linear::Linear;
use crate::model::linears::linears_of;
use crate::model::mask::causal_mask;
use crate::model::norm::RmsNorm;
use crate::model::sizes::Sizes;
use crate::ops::{silu, softmax};
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, WeightsError, weights_of};

/// The decoder.
#[derive(Clone, Debug)]
pub struct Llama {
    embed_tokens: Embedding,
    layers: Vec<Layer>,
    norm: RmsNorm,
    /// `None` if the output layer shares the weight of the embeddings.
    lm_head: Option<Linear>,
    head_dim: usize,
    rope_theta: f64,
}

#[derive(Clone, Debug)]
struct Layer {
    input_layernorm: RmsNorm,
    self_attn: Attention,
    post_attention_layernorm: RmsNorm,
    gate_proj: Linear,
    up_proj: Linear,
    down_proj: Linear,
}

#[derive(Clone, Debug)]
struct Attention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
}

/// Cosines and sines of each position's angles, `[seq, head_dim]`.
#[derive(Clone)]
struct RotaryEmbedding {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl Llama {
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &LlamaConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let LlamaConfig { hidden, vocab, rms_norm_eps: eps, .. } = *config;
        if config.is_tied {
            tensors.tie("embed_tokens.weight", "lm_head.weight");
        }
        let embed_tokens = Embedding::load(tensors, "embed_tokens", [vocab, hidden])?;
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let norm = RmsNorm::load(tensors, "norm", ParamGroup::Head, hidden, eps)?;
        let lm_head = if config.is_tied {
            None
        } else {
            Some(Linear::load_without_bias(tensors, "lm_head", ParamGroup::Head, [hidden, vocab])?)
        };
        Ok(Self { embed_tokens, layers, norm, lm_head, head_dim: config.head_dim, rope_theta: config.rope_theta })
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocab(&self) -> usize {
        self.embed_tokens.len()
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        Sizes {
            layers: self.layers.len(),
            hidden: self.embed_tokens.size(),
            // Three matrices of this size (gate, up, down) cost as much as two of one and a half times the size.
            intermediate_size: first.map_or(0, |layer| layer.up_proj.outputs() * 3 / 2),
            heads: first.map_or(0, |layer| layer.self_attn.heads),
        }
    }

    /// Number of values that a [`KvCache`] holds for each token.
    pub fn kv_values_per_token(&self) -> usize {
        self.layers.iter().map(|layer| 2 * layer.self_attn.kv_heads * layer.self_attn.head_dim).sum()
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]`.
    pub fn embed(&self, ids: Tensor<2, Int>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let mask = dropout.draw(Site::HiddenStates, [batch, seq, self.embed_tokens.size()], &ids.device());
        mask.apply(self.embed_tokens.forward(ids))
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
        let device = x.device();
        let rotary = RotaryEmbedding::new(past..past + seq, self.head_dim, self.rope_theta, &device);
        let bias = causal_mask(seq, past, &device);
        layers.fold(x, |x, i| {
            let cache = cache.as_deref_mut().map(|cache| (cache, i));
            self.layers[i].forward(x, &rotary, &bias, cache, dropout)
        })
    }

    /// Logits `[n, vocab]` for hidden states `[n, hidden]` after the last layer.
    pub fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.norm.forward(x);
        match &self.lm_head {
            Some(lm_head) => lm_head.forward(x, &mut Dropout::off()),
            None => self.embed_tokens.logits(x),
        }
    }
}

impl Layer {
    fn load(config: &LlamaConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let LlamaConfig { hidden, intermediate_size, heads, kv_heads, head_dim, rms_norm_eps: eps, .. } = *config;
        let (group, prefix) = (ParamGroup::Layer(i), format!("layers.{i}"));
        let mut linear =
            |name: &str, shape| Linear::load_without_bias(tensors, &format!("{prefix}.{name}"), group, shape);
        let self_attn = Attention {
            q_proj: linear("self_attn.q_proj", [hidden, heads * head_dim])?,
            k_proj: linear("self_attn.k_proj", [hidden, kv_heads * head_dim])?,
            v_proj: linear("self_attn.v_proj", [hidden, kv_heads * head_dim])?,
            o_proj: linear("self_attn.o_proj", [heads * head_dim, hidden])?,
            heads,
            kv_heads,
            head_dim,
        };
        let gate_proj = linear("mlp.gate_proj", [hidden, intermediate_size])?;
        let up_proj = linear("mlp.up_proj", [hidden, intermediate_size])?;
        let down_proj = linear("mlp.down_proj", [intermediate_size, hidden])?;
        let mut norm = |name: &str| RmsNorm::load(tensors, &format!("{prefix}.{name}"), group, hidden, eps);
        let input_layernorm = norm("input_layernorm")?;
        let post_attention_layernorm = norm("post_attention_layernorm")?;
        Ok(Self { input_layernorm, self_attn, post_attention_layernorm, gate_proj, up_proj, down_proj })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        rotary: &RotaryEmbedding,
        bias: &Tensor<4>,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let attended = self.self_attn.forward(self.input_layernorm.forward(x.clone()), rotary, bias, cache, dropout);
        let x = x + mask.apply(attended);
        let mask = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let normalized = self.post_attention_layernorm.forward(x.clone());
        let gate = silu(self.gate_proj.forward(normalized.clone(), dropout));
        let gated = gate * self.up_proj.forward(normalized, dropout);
        x + mask.apply(self.down_proj.forward(gated, dropout))
    }
}

impl Attention {
    fn forward(
        &self,
        x: Tensor<3>,
        rotary: &RotaryEmbedding,
        bias: &Tensor<4>,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq, _] = x.dims();
        let Self { heads, kv_heads, head_dim, .. } = *self;
        let mut split = |linear: &Linear, heads| {
            linear.forward(x.clone(), dropout).reshape([batch, seq, heads, head_dim]).swap_dims(1, 2)
        };
        let query = rotary.apply(split(&self.q_proj, heads));
        let (key, value) = (rotary.apply(split(&self.k_proj, kv_heads)), split(&self.v_proj, kv_heads));
        let (key, value) = match cache {
            Some((cache, layer)) => cache.extend(layer, key, value),
            None => (key, value),
        };
        let [_, _, all, _] = key.dims();
        let mask = dropout.draw(Site::Attention, [batch, heads, seq, all], &x.device());
        // The queries that share a key head are stacked along the sequence, so that keys and values need no copy.
        let group = heads / kv_heads;
        let query = query.reshape([batch, kv_heads, group * seq, head_dim]);
        let scores = query.matmul(key.transpose()) * (1.0 / (head_dim as f64).sqrt());
        let probs = mask.apply(softmax(scores.reshape([batch, heads, seq, all]) + bias.clone()));
        let context = probs.reshape([batch, kv_heads, group * seq, all]).matmul(value);
        let context = context.reshape([batch, heads, seq, head_dim]).swap_dims(1, 2);
        self.o_proj.forward(context.reshape([batch, seq, heads * head_dim]), dropout)
    }
}

impl RotaryEmbedding {
    fn new(positions: Range<usize>, head_dim: usize, theta: f64, device: &Device) -> Self {
        let half = head_dim / 2;
        let shape = [positions.len(), head_dim];
        let angles: Vec<f64> = positions
            .flat_map(|position| {
                (0..head_dim).map(move |i| position as f64 * theta.powf(-((i % half) as f64) / half as f64))
            })
            .collect();
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| function(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// Rotates each pair `(i, i + head_dim / 2)` of `x` `[batch, heads, seq, head_dim]` by its angle
    /// (`apply_rotary_pos_emb`).
    fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, _, head_dim] = x.dims();
        let half = head_dim / 2;
        let (low, high) = (x.clone().narrow(3, 0, half), x.clone().narrow(3, half, half));
        let rotated = Tensor::cat(vec![-high, low], 3);
        x * self.cos.clone().unsqueeze::<4>() + rotated * self.sin.clone().unsqueeze::<4>()
    }
}

weights_of!(Llama { embed_tokens, layers, norm, lm_head });
weights_of!(Layer { input_layernorm, self_attn, post_attention_layernorm, gate_proj, up_proj, down_proj });
weights_of!(Attention { q_proj, k_proj, v_proj, o_proj });

linears_of!(Llama {
    Query => self_attn.q_proj,
    Key => self_attn.k_proj,
    Value => self_attn.v_proj,
    AttentionOutput => self_attn.o_proj,
    Intermediate => gate_proj,
    Intermediate => up_proj,
    Output => down_proj,
});
