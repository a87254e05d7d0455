//! The input of a model, part of which may already be computed.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::text::Batch;

/// A batch of texts as tensors.
#[derive(Clone, Debug)]
pub struct Input {
    /// Token ids, or the hidden states that were computed from them.
    pub hidden: HiddenStates,
    /// 1 on tokens, 0 on padding: `[batch, seq]`.
    pub attention_mask: Tensor<2>,
    /// Weight of each token in the mean over its text, 0 on padding: `[batch, seq]`.
    pub pooling_weights: Tensor<2>,
    /// 0 on the first text of a pair, 1 on the second: `[batch, seq]`. `None` where every row has one text.
    pub token_type_ids: Option<Tensor<2, Int>>,
    /// Generation: indices into `batch · seq` of the tokens whose next token is predicted, `[picks]`. `None` means all
    /// of them.
    pub gather_positions: Option<Tensor<1, Int>>,
}

impl Input {
    /// A batch on `device`.
    pub fn new(batch: &Batch, device: &Device) -> Self {
        let shape = [batch.rows, batch.len];
        let floats = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, shape), device);
        let ints = |values: Vec<i32>| Tensor::from_data(TensorData::new(values, shape), device);
        let pooling_weights = batch.attention_mask.chunks(batch.len).flat_map(|row| {
            let tokens = row.iter().sum::<f32>().max(1.0);
            row.iter().map(move |mask| mask / tokens)
        });
        Self {
            hidden: HiddenStates::Ids(ints(batch.ids.clone())),
            attention_mask: floats(batch.attention_mask.clone()),
            pooling_weights: floats(pooling_weights.collect()),
            token_type_ids: batch.token_type_ids.clone().map(ints),
            gather_positions: None,
        }
    }
}

/// Texts, computed up to some layer of the model.
#[derive(Clone, Debug)]
pub enum HiddenStates {
    /// Token ids `[batch, seq]`, before any layer.
    Ids(Tensor<2, Int>),
    /// Hidden states `[batch, seq, hidden]` after the embeddings and this many layers.
    Tokens(usize, Tensor<3>),
    /// The mean over the tokens, or the first token's hidden state: `[batch, hidden]`.
    Sentence(Tensor<2>),
}

/// The lower part of a model that is frozen, and therefore always computes the same from a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrozenPrefix {
    /// No parameter group is frozen.
    None,
    /// The embeddings and this many layers.
    Layers(usize),
    /// All layers and the pooling over the tokens.
    Sentence,
}

impl FrozenPrefix {
    /// Number of values that the prefix computes from a text of `tokens` tokens.
    pub fn width(self, tokens: usize, hidden: usize) -> usize {
        match self {
            Self::None | Self::Layers(_) => tokens * hidden,
            Self::Sentence => hidden,
        }
    }
}
