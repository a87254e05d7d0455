//! GPT-2 (Radford et al. 2019), as transformers' `GPT2LMHeadModel`.

use std::ops::Range;

use burn::tensor::activation::gelu_approximate;
use burn::tensor::{Int, Tensor};

use crate::model::cache::{Cache, causal_bias};
use crate::model::layers::{Embedding, LayerNorm, Linear};
use crate::model::linears::linears_of;
use crate::model::{Dropout, Gpt2Config, Site, Sizes};
use crate::ops::softmax;
use crate::recipe::ParamGroup;
use crate::weights::{Tensors, WeightsError, weights_of};

/// The decoder, with its output matrix where that is not the table of embeddings.
#[derive(Clone, Debug)]
pub struct Gpt2 {
    word: Embedding,
    position: Embedding,
    layers: Vec<Layer>,
    norm: LayerNorm,
    output: Option<Linear>,
}

#[derive(Clone, Debug)]
struct Layer {
    attention_norm: LayerNorm,
    /// Query, key and value in one: `[hidden, 3 · hidden]`.
    attention: Linear,
    attention_output: Linear,
    norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    heads: usize,
}

impl Gpt2 {
    /// Takes the model's tensors out of a file.
    ///
    /// # Errors
    /// Names the tensor that is missing or of another shape than config.json says.
    pub fn load(config: &Gpt2Config, tensors: &mut Tensors) -> Result<Self, WeightsError> {
        let Gpt2Config { hidden, vocab, layer_norm_eps: eps, .. } = *config;
        let word = Embedding::load(tensors, "wte", [vocab, hidden])?;
        let position = Embedding::load(tensors, "wpe", [config.positions, hidden])?;
        let layers = (0..config.layers).map(|i| Layer::load(config, tensors, i)).collect::<Result<_, _>>()?;
        let norm = LayerNorm::load(tensors, "ln_f", ParamGroup::Head, hidden, eps)?;
        let output = match config.is_tied {
            true => None,
            false => Some(Linear::load_without_bias(tensors, "lm_head", ParamGroup::Head, [hidden, vocab])?),
        };
        Ok(Self { word, position, layers, norm, output })
    }

    /// Tokens that it chooses from.
    pub fn vocab(&self) -> usize {
        self.word.len()
    }

    /// The sizes that memory and work go by.
    pub fn sizes(&self) -> Sizes {
        let first = self.layers.first();
        Sizes {
            layers: self.layers.len(),
            hidden: self.word.size(),
            intermediate_size: first.map_or(0, |layer| layer.intermediate.outputs()),
            heads: first.map_or(0, |layer| layer.heads),
        }
    }

    /// Tokens that it can read at the most.
    pub fn positions(&self) -> usize {
        self.position.len()
    }

    /// What enters the first layer, `[batch, seq, hidden]`, of `ids` `[batch, seq]` that stand after `before` others.
    pub fn embed(&self, ids: Tensor<2, Int>, before: usize, dropout: &mut Dropout) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let kept = dropout.draw(Site::HiddenStates, [batch, seq, self.word.size()], &ids.device());
        kept.apply(self.word.forward(ids) + self.position.rows(before..before + seq).unsqueeze())
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
        let bias = causal_bias(seq, before, &x.device());
        layers.fold(x, |x, i| {
            let cache = cache.as_deref_mut().map(|cache| (cache, i));
            self.layers[i].forward(x, &bias, cache, dropout)
        })
    }

    /// Scores of every token of the vocabulary, `[n, vocab]`, for vectors `[n, hidden]` after the last layer.
    pub fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.norm.forward(x);
        match &self.output {
            Some(output) => output.forward(x, &mut Dropout::off()),
            None => self.word.scores(x),
        }
    }
}

impl Layer {
    fn load(config: &Gpt2Config, tensors: &mut Tensors, i: usize) -> Result<Self, WeightsError> {
        let Gpt2Config { hidden, intermediate_size, heads, layer_norm_eps: eps, .. } = *config;
        let (group, at) = (ParamGroup::Layer(i), format!("h.{i}"));
        let mut linear = |name: &str, shape| Linear::load_conv1d(tensors, &format!("{at}.{name}"), group, shape);
        let attention = linear("attn.c_attn", [hidden, 3 * hidden])?;
        let attention_output = linear("attn.c_proj", [hidden, hidden])?;
        let intermediate = linear("mlp.c_fc", [hidden, intermediate_size])?;
        let output = linear("mlp.c_proj", [intermediate_size, hidden])?;
        let mut norm = |name: &str| LayerNorm::load(tensors, &format!("{at}.{name}"), group, hidden, eps);
        let attention_norm = norm("ln_1")?;
        Ok(Self { attention_norm, attention, attention_output, norm: norm("ln_2")?, intermediate, output, heads })
    }

    fn forward(
        &self,
        x: Tensor<3>,
        bias: &Tensor<4>,
        cache: Option<(&mut Cache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let kept = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let attended = self.attend(self.attention_norm.forward(x.clone()), bias, cache, dropout);
        let x = x + kept.apply(attended);
        let kept = dropout.draw(Site::HiddenStates, x.dims(), &x.device());
        let inner = gelu_approximate(self.intermediate.forward(self.norm.forward(x.clone()), dropout));
        x + kept.apply(self.output.forward(inner, dropout))
    }

    fn attend(
        &self,
        x: Tensor<3>,
        bias: &Tensor<4>,
        cache: Option<(&mut Cache, usize)>,
        dropout: &mut Dropout,
    ) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let size = hidden / self.heads;
        let mixed = self.attention.forward(x, dropout);
        let part = |i: usize| {
            mixed.clone().narrow(2, i * hidden, hidden).reshape([batch, seq, self.heads, size]).swap_dims(1, 2)
        };
        let (query, key, value) = (part(0), part(1), part(2));
        let (key, value) = match cache {
            Some((cache, layer)) => cache.extend(layer, key, value),
            None => (key, value),
        };
        let [_, _, all, _] = key.dims();
        let kept = dropout.draw(Site::Attention, [batch, self.heads, seq, all], &mixed.device());
        let scores = query.matmul(key.transpose()) * (1.0 / (size as f64).sqrt()) + bias.clone();
        let attended = kept.apply(softmax(scores)).matmul(value).swap_dims(1, 2).reshape([batch, seq, hidden]);
        self.attention_output.forward(attended, dropout)
    }
}

weights_of!(Gpt2 { word, position, layers, norm, output });
weights_of!(Layer { attention_norm, attention, attention_output, norm, intermediate, output });

// Query, key and value are one matrix here. It goes by the query.
linears_of!(Gpt2 {
    Query => attention,
    AttentionOutput => attention_output,
    Intermediate => intermediate,
    Output => output,
});
