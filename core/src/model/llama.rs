//! Llama (Touvron et al. 2023), as transformers' `LlamaForCausalLM`; SmolLM2 is the same network. Attention in groups
//! (Ainslie et al. 2023), rotary positions (Su et al. 2021), RMS norms and a gated feed-forward block (Shazeer 2020).

use std::ops::Range;

use burn::tensor::activation::silu;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::model::cache::{Cache, causal_bias};
use crate::model::layers::{Embedding, Linear, RmsNorm};
use crate::model::linears::linears_of;
use crate::model::{Dropout, LlamaConfig, Site, Sizes};
use crate::ops::softmax;
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, WeightsError, weights_of};

/// The decoder, with its output matrix where that is not the table of embeddings.
#[derive(Clone, Debug)]
pub struct Llama {
    embeddings: Embedding,
    layers: Vec<Layer>,
    norm: RmsNorm,
    output: Option<Linear>,
    head_dim: usize,
    rope_theta: f64,
}

#[derive(Clone, Debug)]
struct Layer {
    attention_norm: RmsNorm,
    attention: Attention,
    norm: RmsNorm,
    gate: Linear,
    up: Linear,
    down: Linear,
}

#[derive(Clone, Debug)]
struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
    kv_heads: usize,
    size: usize,
}

/// Cosines and sines of each position's angles, `[seq, head size]`.
#[derive(Clone)]
struct Rotary {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl Llama {
    /// Takes the model's tensors out of a file.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape than config.json says.
    pub fn load(config: &LlamaConfig, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let LlamaConfig { hidden, vocab, rms_norm_eps: eps, .. } = *config;
        let embeddings = Embedding::load(tensors, "embed_tokens", [vocab, hidden])?;
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let norm = RmsNorm::load(tensors, "norm", ParamGroup::Head, hidden, eps)?;
        let output = match config.is_tied {
            true => None,
            false => Some(Linear::load_without_bias(tensors, "lm_head", ParamGroup::Head, [hidden, vocab])?),
        };
        Ok(Self { embeddings, layers, norm, output, head_dim: config.head_dim, rope_theta: config.rope_theta })
    }

    /// Tokens that it chooses from.
    pub fn vocab(&self) -> usize {
        self.embeddings.len()
    }

    /// The sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        Sizes {
            layers: self.layers.len(),
            hidden: self.embeddings.size(),
            // The gate makes a third of such a size.
            intermediate_size: first.map_or(0, |layer| layer.up.outputs() * 3 / 2),
            heads: first.map_or(0, |layer| layer.attention.heads),
        }
    }

    /// Values that a cache has of each token: keys and values of all layers.
    pub fn kept_by_token(&self) -> usize {
        let of_layer = |layer: &Layer| 2 * layer.attention.kv_heads * layer.attention.size;
        self.layers.iter().map(of_layer).sum()
    }

    /// What enters the first layer, `[batch, seq, hidden]`, of `ids` `[batch, seq]`.
    pub fn embed(&self, ids: Tensor<2, Int>, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let kept = dropout.draw(Site::HiddenStates, [batch, seq, self.embeddings.size()], &ids.device());
        kept.apply(self.embeddings.forward(ids))
    }

    /// Some of the layers, one after the other: `x` `[batch, seq, hidden]` to the same. Each token sees those before it,
    /// and those in `cache`, to which these are added. Padding stands at the end, where no token sees it.
    pub fn encode(
        &self,
        layers: Range<usize>,
        x: Tensor<3>,
        mut cache: Option<&mut Cache>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [_, seq, _] = x.dims();
        let before = cache.as_ref().map_or(0, |cache| cache.tokens());
        let device = x.device();
        let rotary = Rotary::new(before..before + seq, self.head_dim, self.rope_theta, &device);
        let bias = causal_bias(seq, before, &device);
        layers.fold(x, |x, i| {
            let cache = cache.as_deref_mut().map(|cache| (cache, i));
            self.layers[i].forward(x, &rotary, &bias, cache, dropout)
        })
    }

    /// Scores of every token of the vocabulary, `[n, vocab]`, for vectors `[n, hidden]` after the last layer.
    pub fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.norm.forward(x);
        match &self.output {
            Some(output) => output.forward(x, &mut Dropout::off()),
            None => self.embeddings.scores(x),
        }
    }
}

