//! A run, as a state machine: each call of [`Session::advance`] does one batch and says what came of it. Between two
//! calls it can be stopped, paused (by not calling), read, and asked to predict.

pub(crate) mod estimate;
mod plan;
mod trainable;

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Device, Tensor};

use crate::device_to_host::{device_to_host, step_to_host};
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::model::{Dropout, DropoutRates, LoraConfig, MaskSource, TaskModel};
use crate::recipe::{ParamGroup, Recipe, Schedule};
use crate::run::{EndReason, Forgetting, StepMetrics};
use crate::text::{batches_by_length, padded_len, shuffled_batches};
use crate::train::early_stop::score_to_maximize;
use crate::train::eval::evaluate::evaluation;
use crate::train::eval::forgetting::ForgettingProbe;
use crate::train::eval::sample_generation::SampleGeneration;
use crate::train::{
    AdamW, AdamWConfig, EarlyStop, Gradients, HistoryEntry, Objective, Plateau, Prediction, PrefixCache, RunState,
};
use crate::train::{SoftTargets, StepInput, TrainingData, checkpointed_gradients, clip_scale, gradients, predict};
use crate::weights::Weights;

/// Batches of one optimizer step after which the device is awaited: it has no other way to say that it falls behind.
const AWAIT_BATCHES: usize = 4;
/// Steps in a row that may be lost to numbers that are not finite.
const MAX_NOT_FINITE: u32 = 3;

/// What one batch brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A batch of an optimizer step that needs more of them.
    Accumulated,
    /// An optimizer step.
    Step(StepMetrics),
    /// A batch of an evaluation.
    Evaluating {
        /// Batches done.
        done: u32,
        /// Batches in all.
        total: u32,
    },
    /// A whole evaluation.
    Evaluated {
        /// Its figures.
        evaluation: Evaluation,
        /// Whether it is the best so far.
        is_best: bool,
    },
    /// A batch of general sentences, by which it is measured how far the encoder has moved.
    Measuring {
        /// Batches done.
        done: u32,
        /// Batches in all.
        total: u32,
    },
    /// The end; the best weights are in place.
    Finished(EndReason),
}

/// What a batch's computation goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchShape {
    /// Whether it is learned from.
    pub is_training: bool,
    /// Rows, with those that only fill up.
    pub rows: usize,
    /// Tokens a row, padding counted.
    pub len: usize,
}

/// A run.
pub struct Session {
    pub(super) recipe: Recipe,
    pub(super) data: TrainingData,
    pub(super) device: Device,
    masks: MaskSource,
    base: TaskModel,
    pub(super) model: TaskModel,
    /// The weights at the beginning, where they pull on those that learn.
    start: Option<TaskModel>,
    best: Option<(TaskModel, Evaluation, Vec<Prediction>)>,
    optimizer: AdamW,
    targets: SoftTargets,
    pub(super) state: RunState,
    phase: Phase,
    pub(super) batches: Vec<Vec<u32>>,
    train_prefix: PrefixCache,
    validation_prefix: PrefixCache,
    /// Parameters of the whole model.
    pub(super) all_parameters: usize,
    /// Parameters of each part that learn when it is live.
    pub(super) parameters: BTreeMap<ParamGroup, usize>,
    /// The parts that learn now.
    pub(super) trainable: BTreeSet<ParamGroup>,
    trainable_changed: bool,
    forgetting: Option<Forgetting>,
    /// In a range test: the rate of the next step. There are no evaluations then.
    pub(super) test_rate: Option<f64>,
    stop: bool,
}

enum Phase {
    Training(Accumulator),
    Evaluating(Evaluating),
    Measuring(ForgettingProbe, EndReason),
    Finished(EndReason),
}

/// An evaluation under way.
struct Evaluating {
    batches: Vec<Vec<u32>>,
    done: usize,
    predictions: Vec<Option<Prediction>>,
    samples: SampleGeneration,
    /// Why the run ends with it, if it does.
    then: Option<EndReason>,
}

