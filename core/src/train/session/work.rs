//! Time estimate of a run: its work in an abstract unit, whose cost in seconds a dry run measures.

use crate::model::FrozenPrefix;
use crate::recipe::{AdapterKind, ParamGroup, UnfreezeTrigger};
use crate::text::{EncodedExamples, padded_len};
use crate::train::session::Session;

/// Work of an adapter's gradient, relative to that of a whole weight.
const ADAPTER_WORK: f64 = 0.1;
/// Work of the head for a token, in layers.
const HEAD_WORK: f64 = 0.02;

/// Cumulative work after each optimizer step, including evaluations. The unit is one layer's forward pass over one token.
#[derive(Clone, Debug)]
pub struct Work(Vec<f64>);

impl Work {
    /// Work of a whole run.
    pub fn new(session: &Session) -> Self {
        let steps_per_epoch = session.steps_per_epoch();
        let schedule = session.recipe.unfreeze_schedule();
        let train_tokens = padded_tokens(session, &session.data.train) / f64::from(steps_per_epoch);
        let validation_tokens = padded_tokens(session, &session.data.validation);
        let (mut done, mut stage_start, mut last_stage) = (0.0, 0, 0);
        let total = session.total_steps();
        let steps = (0..total).map(|step| {
            // Assume that the score stalls as early as it can, which makes more groups trainable.
            let stage = schedule.stage_at(step, steps_per_epoch).unwrap_or_else(|| match schedule.trigger() {
                UnfreezeTrigger::Stall(patience) => {
                    (session.evaluations_by(step) as usize / patience as usize).min(schedule.stages().len() - 1)
                }
                _ => 0,
            });
            if stage != last_stage {
                (stage_start, last_stage) = (step, stage);
            }
            let is_cached = step - stage_start >= steps_per_epoch;
            done += train_tokens * session.step_work(stage, is_cached);
            if session.evaluations_by(step + 1) > session.evaluations_by(step) || step + 1 == total {
                done += validation_tokens * session.forward_work(stage, is_cached);
            }
            done
        });
        Self(steps.collect())
    }

    /// Work of the whole run.
    pub fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// Work done after the first `steps` optimizer steps.
    pub fn done(&self, steps: u32) -> f64 {
        let index = (steps as usize).min(self.0.len());
        index.checked_sub(1).map_or(0.0, |index| self.0[index])
    }
}

impl Session {
    /// Work of the next training batch in a dry run, which has no cached outputs of frozen layers.
    pub fn next_work(&self) -> f64 {
        let tokens = self.next_batch().map_or(0, |shape| shape.rows * shape.len);
        tokens as f64 * self.step_work(self.state.stage, false)
    }

    /// Work for each token of a training batch. `is_cached` is true if the outputs of the frozen layers are cached.
    fn step_work(&self, stage: usize, is_cached: bool) -> f64 {
        let trainable = &self.recipe.unfreeze_schedule().stages()[stage];
        let weight_work = if self.recipe.spec().adapter == AdapterKind::None { 1.0 } else { ADAPTER_WORK };
        let lowest = trainable.first().copied().unwrap_or(ParamGroup::Head);
        let backward: f64 = (0..self.model.base.sizes().layers)
            .map(ParamGroup::Layer)
            .filter(|&layer| layer >= lowest)
            .map(|layer| 1.0 + if trainable.contains(&layer) { weight_work } else { 0.0 })
            .sum();
        let forward = self.forward_work(stage, is_cached);
        let recomputed = if self.recipe.spec().gradient_checkpointing { forward } else { 0.0 };
        self.passes() * (forward + recomputed + backward)
    }

    /// Work for each token of a batch without a backward pass.
    fn forward_work(&self, stage: usize, is_cached: bool) -> f64 {
        let layers = self.model.base.sizes().layers;
        let cached = if is_cached { self.prefix_layers(stage) } else { 0 };
        (layers - cached) as f64 + HEAD_WORK
    }

    /// Forward passes of a training batch: R-Drop runs two.
    pub(super) fn passes(&self) -> f64 {
        if self.recipe.spec().r_drop > 0.0 { 2.0 } else { 1.0 }
    }

    /// Number of frozen layers below everything that is trainable in a stage.
    pub(super) fn prefix_layers(&self, stage: usize) -> usize {
        let lowest = self.recipe.unfreeze_schedule().stages()[stage].first().copied().unwrap_or(ParamGroup::Head);
        match self.model.prefix_below(lowest) {
            FrozenPrefix::None => 0,
            FrozenPrefix::Layers(count) => count,
            FrozenPrefix::Sentence => self.model.base.sizes().layers,
        }
    }
}

/// Tokens of all rows, padded as if they were sorted by length.
fn padded_tokens(session: &Session, examples: &EncodedExamples) -> f64 {
    examples.lengths().into_iter().map(|length| padded_len(length, session.recipe.max_length()) as f64).sum()
}
