//! What enters a model, and how much of it is computed already.

use burn::tensor::{Int, Tensor};

/// A batch of texts as tensors.
#[derive(Clone, Debug)]
pub struct Input {
    /// What enters the model, and where.
    pub hidden: HiddenStates,
    /// 1 on tokens, 0 on padding: `[batch, seq]`.
    pub attention_mask: Tensor<2>,
    /// What each token weighs in the mean over its text, 0 on padding: `[batch, seq]`.
    pub pooling_weights: Tensor<2>,
    /// Which of the first text (0) and the second (1) of a pair each token belongs to: `[batch, seq]`. None where every
    /// row has one text.
    pub token_type_ids: Option<Tensor<2, Int>>,
    /// For the task of generation: the tokens, counted through the whole batch, after which the next one is asked for:
    /// `[picks]`. All of them where absent.
    pub gather_positions: Option<Tensor<1, Int>>,
}

/// Texts, computed up to some height of the model.
#[derive(Clone, Debug)]
pub enum HiddenStates {
    /// Token ids `[batch, seq]`: nothing is computed yet.
    Ids(Tensor<2, Int>),
    /// The vectors `[batch, seq, hidden]` after the embeddings and so many layers.
    Tokens(usize, Tensor<3>),
    /// The mean over the tokens, or the first token's vector: `[batch, hidden]`.
    Sentence(Tensor<2>),
}

/// How much of a model, from below, is computed apart from the rest: because it is frozen, it gives the same whenever it
/// is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrozenPrefix {
    /// Nothing.
    None,
    /// The embeddings and so many layers.
    Layers(usize),
    /// All layers, up to the sentence's vector.
    Sentence,
}

impl FrozenPrefix {
    /// Number of values that it makes of a text of `tokens` tokens.
    pub fn width(self, tokens: usize, hidden: usize) -> usize {
        match self {
            Self::None | Self::Layers(_) => tokens * hidden,
            Self::Sentence => hidden,
        }
    }
}
