//! Memory estimate of a run, by formula, before any memory is allocated.

use crate::limits::MAX_PREFIX_BYTES;
use crate::model::{FrozenPrefix, Sizes, TaskModel};
use crate::recipe::{Field, ParamGroup, RecipeSpec};
use crate::text::{EncodedExamples, LENGTHS, padded_len};
use crate::train::session::Session;
use crate::train::target_tokens::tokens_at_a_time;
use crate::weights::Weights;

/// Values kept for the backward pass of a layer for each token, in hidden sizes: inputs of the linear layers, both norms
/// with their outputs, and the gradients that are alive at the same time.
const KEPT_HIDDEN: f64 = 12.0;
/// Values kept of the attention for each token, in sizes of the queries of all heads: queries, keys, values and what
/// attention makes of them.
const KEPT_ATTENTION: f64 = 4.0;
/// Values kept of the feed-forward block for each token, in intermediate sizes: before and after the activation, and a
/// gradient.
const KEPT_INTERMEDIATE: f64 = 4.0;
/// Values kept for each pair of tokens and head: attention scores, softmax before and after dropout, and gradients.
const KEPT_PAIRS: f64 = 5.0;
/// Values kept for each logit of a token: the logit, its softmax and its gradient.
const KEPT_LOGITS: f64 = 3.0;

/// Memory of a trainable weight without gradient accumulation, in copies: the current and the best value, the gradient, and
/// the two averages of AdamW.
const TRAINABLE_COPIES: f64 = 5.0;

/// The settings that decide how much memory a batch takes.
#[derive(Clone, Copy)]
struct BatchSettings {
    batch_size: usize,
    /// Longest sequence, in tokens.
    max_length: usize,
    /// True if an optimizer step consists of several batches.
    accumulates: bool,
    gradient_checkpointing: bool,
}

impl Session {
    /// Peak memory of the run, in bytes.
    pub fn memory_bytes(&self) -> f64 {
        let settings = BatchSettings {
            batch_size: self.recipe.batch_size(),
            max_length: self.recipe.max_length(),
            accumulates: self.recipe.gradient_accumulation_steps() > 1,
            gradient_checkpointing: self.recipe.spec().gradient_checkpointing,
        };
        DataSizes::new(self).memory_bytes(self, settings)
    }

    /// Memory of the tuned weights in addition to the base model, in bytes, and of what training further needs.
    pub fn tuned_bytes(&self) -> f64 {
        // Training further needs the weights after the last step and AdamW's two averages.
        let copies = if self.can_extend() { 4.0 } else { 1.0 };
        copies * self.ever_trainable() as f64 * size_of::<f32>() as f64
    }

    /// The closest recipe that takes at most `limit` bytes: with gradient checkpointing, then with the same effective batch
    /// size in smaller batches, and only then with shorter texts. None if no recipe fits.
    pub fn nearest_that_fits(&self, limit: f64) -> Option<RecipeSpec> {
        let spec = RecipeSpec { gradient_checkpointing: true, ..self.recipe.spec().clone() };
        let shorter = LENGTHS.into_iter().rev().filter(|&len| len < self.recipe.max_length());
        let (batches, sizes) = (self.equal_batches(), DataSizes::new(self));
        for max_length in [self.recipe.max_length()].into_iter().chain(shorter) {
            for &(batch_size, gradient_accumulation_steps) in &batches {
                let accumulates = gradient_accumulation_steps > 1;
                let settings = BatchSettings { batch_size, max_length, accumulates, gradient_checkpointing: true };
                if sizes.memory_bytes(self, settings) <= limit {
                    let (batch_size, max_length) = (Some(batch_size as u32), Some(max_length as u32));
                    return Some(RecipeSpec { batch_size, gradient_accumulation_steps, max_length, ..spec });
                }
            }
        }
        None
    }

    /// Batch sizes with the accumulation steps that give the recipe's effective batch, largest first.
    fn equal_batches(&self) -> Vec<(usize, u32)> {
        let (whole, steps) = (self.recipe.batch_size(), self.recipe.gradient_accumulation_steps());
        // Embeddings are compared within a batch.
        let least = if self.predicts_vectors() { 2 } else { 1 };
        let range = Field::named("gradient_accumulation_steps").and_then(Field::range);
        let is_valid = |steps: usize| range.is_none_or(|range| range.contains(&(steps as f64)));
        let sizes = (least..=whole).rev().filter(|size| whole.is_multiple_of(*size));
        let batches = sizes.map(|size| (size, steps * (whole / size)));
        batches.filter(|&(_, steps)| is_valid(steps)).map(|(size, steps)| (size, steps as u32)).collect()
    }

    /// Most bytes that a saved run has: the weights, those of the best evaluation, and two moments of the optimizer.
    pub fn max_checkpoint_bytes(&self) -> f64 {
        4.0 * self.ever_trainable() as f64 * size_of::<f32>() as f64
    }

    /// Number of parameters that are trainable in some stage.
    fn ever_trainable(&self) -> usize {
        let stages = self.recipe.unfreeze_schedule().stages();
        self.parameters.iter().filter(|(group, _)| stages.iter().any(|s| s.contains(group))).map(|(_, n)| n).sum()
    }