impl Evaluating {
    /// Batches and rows to write that are done, and all of them.
    fn progress(&self) -> Progress {
        let (written, rows) = self.samples.progress();
        Progress::Evaluating { done: (self.done + written) as u32, total: (self.batches.len() + rows) as u32 }
    }
}

/// Batches of an optimizer step so far.
#[derive(Default)]
struct Accumulator {
    gradients: Gradients,
    losses: Vec<Tensor<1>>,
    tokens: usize,
}

impl Session {
    /// Begins a run of `model`, which has its new head already; adapters and layers made anew are put in here.
    pub fn new(recipe: Recipe, model: TaskModel, data: TrainingData, device: &Device, masks: MaskSource) -> Self {
        let raw = recipe.spec();
        let base = model.clone();
        let mut model = model;
        model.body.reinit_top(raw.reinit_layers as usize, recipe.seed());
        if let Some(config) = LoraConfig::of(raw) {
            model.adapt(&config, recipe.seed());
        }
        let state = RunState {
            step: 0,
            epoch: 0,
            batch: 0,
            batches_seen: 0,
            not_finite: 0,
            early_stop: EarlyStop::new(
                recipe.metric_for_best_model(),
                raw.early_stopping_min_delta,
                raw.early_stopping_patience,
            ),
            plateau: (raw.schedule == Schedule::Plateau).then(|| {
                Plateau::new(raw.plateau_factor, raw.plateau_patience, raw.early_stopping_min_delta, raw.lr_final_ratio)
            }),
            stage: 0,
            stalled: 0,
            by_hand: BTreeMap::new(),
            history: Vec::new(),
        };
        let mut session = Self {
            start: (raw.l2_sp > 0.0).then(|| model.clone()),
            best: None,
            optimizer: AdamW::new(AdamWConfig::of(raw)),
            targets: SoftTargets::of(raw, &data.labels, &data.train),
            batches: shuffled_batches(&data.train.lengths(), recipe.batch_size(), recipe.seed(), 0),
            phase: Phase::Training(Accumulator::default()),
            train_prefix: PrefixCache::default(),
            validation_prefix: PrefixCache::default(),
            all_parameters: model.parameters(),
            parameters: model.trainable_parameters(),
            trainable: BTreeSet::new(),
            trainable_changed: false,
            forgetting: None,
            test_rate: None,
            stop: false,
            device: device.clone(),
            recipe,
            data,
            masks,
            base,
            model,
            state,
        };
        session.trainable = session.trainable_groups(&session.state.by_hand);
        session
    }

    /// How far the encoder has moved, once the run is over.
    pub fn forgetting(&self) -> Option<Forgetting> {
        self.forgetting
    }

    /// Bytes of the optimizer's state.
    pub fn optimizer_bytes(&self) -> usize {
        self.optimizer.bytes()
    }

    /// Bytes of what frozen layers have computed and is kept.
    pub fn prefix_bytes(&self) -> usize {
        self.train_prefix.bytes() + self.validation_prefix.bytes()
    }

    /// The same session for a trial of a few steps: it is never evaluated, and its rate is that of the peak.
    pub fn for_trial(mut self) -> Self {
        self.test_rate = Some(self.recipe.learning_rate());
        self
    }

    /// What the run is told: end after this batch and keep the best weights.
    pub fn stop(&mut self) {
        self.stop = true;
    }

    /// Where the run is.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The recipe with nothing left open.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The rows and their classes.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// What is computed on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The model before the run.
    pub fn base(&self) -> &TaskModel {
        &self.base
    }

    /// The model as it is now; the best one once the run is over.
    pub fn model(&self) -> &TaskModel {
        &self.model
    }

    /// The best evaluation so far, with what the model said of each validation row.
    pub fn best(&self) -> Option<(&Evaluation, &[Prediction])> {
        self.best.as_ref().map(|(_, evaluation, predictions)| (evaluation, predictions.as_slice()))
    }

