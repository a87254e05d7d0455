//! The training step: forward and backward pass of each batch, then the update.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::device_to_host::{StepScalars, device_to_host, step_to_host};
use crate::diagnostic::Diagnostic;
use crate::model::{Dropout, DropoutRates};
use crate::run::{EndReason, StepMetrics};
use crate::train::checkpointing::checkpointed_gradients;
use crate::train::gradients::Gradients;
use crate::train::objective::Objective;
use crate::train::session::progress::Progress;
use crate::train::session::{Phase, Session};
use crate::train::state::HistoryEntry;
use crate::train::step::{clip_scale, gradients};
use crate::train::targets::StepInput;

/// Batches of one optimizer step after which the host waits for the device, which cannot signal that it falls behind.
const AWAIT_BATCHES: usize = 4;
/// Consecutive non-finite steps after which the run ends.
const MAX_NOT_FINITE: u32 = 3;

/// Batches of an optimizer step so far (gradient accumulation).
#[derive(Default)]
pub(super) struct StepAccumulator {
    gradients: Gradients,
    /// Loss of each batch, `[1]`.
    losses: Vec<Tensor<1>>,
    /// Tokens, without padding.
    tokens: usize,
}

impl StepAccumulator {
    /// Returns true before the first batch of the step.
    pub(super) fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// Drops the gradient of a weight, so that it is not updated.
    pub(super) fn drop_gradient(&mut self, name: &str) {
        self.gradients.take(name);
    }
}

impl Session {
    /// Runs a training batch, and the optimizer step if it is the step's last batch.
    pub(super) async fn train_batch(&mut self, mut accumulator: StepAccumulator) -> Result<Progress, Diagnostic> {
        let step_batches = self.step_batches();
        let (batch, tokens) = self.train_input(step_batches.clone()).await?;
        let (loss, gradients) = self.forward_backward(batch);
        accumulator.gradients.add(gradients);
        accumulator.losses.push(loss.clone());
        accumulator.tokens += tokens;
        self.state.batches_seen += 1;
        self.state.batch += 1;
        if (self.state.batch as usize) < step_batches.end {
            if accumulator.losses.len().is_multiple_of(AWAIT_BATCHES) {
                device_to_host(loss).await?;
            }
            self.phase = Phase::Training(accumulator);
            return Ok(Progress::Accumulated);
        }
        let metrics = self.optimizer_step(accumulator).await?;
        self.state.history.push(HistoryEntry::Step(metrics.clone()));
        self.after_step();
        Ok(Progress::Step(metrics))
    }

    /// Indices of the batches that make up the current optimizer step.
    pub(super) fn step_batches(&self) -> Range<usize> {
        let size = self.recipe.gradient_accumulation_steps();
        let start = self.state.batch as usize / size * size;
        start..(start + size).min(self.batches.len())
    }

    /// The next training batch with its targets, and its number of tokens without padding.
    async fn train_input(&mut self, step_batches: Range<usize>) -> Result<(StepInput, usize), Diagnostic> {
        if self.trainable.is_empty() {
            return Err(nothing_trainable());
        }
        let (frozen_prefix, train) = (self.frozen_prefix(), &self.data.train);
        let step_rows = self.batches[step_batches].concat();
        let rows = &self.batches[self.state.batch as usize];
        let size = train.batch_texts(self.recipe.batch_size());
        let batch = train.batch(rows, size, self.recipe.max_length(), self.data.pad);
        let input =
            self.train_prefix.input(frozen_prefix, &self.model, &train.texts, rows, &batch, &self.device).await?;
        Ok((StepInput::new(input, &self.soft_targets, train, rows, &step_rows), batch.tokens))
    }

    /// Loss `[1]` and gradients of a batch.
    fn forward_backward(&self, batch: StepInput) -> (Tensor<1>, Gradients) {
        let spec = self.recipe.spec();
        let mut dropout = Dropout::new(DropoutRates::of(spec), self.recipe.seed(), self.state.batches_seen);
        let trainable = |group| self.trainable.contains(&group);
        if spec.gradient_checkpointing {
            checkpointed_gradients(&self.model, batch, Objective::from_recipe(spec), trainable, &mut dropout)
        } else {
            gradients(&self.model, batch, Objective::from_recipe(spec), trainable, &mut dropout)
        }
    }

    /// Clips the gradients and updates the weights.
    async fn optimizer_step(&mut self, accumulator: StepAccumulator) -> Result<StepMetrics, Diagnostic> {
        let StepAccumulator { mut gradients, losses, tokens } = accumulator;
        let spec = self.recipe.spec();
        if let Some(start) = &self.start {
            gradients.add_l2_sp(start, &self.model, spec.l2_sp, |group| self.recipe.is_pretrained(group));
        }
        let loss = losses.into_iter().reduce(|sum, loss| sum + loss).ok_or_else(nothing_trainable)?;
        let StepScalars { loss, squared_norm } = step_to_host(gradients.step_scalars(loss)).await?;
        let grad_norm = squared_norm.sqrt();
        let lr = self.lr(self.state.step);
        // WebGPU shaders may assume that no value is NaN, so the check is made on the host.
        let taken = loss.is_finite() && grad_norm.is_finite();
        if taken {
            let scale = clip_scale(grad_norm, spec.max_grad_norm);
            let lr_of = |group| lr * self.recipe.rate_factor(group);
            self.optimizer.step(&mut self.model, gradients, lr_of, scale);
        }
        self.state.not_finite = if taken { 0 } else { self.state.not_finite.saturating_add(1) };
        self.state.step += 1;
        Ok(StepMetrics {
            step: self.state.step,
            epoch: self.fractional_epoch(),
            loss,
            grad_norm,
            lr,
            tokens: tokens as u32,
            taken,
        })
    }

    /// Advances the epoch, the unfreezing stage and the phase after an optimizer step.
    fn after_step(&mut self) {
        if self.state.not_finite >= MAX_NOT_FINITE {
            self.end(EndReason::NotFinite);
            return;
        }
        if self.state.batch as usize == self.batches.len() {
            self.state.epoch += 1;
            self.state.batch = 0;
            self.batches = self.batches_of(self.state.epoch);
        }
        if let Some(stage) = self.recipe.unfreeze_schedule().stage_at(self.state.step, self.steps_per_epoch()) {
            self.enter_stage(stage);
        }
        let step = self.state.step;
        let is_done = step >= self.total_steps();
        let is_due = is_done || self.evaluations_by(step) > self.evaluations_by(step - 1);
        self.phase = if self.dry_run_lr.is_none() && is_due {
            Phase::Evaluating(self.evaluation_pass(), is_done.then_some(EndReason::Completed))
        } else {
            Phase::Training(StepAccumulator::default())
        };
    }
}

fn nothing_trainable() -> Diagnostic {
    Diagnostic::new("run.nothing-learns", "No parameter group is trainable.").remedy("Change the order of unfreezing.")
}
