//! GPT-2 (Radford et al. 2019). A translation of `GPT2LMHeadModel` of transformers 4.57:
//! <https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/gpt2/modeling_gpt2.py>

use std::ops::Range;

use burn::tensor::{Int, Tensor};

use crate::model::config::Gpt2Config;
use crate::model::dropout::{Dropout, Site};
use crate::model::embedding::Embedding;
use crate::model::kv_cache::KvCache;
use crate::model::linear::Linear;
use crate::model::linears::linears_of;
use crate::model::mask::causal_mask;
use crate::model::norm::LayerNorm;
use crate::model::sizes::Sizes;
use crate::ops::{add_dropped, apply_dropout, attend, gelu_tanh, heads_of};
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, WeightsError, weights_of};

/// The decoder.
#[derive(Clone, Debug)]
pub struct Gpt2 {
    wte: Embedding,
    wpe: Embedding,
    layers: Vec<Block>,
    ln_f: LayerNorm,
    /// `None` if the output layer shares the weight of the embeddings.
    lm_head: Option<Linear>,
}

#[derive(Clone, Debug)]
struct Block {
    ln_1: LayerNorm,
    attn: Attention,
    ln_2: LayerNorm,
    mlp: Mlp,
}

#[derive(Clone, Debug)]
struct Attention {
    /// Query, key and value in one matrix: `[hidden, 3 · hidden]`.
    c_attn: Linear,
    c_proj: Linear,
    heads: usize,
}

#[derive(Clone, Debug)]
struct Mlp {
    c_fc: Linear,
    c_proj: Linear,
}

impl Gpt2 {
    /// Loads the model.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape than in config.json.
    pub fn load(config: &Gpt2Config, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let Gpt2Config { hidden, vocab, layer_norm_eps: eps, .. } = *config;
        if config.is_tied {
            tensors.tie_checked("wte.weight", "lm_head.weight")?;
        }
        let wte = Embedding::load(tensors, "wte", [vocab, hidden])?;
        let wpe = Embedding::load(tensors, "wpe", [config.max_position_embeddings, hidden])?;
        let layers = (0..config.layers).map(|i| Block::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let ln_f = LayerNorm::load(tensors, "ln_f", ParamGroup::Head, hidden, eps)?;
        let lm_head = if config.is_tied {
            None
        } else {
            Some(Linear::load_without_bias(tensors, "lm_head", ParamGroup::Head, [hidden, vocab])?)
        };
        Ok(Self { wte, wpe, layers, ln_f, lm_head })
    }

    /// Size of the vocabulary, in tokens.
    pub fn vocab(&self) -> usize {
        self.wte.len()
    }

    /// The sizes that determine memory and work.
    pub fn sizes(&self) -> Sizes {
        let (intermediate_size, heads) =
            self.layers.first().map_or((0, 0), |block| (block.mlp.c_fc.outputs(), block.attn.heads));
        Sizes::new(self.layers.len(), self.wte.size(), intermediate_size, heads)
    }

    /// Longest sequence, in tokens.
    pub fn max_positions(&self) -> usize {
        self.wpe.len()
    }

    /// Input of the first layer, `[batch, seq, hidden]`, from `ids` `[batch, seq]` that follow `past` earlier tokens.
    pub fn embed(&self, ids: Tensor<2, Int>, past: usize, dropout: &mut Dropout) -> Tensor<3> {
        let [_, seq] = ids.dims();
        let mask = dropout.draw(Site::HiddenStates);
        apply_dropout(self.wte.forward(ids) + self.wpe.rows(past..past + seq).unsqueeze(), mask)
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
        let bias = causal_mask(seq, past, None, &x.device());
        layers.fold(x, |x, i| {
            let cache = cache.as_deref_mut().map(|cache| (cache, i));
            self.layers[i].forward(x, &bias, cache, dropout)
        })
    }

    /// Logits `[n, vocab]` for hidden states `[n, hidden]` after the last layer.
    pub fn logits(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.ln_f.forward(x);
        match &self.lm_head {
            Some(lm_head) => lm_head.forward(x, &mut Dropout::off()),
            None => self.wte.logits(x),
        }
    }
}

impl Block {
    fn load(config: &Gpt2Config, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let Gpt2Config { hidden, intermediate_size, heads, layer_norm_eps: eps, .. } = *config;
        let (group, prefix) = (ParamGroup::Layer(i), format!("h.{i}"));
        let mut linear = |name: &str, shape| Linear::load_conv1d(tensors, &format!("{prefix}.{name}"), group, shape);
        let c_attn = linear("attn.c_attn", [hidden, 3 * hidden])?;
        let attn = Attention { c_attn, c_proj: linear("attn.c_proj", [hidden, hidden])?, heads };
        let c_fc = linear("mlp.c_fc", [hidden, intermediate_size])?;
        let mlp = Mlp { c_fc, c_proj: linear("mlp.c_proj", [intermediate_size, hidden])? };
        let mut norm = |name: &str| LayerNorm::load(tensors, &format!("{prefix}.{name}"), group, hidden, eps);
        Ok(Self { ln_1: norm("ln_1")?, attn, ln_2: norm("ln_2")?, mlp })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        bias: &Tensor<4>,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let mask = dropout.draw(Site::HiddenStates);
        let attended = self.attn.forward(self.ln_1.forward(x.clone()), bias, cache, dropout);
        let x = add_dropped(x, attended, mask);
        let mask = dropout.draw(Site::HiddenStates);
        let inner = gelu_tanh(self.mlp.c_fc.forward(self.ln_2.forward(x.clone()), dropout));
        add_dropped(x, self.mlp.c_proj.forward(inner, dropout), mask)
    }
}

impl Attention {
    fn forward(
        &self,
        x: Tensor<3>,
        bias: &Tensor<4>,
        cache: Option<(&mut KvCache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [.., hidden] = x.dims();
        let qkv = self.c_attn.forward(x, dropout);
        let third = |i: usize| heads_of(qkv.clone().narrow(2, i * hidden, hidden), self.heads);
        let (query, key, value) = (third(0), third(1), third(2));
        let (key, value) = match cache {
            Some((cache, layer)) => cache.extend(layer, key, value),
            None => (key, value),
        };
        let mask = dropout.draw(Site::Attention);
        self.c_proj.forward(attend([query, key, value], bias.clone(), mask), dropout)
    }
}

weights_of!(Gpt2 { wte, wpe, layers, ln_f, lm_head });
weights_of!(Block { ln_1, attn, ln_2, mlp });
weights_of!(Attention { c_attn, c_proj });
weights_of!(Mlp { c_fc, c_proj });

// One matrix computes query, key and value. It counts as the query.
linears_of!(Gpt2 {
    Query => attn.c_attn,
    AttentionOutput => attn.c_proj,
    Intermediate => mlp.c_fc,
    Output => mlp.c_proj,
});