    /// The shape of the next batch: how long it takes goes by it, and a GPU compiles for each new one.
    pub fn next_batch(&self) -> Option<BatchShape> {
        let (rows, texts, is_training) = match &self.phase {
            Phase::Training(_) => (self.batches.get(self.state.batch as usize)?, &self.data.train.texts, true),
            Phase::Evaluating(under_way) => {
                (under_way.batches.get(under_way.done)?, &self.data.validation.texts, false)
            }
            Phase::Measuring(..) | Phase::Finished(_) => return None,
        };
        let longest = rows.iter().map(|&row| texts.tokens(row as usize)).max()?;
        let len = padded_len(longest, self.recipe.max_length());
        Some(BatchShape { is_training, rows: self.recipe.batch_size(), len })
    }

    /// Gives the run up after the device has failed: the best weights are put in place, and their step is returned.
    pub fn abort(&mut self) -> Option<u32> {
        self.finish(EndReason::Stopped);
        let (best, evaluation, _) = self.best.as_ref()?;
        self.model = best.clone();
        Some(evaluation.step)
    }

    /// Does the next batch.
    ///
    /// # Errors
    /// When the device fails. The best weights so far are not lost.
    pub async fn advance(&mut self) -> Result<Progress, Diagnostic> {
        match std::mem::replace(&mut self.phase, Phase::Finished(EndReason::Stopped)) {
            Phase::Finished(reason) => {
                self.phase = Phase::Finished(reason);
                Ok(Progress::Finished(reason))
            }
            Phase::Training(_) if self.stop => Ok(self.end(EndReason::Stopped)),
            Phase::Training(accumulator) => self.train_batch(accumulator).await,
            Phase::Evaluating(under_way) => {
                // Who stops the run in its first evaluation still wants to know what it has.
                if self.stop && self.best.is_some() {
                    return Ok(self.end(EndReason::Stopped));
                }
                self.evaluate_batch(under_way).await
            }
            Phase::Measuring(_, reason) if self.stop => Ok(self.finish(reason)),
            Phase::Measuring(measurement, reason) => self.measure_batch(measurement, reason).await,
        }
    }

    async fn train_batch(&mut self, mut accumulator: Accumulator) -> Result<Progress, Diagnostic> {
        if self.trainable.is_empty() {
            return Err(nothing_learns());
        }
        let group = self.batch_group();
        let group_rows = self.batches[group.clone()].concat();
        let rows = &self.batches[self.state.batch as usize];
        let shape = [self.recipe.batch_size(), self.recipe.max_length()];
        let frozen_prefix = self.frozen_prefix();
        let TrainingData { train, pad, .. } = &self.data;
        let (input, tokens) =
            self.train_prefix.input(frozen_prefix, &self.model, &train.texts, rows, shape, *pad, &self.device).await?;
        let input = StepInput::new(input, &self.targets, train, rows, &group_rows);
        let raw = self.recipe.spec();
        let shares = DropoutRates::of(raw);
        let mut dropout = Dropout::new(shares, self.masks, self.recipe.seed(), self.state.batches_seen);
        let trainable = |group| self.trainable.contains(&group);
        let (loss, gradients) = if raw.gradient_checkpointing {
            checkpointed_gradients(&self.model, input, Objective::of(raw), trainable, &mut dropout)
        } else {
            gradients(&self.model, input, Objective::of(raw), trainable, &mut dropout)
        };
        accumulator.gradients.add(gradients);
        accumulator.losses.push(loss);
        accumulator.tokens += tokens;
        self.state.batches_seen += 1;
        self.state.batch += 1;
        if (self.state.batch as usize) < group.end {
            if accumulator.losses.len().is_multiple_of(AWAIT_BATCHES) {
                device_to_host(accumulator.losses[accumulator.losses.len() - 1].clone()).await?;
            }
            self.phase = Phase::Training(accumulator);
            return Ok(Progress::Accumulated);
        }
        let metrics = self.optimizer_step(accumulator).await?;
        self.state.history.push(HistoryEntry::Step(metrics.clone()));
        self.after_step();
        Ok(Progress::Step(metrics))
    }

