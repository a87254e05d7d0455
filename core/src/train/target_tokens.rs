//! The tokens of a batch that a decoder is trained on or scored by.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::text::{Batch, EncodedExamples, Labels};

/// The number of target tokens is padded to a multiple of this, because each new shape makes a GPU compile its kernels.
const MULTIPLE: usize = 64;

/// Most logits that exist at a time: 16 MB of them, of which training holds a few copies.
const MAX_LOGITS: usize = 1 << 22;

/// Number of tokens whose logits are computed at a time. Each has a logit for every token of the vocabulary, which may have
/// more than 200,000. A power of two, so that most chunks of [`TargetTokens`] have the same shape.
pub(in crate::train) fn tokens_at_a_time(vocab: usize) -> usize {
    1 << (MAX_LOGITS / vocab.max(1)).max(1).ilog2()
}

/// Target tokens of a batch, padded to a multiple of [`MULTIPLE`].
pub(in crate::train) struct TargetTokens {
    /// Index of the token before each target, counted through the whole batch: its logits predict the target.
    before: Vec<i32>,
    ids: Vec<i32>,
    /// False for padding.
    is_target: Vec<bool>,
}

impl TargetTokens {
    /// The target tokens of `rows`, each of which is padded to `len` tokens.
    pub(in crate::train) fn of_rows(examples: &EncodedExamples, rows: &[u32], len: usize) -> Self {
        let (mut before, mut ids) = (Vec::new(), Vec::new());
        if let Labels::Continuations { target_ranges, .. } = &examples.labels {
            for (i, &row) in rows.iter().enumerate() {
                let text = examples.texts.get(row as usize);
                for at in target_ranges[row as usize].iter().cloned().flatten() {
                    before.push((i * len) as i32 + at as i32 - 1);
                    ids.push(text[at as usize] as i32);
                }
            }
        }
        Self::padded(before, ids)
    }

    /// Every token but the first of the first `rows` rows of a batch.
    pub(in crate::train) fn of_batch(batch: &Batch, rows: usize) -> Self {
        let is_followed = |at: &usize| !(at + 1).is_multiple_of(batch.len) && batch.attention_mask[at + 1] == 1.0;
        let before: Vec<usize> = (0..rows * batch.len).filter(is_followed).collect();
        let ids = before.iter().map(|&at| batch.ids[at + 1]).collect();
        Self::padded(before.into_iter().map(|at| at as i32).collect(), ids)
    }

    fn padded(mut before: Vec<i32>, mut ids: Vec<i32>) -> Self {
        let mut is_target = vec![true; ids.len()];
        let len = ids.len().max(1).next_multiple_of(MULTIPLE);
        before.resize(len, 0);
        ids.resize(len, 0);
        is_target.resize(len, false);
        Self { before, ids, is_target }
    }

    /// Number of target tokens, without padding.
    pub(in crate::train) fn count(&self) -> usize {
        self.is_target.iter().filter(|&&is_target| is_target).count()
    }

    /// The same tokens in consecutive chunks of at most `size`.
    pub(in crate::train) fn chunks(&self, size: usize) -> impl Iterator<Item = Self> {
        let starts = (0..self.ids.len()).step_by(size);
        starts.map(move |start| {
            let chunk = start..(start + size).min(self.ids.len());
            Self {
                before: self.before[chunk.clone()].to_vec(),
                ids: self.ids[chunk.clone()].to_vec(),
                is_target: self.is_target[chunk].to_vec(),
            }
        })
    }

    /// `weight` for each target token, 0 for padding, `[positions]`.
    pub(in crate::train) fn weights(&self, weight: f32) -> Vec<f32> {
        self.is_target.iter().map(|&is_target| if is_target { weight } else { 0.0 }).collect()
    }

    /// Positions in the flattened batch whose logits are needed, `[positions]`.
    pub(in crate::train) fn gather_positions(&self, device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(self.before.clone(), [self.before.len()]), device)
    }

    /// Ids of the target tokens, `[positions, 1]`.
    pub(in crate::train) fn ids(&self, device: &Device) -> Tensor<2, Int> {
        Tensor::from_data(TensorData::new(self.ids.clone(), [self.ids.len(), 1]), device)
    }
}
