//! What a run will take: memory by formula, before anything is risked, and time in units of work, of which a trial step
//! tells how long one takes.

use crate::limits::MAX_PREFIX_BYTES;
use crate::model::{FrozenPrefix, Sizes};
use crate::recipe::{AdapterKind, ParamGroup, RecipeSpec, UnfreezeTrigger};
use crate::text::{EncodedExamples, LENGTHS, padded_len};
use crate::train::Session;

/// Values that training keeps of each token in a layer for the backward pass, in hidden sizes: inputs of the six linear
/// layers, both norms with their outputs, dropout masks, and the gradients that pass through at the same time.
const KEPT_HIDDEN: f64 = 16.0;
/// The same in sizes of the feed-forward block: before and after its activation, and a gradient.
const KEPT_INTERMEDIATE: f64 = 4.0;
/// The same for each pair of tokens and head: scores, softmax, mask and product, and a gradient.
const KEPT_PAIRS: f64 = 5.0;
/// The same for each score of a token of the vocabulary: the score, its softmax and its gradient.
const KEPT_SCORES: f64 = 3.0;
/// What an adapter's gradient costs beside that of a whole weight.
const ADAPTER_WORK: f64 = 0.1;
/// Work of the head for a batch, in layers.
const HEAD_WORK: f64 = 0.02;

/// Work of a run: how much is done after each optimizer step, evaluations counted. The unit is one layer forward over
/// one token.
#[derive(Clone, Debug)]
pub struct Work(Vec<f64>);

impl Work {
    /// The work of a session as its recipe stands.
    pub fn of(session: &Session) -> Self {
        let steps_per_epoch = session.steps_per_epoch();
        let freezing = session.recipe.unfreeze_schedule();
        let train = padded_tokens(session, &session.data.train) / f64::from(steps_per_epoch);
        let validation = padded_tokens(session, &session.data.validation);
        let (mut done, mut entered, mut last_stage) = (0.0, 0, 0);
        let total = session.total_steps();
        let evaluations = |step: u32| (f64::from(step) / session.eval_interval()).floor();
        let steps = (0..total).map(|step| {
            // A stalled score is token_log_probs as early as it can come: more is live then.
            let stage = freezing.stage_at(step, steps_per_epoch).unwrap_or_else(|| match freezing.trigger() {
                UnfreezeTrigger::Stall(patience) => {
                    (evaluations(step) as usize / patience as usize).min(freezing.stages().len() - 1)
                }
                _ => 0,
            });
            if stage != last_stage {
                (entered, last_stage) = (step, stage);
            }
            let is_kept = step - entered >= steps_per_epoch;
            done += train * session.step_work(stage, is_kept);
            if evaluations(step + 1) > evaluations(step) || step + 1 == total {
                done += validation * session.forward_work(stage, is_kept);
            }
            done
        });
        Self(steps.collect())
    }

    /// All of it.
    pub fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// What is done after so many steps.
    pub fn done(&self, steps: u32) -> f64 {
        let index = (steps as usize).min(self.0.len());
        index.checked_sub(1).map_or(0.0, |index| self.0[index])
    }
}

impl Session {
    /// Work for each token of a training batch. `is_kept`: what the frozen bottom computes is there already.
    fn step_work(&self, stage: usize, is_kept: bool) -> f64 {
        let trainable = &self.recipe.unfreeze_schedule().stages()[stage];
        let own = if self.recipe.spec().adapter == AdapterKind::None { 1.0 } else { ADAPTER_WORK };
        let lowest = trainable.first().copied().unwrap_or(ParamGroup::Head);
        let backward: f64 = (0..self.model.body.sizes().layers)
            .map(ParamGroup::Layer)
            .filter(|&layer| layer >= lowest)
            .map(|layer| 1.0 + if trainable.contains(&layer) { own } else { 0.0 })
            .sum();
        let passes = if self.recipe.spec().r_drop > 0.0 { 2.0 } else { 1.0 };
        let forward = self.forward_work(stage, is_kept);
        let again = if self.recipe.spec().gradient_checkpointing { forward } else { 0.0 };
        passes * (forward + again + backward)
    }