    /// Largest cache of frozen layers' outputs in any stage, in bytes.
    fn max_prefix_bytes(&self) -> f64 {
        let (stages, hidden) = (self.recipe.unfreeze_schedule().stages(), self.model.base.sizes().hidden);
        let width = |frozen_prefix: FrozenPrefix, tokens| {
            if frozen_prefix == FrozenPrefix::None { 0 } else { frozen_prefix.width(tokens, hidden) }
        };
        // In 64 bits: usize is 32 bits in wasm32, and a corpus may need more than 4 GB.
        let bytes = |frozen_prefix: FrozenPrefix, examples: &EncodedExamples| {
            let values: u64 = examples.lengths().into_iter().map(|tokens| width(frozen_prefix, tokens) as u64).sum();
            (values * size_of::<f32>() as u64).min(MAX_PREFIX_BYTES as u64)
        };
        let of_stage = |lowest: ParamGroup| {
            let frozen_prefix = self.model.prefix_below(lowest);
            bytes(frozen_prefix, &self.data.train) + bytes(frozen_prefix, &self.data.validation)
        };
        let lowest = stages.iter().map(|stage| stage.first().copied().unwrap_or(ParamGroup::Head));
        lowest.map(of_stage).max().unwrap_or(0) as f64
    }
}

/// Memory of a model's weights, in bytes: each in its own type, and the largest of those that a product widens to 32 bits.
pub(super) fn weight_bytes(model: &TaskModel) -> f64 {
    let (mut bytes, mut widened) = (0.0, 0.0_f64);
    model.visit(&mut |weight| {
        let (kept, wide) = (weight.bytes() as f64, (weight.len() * size_of::<f32>()) as f64);
        bytes += kept;
        if kept < wide {
            widened = widened.max(wide);
        }
    });
    bytes + widened
}

/// Sizes that depend on the rows alone, whatever the batches.
struct DataSizes {
    /// Tokens of the longest training row.
    longest: usize,
    /// Most target tokens of a training row.
    target_tokens: usize,
    /// Largest cache of frozen layers' outputs, in bytes.
    prefix_bytes: f64,
}

impl DataSizes {
    fn new(session: &Session) -> Self {
        let train = &session.data.train;
        let target_tokens = (0..train.len() as u32).map(|row| train.target_tokens(&[row])).max();
        Self {
            longest: train.lengths().into_iter().max().unwrap_or(1),
            target_tokens: target_tokens.unwrap_or(0),
            prefix_bytes: session.max_prefix_bytes(),
        }
    }

    fn memory_bytes(&self, session: &Session, settings: BatchSettings) -> f64 {
        let BatchSettings { batch_size, max_length, accumulates, gradient_checkpointing } = settings;
        let sizes = session.model.base.sizes();
        let copies = TRAINABLE_COPIES + if accumulates { 1.0 } else { 0.0 };
        let trained = copies * session.ever_trainable() as f64;
        let texts = session.data.train.batch_texts(batch_size);
        let (rows, len) = (texts as f64, padded_len(self.longest.min(max_length), max_length) as f64);
        let stages = session.recipe.unfreeze_schedule().stages().len();
        let deepest = (0..stages).map(|stage| sizes.layers - session.prefix_layers(stage)).max().unwrap_or(0);
        let (layer, layers) = (activations_per_layer(sizes, rows, len), deepest.max(1) as f64);
        let activations = if gradient_checkpointing {
            // All values of one layer, and the input of each.
            layer + layers * rows * len * sizes.hidden as f64
        } else {
            layer * layers
        };
        let vocab = session.model.base.vocab();
        let targets = (batch_size * self.target_tokens).min(tokens_at_a_time(vocab));
        let logits = KEPT_LOGITS * targets as f64 * vocab as f64;
        let values = trained + session.passes() * (activations + logits);
        session.weight_bytes + values * size_of::<f32>() as f64 + self.prefix_bytes
    }
}

/// Values that a layer keeps for the backward pass of `rows` texts of `len` tokens.
fn activations_per_layer(sizes: Sizes, rows: f64, len: f64) -> f64 {
    let token = KEPT_HIDDEN * sizes.hidden as f64
        + KEPT_ATTENTION * sizes.attention_size as f64
        + KEPT_INTERMEDIATE * sizes.intermediate_size as f64;
    rows * len * token + KEPT_PAIRS * rows * sizes.heads as f64 * len * len
}

/// Memory of training a model, from the cheapest to the most expensive method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryBounds {
    /// Memory with an adapter or the head alone in the last layer, in bytes.
    pub least_bytes: f64,
    /// Memory with every weight trainable, in bytes.
    pub full_bytes: f64,
}

/// Memory of training a model with batches of 8 texts of 128 tokens.
pub fn memory_bounds(sizes: Sizes, parameters: f64) -> MemoryBounds {
    let layer = activations_per_layer(sizes, 8.0, 128.0);
    let bytes =
        |copies: f64, layers: usize| (copies * parameters + layers.max(1) as f64 * layer) * size_of::<f32>() as f64;
    MemoryBounds { least_bytes: bytes(1.0, 1), full_bytes: bytes(1.0 + TRAINABLE_COPIES, sizes.layers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_wider_than_the_hidden_size_take_more_memory() {
        let narrow = Sizes::new(1, 64, 128, 4);
        let wide = Sizes { attention_size: 128, ..narrow };
        let [narrow, wide] = [narrow, wide].map(|sizes| activations_per_layer(sizes, 2.0, 16.0));
        // Four values for each of 32 tokens and each of the 64 additional sizes.
        assert_eq!(wide - narrow, 4.0 * 32.0 * 64.0);
    }
}