    /// Batches of this epoch that make up the optimizer step under way.
    fn batch_group(&self) -> std::ops::Range<usize> {
        let size = self.recipe.gradient_accumulation_steps();
        let start = self.state.batch as usize / size * size;
        start..(start + size).min(self.batches.len())
    }

    async fn optimizer_step(&mut self, accumulator: Accumulator) -> Result<StepMetrics, Diagnostic> {
        let Accumulator { mut gradients, losses, tokens } = accumulator;
        if let Some(start) = &self.start {
            gradients
                .pull_toward(start, &self.model, self.recipe.spec().l2_sp, |group| self.recipe.is_pretrained(group));
        }
        let loss = losses.into_iter().reduce(|sum, loss| sum + loss).ok_or_else(nothing_learns)?;
        let norms = gradients.square_norms();
        let (loss, squares) = step_to_host(loss, norms).await?;
        let grad_norm = squares.sqrt();
        let lr = self.lr(self.state.step);
        // NaN cannot be found on the GPU: it is decided here, and a step that is not finite is not taken.
        let taken = loss.is_finite() && grad_norm.is_finite();
        if taken {
            let scale = clip_scale(grad_norm, self.recipe.spec().max_grad_norm);
            let rate = |group| lr * self.recipe.rate_factor(group);
            self.optimizer.step(&mut self.model, gradients, rate, scale);
        }
        self.state.not_finite = if taken { 0 } else { self.state.not_finite + 1 };
        self.state.step += 1;
        let epoch = f64::from(self.state.epoch) + f64::from(self.state.batch) / self.batches.len() as f64;
        Ok(StepMetrics { step: self.state.step, epoch, loss, grad_norm, lr, tokens: tokens as u32, taken })
    }

    /// Chooses what comes after an optimizer step.
    fn after_step(&mut self) {
        if self.state.not_finite >= MAX_NOT_FINITE {
            self.end(EndReason::NotFinite);
            return;
        }
        if self.state.batch as usize == self.batches.len() {
            self.state.epoch += 1;
            self.state.batch = 0;
            let epoch = u64::from(self.state.epoch);
            self.batches =
                shuffled_batches(&self.data.train.lengths(), self.recipe.batch_size(), self.recipe.seed(), epoch);
        }
        if let Some(stage) = self.recipe.unfreeze_schedule().stage_at(self.state.step, self.steps_per_epoch()) {
            self.enter_stage(stage);
        }
        let step = self.state.step;
        let done = step >= self.total_steps();
        let evaluations = |step: u32| (f64::from(step) / self.eval_interval()).floor();
        self.phase = if self.test_rate.is_none() && (done || evaluations(step) > evaluations(step - 1)) {
            Phase::Evaluating(self.evaluation(done.then_some(EndReason::Completed)))
        } else {
            Phase::Training(Accumulator::default())
        };
    }

    fn evaluation(&self, then: Option<EndReason>) -> Evaluating {
        Evaluating {
            batches: batches_by_length(&self.data.validation.lengths(), self.recipe.batch_size()),
            done: 0,
            predictions: vec![None; self.data.validation.len()],
            samples: SampleGeneration::new(self.recipe.spec(), &self.data),
            then,
        }
    }