    /// Work for each token of a batch without a backward pass.
    fn forward_work(&self, stage: usize, is_kept: bool) -> f64 {
        let layers = self.model.body.sizes().layers;
        let kept = if is_kept { self.prefix_layers(stage) } else { 0 };
        (layers - kept) as f64 + HEAD_WORK
    }

    fn prefix_layers(&self, stage: usize) -> usize {
        let lowest = self.recipe.unfreeze_schedule().stages()[stage].first().copied().unwrap_or(ParamGroup::Head);
        match self.model.prefix_below(lowest) {
            FrozenPrefix::None => 0,
            FrozenPrefix::Layers(count) => count,
            FrozenPrefix::Sentence => self.model.body.sizes().layers,
        }
    }

    /// Work of the next training batch, as a trial takes it: nothing is kept yet.
    pub fn next_work(&self) -> f64 {
        let tokens = self.next_batch().map_or(0, |shape| shape.rows * shape.len);
        tokens as f64 * self.step_work(self.state.stage, false)
    }

    /// Memory of the run at its height, in bytes.
    pub fn memory_bytes(&self) -> f64 {
        let accumulates = self.recipe.gradient_accumulation_steps() > 1;
        let recomputes = self.recipe.spec().gradient_checkpointing;
        Rows::of(self).memory_bytes(self, self.recipe.batch_size(), accumulates, self.recipe.max_length(), recomputes)
    }

    /// Memory that what was tuned takes beside the base, in bytes.
    pub fn tuned_bytes(&self) -> f64 {
        self.ever_trainable() as f64 * size_of::<f32>() as f64
    }

    /// Parameters that learn at some time.
    fn ever_trainable(&self) -> usize {
        let stages = self.recipe.unfreeze_schedule().stages();
        self.parameters.iter().filter(|(group, _)| stages.iter().any(|s| s.contains(group))).map(|(_, n)| n).sum()
    }

    /// What the frozen bottoms of all stages keep at the most, in bytes.
    fn kept_bytes(&self) -> f64 {
        let (stages, hidden) = (self.recipe.unfreeze_schedule().stages(), self.model.body.sizes().hidden);
        let lowest = stages.iter().map(|stage| stage.first().copied().unwrap_or(ParamGroup::Head));
        let width = |frozen_prefix: FrozenPrefix, tokens| {
            if frozen_prefix == FrozenPrefix::None { 0 } else { frozen_prefix.width(tokens, hidden) }
        };
        // In 64 bits: a wasm32's own numbers end at 4 GB, and a corpus has more.
        let bytes = |frozen_prefix: FrozenPrefix, labels: &EncodedExamples| {
            let values: u64 = labels.lengths().into_iter().map(|tokens| width(frozen_prefix, tokens) as u64).sum();
            (values * size_of::<f32>() as u64).min(MAX_PREFIX_BYTES as u64)
        };
        let both = |frozen_prefix| bytes(frozen_prefix, &self.data.train) + bytes(frozen_prefix, &self.data.validation);
        lowest.map(|group| both(self.model.prefix_below(group))).max().unwrap_or(0) as f64
    }

    /// The nearest recipe that takes at most `limit` bytes: the same with its layers computed twice, then the same rows a
    /// step in smaller batches, and only then shorter texts.
    pub fn nearest_that_fits(&self, limit: f64) -> Option<RecipeSpec> {
        let raw = RecipeSpec { gradient_checkpointing: true, ..self.recipe.spec().clone() };
        let lengths = LENGTHS.into_iter().rev().filter(|&len| len < self.recipe.max_length());
        let known = Rows::of(self);
        for max_length in [self.recipe.max_length()].into_iter().chain(lengths) {
            let mut batch_size = self.recipe.batch_size();
            loop {
                let rows = raw.batch_size * raw.gradient_accumulation_steps;
                let gradient_accumulation_steps = rows.div_ceil(batch_size as u32).min(64);
                if known.memory_bytes(self, batch_size, gradient_accumulation_steps > 1, max_length, true) <= limit {
                    let (batch_size, max_length) = (batch_size as u32, Some(max_length as u32));
                    return Some(RecipeSpec { batch_size, gradient_accumulation_steps, max_length, ..raw });
                }
                if batch_size == 1 {
                    break;
                }
                batch_size /= 2;
            }
        }
        None
    }
}