impl Layer {
    fn load(config: &LlamaConfig, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let LlamaConfig { hidden, intermediate_size, heads, kv_heads, head_dim: size, rms_norm_eps: eps, .. } = *config;
        let (group, at) = (ParamGroup::Layer(i), format!("layers.{i}"));
        let mut linear = |name: &str, shape| Linear::load_without_bias(tensors, &format!("{at}.{name}"), group, shape);
        let attention = Attention {
            query: linear("self_attn.q_proj", [hidden, heads * size])?,
            key: linear("self_attn.k_proj", [hidden, kv_heads * size])?,
            value: linear("self_attn.v_proj", [hidden, kv_heads * size])?,
            output: linear("self_attn.o_proj", [heads * size, hidden])?,
            heads,
            kv_heads,
            size,
        };
        let gate = linear("mlp.gate_proj", [hidden, intermediate_size])?;
        let up = linear("mlp.up_proj", [hidden, intermediate_size])?;
        let down = linear("mlp.down_proj", [intermediate_size, hidden])?;
        let mut norm = |name: &str| RmsNorm::load(tensors, &format!("{at}.{name}"), group, hidden, eps);
        let attention_norm = norm("input_layernorm")?;
        Ok(Self { attention_norm, attention, norm: norm("post_attention_layernorm")?, gate, up, down })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        rotary: &Rotary,
        bias: &Tensor<4>,
        cache: Option<(&mut Cache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let kept = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let attended = self.attention.forward(self.attention_norm.forward(x.clone()), rotary, bias, cache, dropout);
        let x = x + kept.apply(attended);
        let kept = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let normal = self.norm.forward(x.clone());
        let gated = silu(self.gate.forward(normal.clone(), dropout)) * self.up.forward(normal, dropout);
        x + kept.apply(self.down.forward(gated, dropout))
    }
}

impl Attention {
    fn forward(
        &self,
        x: Tensor<3>,
        rotary: &Rotary,
        bias: &Tensor<4>,
        cache: Option<(&mut Cache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq, _] = x.dims();
        let Self { heads, kv_heads, size, .. } = *self;
        let mut split = |linear: &Linear, heads| {
            linear.forward(x.clone(), dropout).reshape([batch, seq, heads, size]).swap_dims(1, 2)
        };
        let query = rotary.turn(split(&self.query, heads));
        let (key, value) = (rotary.turn(split(&self.key, kv_heads)), split(&self.value, kv_heads));
        let (key, value) = match cache {
            Some((cache, layer)) => cache.extend(layer, key, value),
            None => (key, value),
        };
        let [_, _, all, _] = key.dims();
        let kept = dropout.draw(Site::Attention, [batch, heads, seq, all], &x.device());
        // The queries that share a head's keys stand below each other: nothing is copied.
        let group = heads / kv_heads;
        let query = query.reshape([batch, kv_heads, group * seq, size]);
        let scores = query.matmul(key.transpose()) * (1.0 / (size as f64).sqrt());
        let weights = kept.apply(softmax(scores.reshape([batch, heads, seq, all]) + bias.clone()));
        let mixed = weights.reshape([batch, kv_heads, group * seq, all]).matmul(value);
        let mixed = mixed.reshape([batch, heads, seq, size]).swap_dims(1, 2).reshape([batch, seq, heads * size]);
        self.output.forward(mixed, dropout)
    }
}

impl Rotary {
    fn new(positions: Range<usize>, size: usize, theta: f64, device: &Device) -> Self {
        let half = size / 2;
        let shape = [positions.len(), size];
        let angles: Vec<f64> = positions
            .flat_map(|position| {
                (0..size).map(move |i| position as f64 * theta.powf(-((i % half) as f64) / half as f64))
            })
            .collect();
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| of(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// Turns each pair `(i, i + size / 2)` of `x` `[batch, heads, seq, size]` by its angle.
    fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, _, size] = x.dims();
        let (low, high) = (x.clone().narrow(3, 0, size / 2), x.clone().narrow(3, size / 2, size / 2));
        let turned = Tensor::cat(vec![-high, low], 3);
        x * self.cos.clone().unsqueeze::<4>() + turned * self.sin.clone().unsqueeze::<4>()
    }
}

weights_of!(Llama { embeddings, layers, norm, output });
weights_of!(Layer { attention_norm, attention, norm, gate, up, down });
weights_of!(Attention { query, key, value, output });

linears_of!(Llama {
    Query => attention.query,
    Key => attention.key,
    Value => attention.value,
    AttentionOutput => attention.output,
    Intermediate => gate,
    Intermediate => up,
    Output => down,
});