    async fn evaluate_batch(&mut self, mut under_way: Evaluating) -> Result<Progress, Diagnostic> {
        if let Some(rows) = under_way.batches.get(under_way.done) {
            let shape = [self.recipe.batch_size(), self.recipe.max_length()];
            let frozen_prefix = self.frozen_prefix();
            let TrainingData { validation, pad, .. } = &self.data;
            let (input, _) = self
                .validation_prefix
                .input(frozen_prefix, &self.model, &validation.texts, rows, shape, *pad, &self.device)
                .await?;
            let said = predict(&self.model, input, validation, rows).await?;
            for (&row, prediction) in rows.iter().zip(said) {
                under_way.predictions[row as usize] = Some(prediction);
            }
            under_way.done += 1;
        } else {
            under_way.samples.advance(&self.model, &self.data).await?;
        }
        if under_way.done < under_way.batches.len() || !under_way.samples.is_over() {
            let progress = under_way.progress();
            self.phase = Phase::Evaluating(under_way);
            return Ok(progress);
        }
        Ok(self.finish_evaluation(under_way))
    }

    fn finish_evaluation(&mut self, Evaluating { predictions, samples, then, .. }: Evaluating) -> Progress {
        let predictions: Vec<Prediction> = predictions.into_iter().flatten().collect();
        let epoch = f64::from(self.state.epoch) + f64::from(self.state.batch) / self.batches.len() as f64;
        let found = evaluation(&self.data, &self.data.validation, &predictions, samples.finish());
        let evaluation = Evaluation { step: self.state.step, epoch, ..found };
        let is_best = self.state.early_stop.observe(&evaluation);
        self.state.history.push(HistoryEntry::Evaluation(evaluation.clone()));
        if is_best || self.best.is_none() {
            self.best = Some((self.model.clone(), evaluation.clone(), predictions));
        }
        if let Some(plateau) = &mut self.state.plateau {
            plateau.observe(score_to_maximize(&evaluation, self.recipe.metric_for_best_model()));
        }
        self.after_evaluation(is_best);
        let over = self.state.early_stop.is_over().then_some(EndReason::EarlyStopped);
        match then.or(over) {
            Some(reason) => {
                self.end(reason);
            }
            None => self.phase = Phase::Training(Accumulator::default()),
        }
        Progress::Evaluated { evaluation, is_best }
    }

    /// Ends the run with the best weights in place. One that was never evaluated is evaluated first, and ends then.
    fn end(&mut self, reason: EndReason) -> Progress {
        let Some((best, _, _)) = &self.best else {
            let evaluation = self.evaluation(Some(reason));
            let progress = evaluation.progress();
            self.phase = Phase::Evaluating(evaluation);
            return progress;
        };
        self.model = best.clone();
        // Who stops the training still wants to know what it did to the model; a second stop skips that too.
        self.stop = false;
        let measurement = ForgettingProbe::new(&self.data.general, self.recipe.batch_size());
        let (done, total) = measurement.progress();
        if total == 0 || reason == EndReason::NotFinite {
            return self.finish(reason);
        }
        self.phase = Phase::Measuring(measurement, reason);
        Progress::Measuring { done, total }
    }

    /// What only training needs is given back.
    fn finish(&mut self, reason: EndReason) -> Progress {
        self.optimizer = AdamW::new(AdamWConfig::of(self.recipe.spec()));
        (self.train_prefix, self.validation_prefix) = (PrefixCache::default(), PrefixCache::default());
        self.start = None;
        self.phase = Phase::Finished(reason);
        Progress::Finished(reason)
    }

    async fn measure_batch(
        &mut self,
        mut measurement: ForgettingProbe,
        reason: EndReason,
    ) -> Result<Progress, Diagnostic> {
        let (general, pad) = (&self.data.general, self.data.pad);
        measurement.advance([&self.base, &self.model], general, pad, &self.device).await?;
        let (done, total) = measurement.progress();
        if done < total {
            self.phase = Phase::Measuring(measurement, reason);
            return Ok(Progress::Measuring { done, total });
        }
        self.forgetting = Some(measurement.finish());
        Ok(self.finish(reason))
    }
}

fn nothing_learns() -> Diagnostic {
    Diagnostic::new("run.nothing-learns", "No part of the model is set to learn.")
        .remedy("Change what is thawed in which order.")
}