/// What memory goes by and all rows must be counted for, whatever the batches.
struct Rows {
    /// Tokens of the longest.
    longest: usize,
    /// Most tokens that one of them has learned.
    target_ranges: usize,
    /// What the frozen bottoms keep, in bytes.
    kept_bytes: f64,
}

impl Rows {
    fn of(session: &Session) -> Self {
        let train = &session.data.train;
        let target_ranges = (0..train.len() as u32).map(|row| train.target_tokens(&[row])).max();
        Self {
            longest: train.lengths().into_iter().max().unwrap_or(1),
            target_ranges: target_ranges.unwrap_or(0),
            kept_bytes: session.kept_bytes(),
        }
    }

    fn memory_bytes(
        &self,
        session: &Session,
        batch_size: usize,
        accumulates: bool,
        max_length: usize,
        recomputes: bool,
    ) -> f64 {
        let sizes = session.model.body.sizes();
        let stages = session.recipe.unfreeze_schedule().stages();
        // Beside the base: the weights as they are and as they were best, gradients and two moments.
        let copies = if accumulates { 6.0 } else { 5.0 };
        let weights = session.all_parameters as f64 + copies * session.ever_trainable() as f64;
        let (rows, len) = (batch_size as f64, padded_len(self.longest.min(max_length), max_length) as f64);
        let deepest = (0..stages.len()).map(|stage| sizes.layers - session.prefix_layers(stage)).max().unwrap_or(0);
        let passes = if session.recipe.spec().r_drop > 0.0 { 2.0 } else { 1.0 };
        let (layer, layers) = (kept_by_layer(sizes, rows, len), deepest.max(1) as f64);
        // One layer as a whole, and what enters each.
        let activations =
            passes * if recomputes { layer + layers * rows * len * sizes.hidden as f64 } else { layer * layers };
        // A decoder's scores for each token that is learned.
        let scores = KEPT_SCORES * passes * rows * self.target_ranges as f64 * session.model.body.vocab() as f64;
        (weights + activations + scores) * size_of::<f32>() as f64 + self.kept_bytes
    }
}

/// Values that a layer keeps for its backward pass, of `rows` texts of `len` tokens.
fn kept_by_layer(sizes: Sizes, rows: f64, len: f64) -> f64 {
    let token = KEPT_HIDDEN * sizes.hidden as f64 + KEPT_INTERMEDIATE * sizes.intermediate_size as f64;
    rows * len * token + KEPT_PAIRS * rows * sizes.heads as f64 * len * len
}

/// Memory that a model takes in a run of 8 texts of 128 tokens a batch, in bytes: with an adapter or the head alone in
/// the last layer, and with everything in training.
pub fn least_and_full_bytes(sizes: Sizes, parameters: f64) -> (f64, f64) {
    let layer = kept_by_layer(sizes, 8.0, 128.0);
    let bytes =
        |copies: f64, layers: usize| (copies * parameters + layers.max(1) as f64 * layer) * size_of::<f32>() as f64;
    (bytes(1.0, 1), bytes(6.0, sizes.layers))
}

/// Tokens of all texts, padding counted as if the texts were sorted.
fn padded_tokens(session: &Session, labels: &EncodedExamples) -> f64 {
    labels.lengths().into_iter().map(|length| padded_len(length, session.recipe.max_length()) as f64).sum()
}
