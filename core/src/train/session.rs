//! A run, as a state machine: each call of [`Session::advance`] does one batch and says what came of it. Between two
//! calls it can be stopped, paused (by not calling), read, and asked to predict.

use burn::tensor::{Device, Tensor, Transaction};

use super::{AdamW, AdamWConfig, EarlyStop, Gradients, Prediction, Record, RunState, StepInput, TrainingData};
use super::{clip_scale, gradients, predict};
use crate::metrics::{Evaluation, evaluate};
use crate::model::{Classifier, Dropout, MaskSource};
use crate::problem::Problem;
use crate::protocol::{Baseline, EndReason, RunPlan, StepMetrics};
use crate::recipe::{Recipe, lr_at};
use crate::text::{Batch, batches_by_length, padded_len, shuffled_batches};
use crate::weights::{Place, Weights};

/// Batches of one optimiser step after which the device is awaited: it has no other way to say that it falls behind.
const AWAIT_BATCHES: usize = 4;
/// Steps in a row that may be lost to numbers that are not finite.
const MAX_NOT_FINITE: u32 = 3;

/// What one batch brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A batch of an optimiser step that needs more of them.
    Accumulated,
    /// An optimiser step.
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
    recipe: Recipe,
    data: TrainingData,
    device: Device,
    masks: MaskSource,
    base: Classifier,
    model: Classifier,
    best: Option<(Classifier, Evaluation, Vec<Prediction>)>,
    optimizer: AdamW,
    state: RunState,
    phase: Phase,
    batches: Vec<Vec<u32>>,
    stop: bool,
}

enum Phase {
    Training(Accumulator),
    Evaluating { batches: Vec<Vec<u32>>, done: usize, predictions: Vec<Option<Prediction>>, then: Option<EndReason> },
    Finished(EndReason),
}

/// Batches of an optimiser step so far.
#[derive(Default)]
struct Accumulator {
    gradients: Gradients,
    losses: Vec<Tensor<1>>,
    tokens: usize,
}

impl Session {
    /// Begins a run of `model`, which has its new head already.
    pub fn new(recipe: Recipe, model: Classifier, data: TrainingData, device: &Device, masks: MaskSource) -> Self {
        let raw = recipe.raw();
        let early_stop = EarlyStop::new(raw.best_metric, raw.min_change, raw.patience);
        let optimizer = AdamW::new(AdamWConfig { weight_decay: raw.weight_decay, ..AdamWConfig::default() });
        let batches = shuffled_batches(&data.train.lengths(), recipe.batch_size(), recipe.seed(), 0);
        Self {
            recipe,
            data,
            device: device.clone(),
            masks,
            base: model.clone(),
            model,
            best: None,
            optimizer,
            state: RunState {
                step: 0,
                epoch: 0,
                batch: 0,
                batches_seen: 0,
                not_finite: 0,
                early_stop,
                history: Vec::new(),
            },
            phase: Phase::Training(Accumulator::default()),
            batches,
            stop: false,
        }
    }

    /// What the run will do.
    pub fn plan(&self) -> RunPlan {
        let total = self.total_steps();
        let raw = self.recipe.raw();
        let shown = total.min(200);
        let curve_step =
            |i: u32| if shown < 2 { 0 } else { (u64::from(i) * u64::from(total - 1) / u64::from(shown - 1)) as u32 };
        RunPlan {
            recipe: raw.clone(),
            labels: self.data.classes.clone(),
            train_rows: self.data.train.labels.len() as u32,
            validation_rows: self.data.validation.labels.len() as u32,
            total_steps: total,
            steps_per_epoch: self.steps_per_epoch(),
            max_len: self.recipe.max_len() as u32,
            trainable_parameters: self.model.parameters(|place| self.is_live(place)) as f64,
            lr_curve: (0..shown).map(curve_step).map(|step| (step + 1, self.lr(step))).collect(),
            baseline: self.baseline(),
        }
    }

    /// What always guessing the commonest class scores on the validation rows.
    pub fn baseline(&self) -> Baseline {
        let guess = self.data.majority();
        let actual = &self.data.validation.labels;
        let scores = evaluate(&self.data.classes, actual, &vec![guess; actual.len()]);
        let label = self.data.classes.get(guess as usize).cloned().unwrap_or_default();
        Baseline { label, accuracy: scores.accuracy, macro_f1: scores.macro_f1 }
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

    /// The model before the run.
    pub fn base(&self) -> &Classifier {
        &self.base
    }

    /// The model as it is now; the best one once the run is over.
    pub fn model(&self) -> &Classifier {
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
            Phase::Evaluating { batches, done, .. } => (batches.get(*done)?, &self.data.validation.texts, false),
            Phase::Finished(_) => return None,
        };
        let longest = rows.iter().map(|&row| texts.tokens(row as usize)).max()?;
        let len = padded_len(longest, self.recipe.max_len());
        Some(BatchShape { is_training, rows: self.recipe.batch_size(), len })
    }

    /// Optimiser steps in all.
    pub fn total_steps(&self) -> u32 {
        self.steps_per_epoch() * self.recipe.epochs() as u32
    }

    /// Gives the run up after the device has failed: the best weights are put in place, and their step is returned.
    pub fn abandon(&mut self) -> Option<u32> {
        self.phase = Phase::Finished(EndReason::Stopped);
        let (best, evaluation, _) = self.best.as_ref()?;
        self.model = best.clone();
        Some(evaluation.step)
    }

    /// Does the next batch.
    ///
    /// # Errors
    /// When the device fails. The best weights so far are not lost.
    pub async fn advance(&mut self) -> Result<Progress, Problem> {
        match std::mem::replace(&mut self.phase, Phase::Finished(EndReason::Stopped)) {
            Phase::Finished(reason) => {
                self.phase = Phase::Finished(reason);
                Ok(Progress::Finished(reason))
            }
            Phase::Training(_) if self.stop => Ok(self.end(EndReason::Stopped)),
            Phase::Training(accumulator) => self.train_batch(accumulator).await,
            Phase::Evaluating { batches, done, predictions, then } => {
                // Who stops the run in its first evaluation still wants to know what it has.
                if self.stop && self.best.is_some() {
                    return Ok(self.end(EndReason::Stopped));
                }
                self.evaluate_batch(batches, done, predictions, then).await
            }
        }
    }

    async fn train_batch(&mut self, mut accumulator: Accumulator) -> Result<Progress, Problem> {
        let group = self.batch_group();
        let rows_in_group: usize = group.clone().map(|batch| self.batches[batch].len()).sum();
        let rows = &self.batches[self.state.batch as usize];
        let texts: Vec<&[u32]> = rows.iter().map(|&row| self.data.train.texts.get(row as usize)).collect();
        let labels: Vec<u32> = rows.iter().map(|&row| self.data.train.labels[row as usize]).collect();
        let shape = [self.recipe.batch_size(), self.data.classes.len()];
        let batch = Batch::new(&texts, shape[0], self.recipe.max_len(), self.data.pad);
        let input = StepInput::new(batch.input(&self.device), &labels, shape, 1.0 / rows_in_group as f32, &self.device);
        let raw = self.recipe.raw();
        let mut dropout = Dropout::new(raw.dropout, self.masks, self.recipe.seed(), self.state.batches_seen);
        let (loss, gradients) = gradients(&self.model, input, |place| self.is_live(place), &mut dropout);
        accumulator.gradients.add(gradients);
        accumulator.losses.push(loss);
        accumulator.tokens += batch.tokens;
        self.state.batches_seen += 1;
        self.state.batch += 1;
        if (self.state.batch as usize) < group.end {
            if accumulator.losses.len().is_multiple_of(AWAIT_BATCHES) {
                read(accumulator.losses[accumulator.losses.len() - 1].clone()).await?;
            }
            self.phase = Phase::Training(accumulator);
            return Ok(Progress::Accumulated);
        }
        let metrics = self.optimizer_step(accumulator).await?;
        self.state.history.push(Record::Step(metrics.clone()));
        self.after_step();
        Ok(Progress::Step(metrics))
    }

    /// Batches of this epoch that make up the optimiser step under way.
    fn batch_group(&self) -> std::ops::Range<usize> {
        let size = self.recipe.grad_accum_steps();
        let start = self.state.batch as usize / size * size;
        start..(start + size).min(self.batches.len())
    }

    async fn optimizer_step(&mut self, accumulator: Accumulator) -> Result<StepMetrics, Problem> {
        let Accumulator { gradients, losses, tokens } = accumulator;
        let loss = losses.into_iter().reduce(|sum, loss| sum + loss);
        let norms = gradients.square_norms();
        let Some(loss) = loss.filter(|_| !norms.is_empty()) else {
            return Err(Problem::new("run.nothing-learns", "No part of the model is set to learn."));
        };
        let (loss, squares) = read_step(loss, norms).await?;
        let grad_norm = squares.sqrt();
        let lr = self.lr(self.state.step);
        // NaN cannot be found on the GPU: it is decided here, and a step that is not finite is not taken.
        let taken = loss.is_finite() && grad_norm.is_finite();
        if taken {
            let scale = clip_scale(grad_norm, self.recipe.raw().clip_norm);
            self.optimizer.step(&mut self.model, gradients, lr, scale);
        }
        self.state.not_finite = if taken { 0 } else { self.state.not_finite + 1 };
        self.state.step += 1;
        let epoch = f64::from(self.state.epoch) + f64::from(self.state.batch) / self.batches.len() as f64;
        Ok(StepMetrics { step: self.state.step, epoch, loss, grad_norm, lr, tokens: tokens as u32, taken })
    }

    /// Chooses what comes after an optimiser step.
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
        let step = self.state.step;
        let done = step >= self.total_steps();
        let (per_epoch, steps) = (u64::from(self.recipe.raw().evals_per_epoch), u64::from(self.steps_per_epoch()));
        let evaluations = |step: u32| u64::from(step) * per_epoch / steps;
        self.phase = if done || evaluations(step) > evaluations(step - 1) {
            self.evaluation(done.then_some(EndReason::Completed))
        } else {
            Phase::Training(Accumulator::default())
        };
    }

    fn evaluation(&self, then: Option<EndReason>) -> Phase {
        let batches = batches_by_length(&self.data.validation.lengths(), self.recipe.batch_size());
        let predictions = vec![None; self.data.validation.labels.len()];
        Phase::Evaluating { batches, done: 0, predictions, then }
    }

    async fn evaluate_batch(
        &mut self,
        batches: Vec<Vec<u32>>,
        done: usize,
        mut predictions: Vec<Option<Prediction>>,
        then: Option<EndReason>,
    ) -> Result<Progress, Problem> {
        let texts: Vec<&[u32]> =
            batches[done].iter().map(|&row| self.data.validation.texts.get(row as usize)).collect();
        let shape = [self.recipe.batch_size(), self.recipe.max_len()];
        let said = predict(&self.model, &texts, shape, self.data.pad, &self.device).await?;
        for (&row, prediction) in batches[done].iter().zip(said) {
            predictions[row as usize] = Some(prediction);
        }
        let (done, total) = (done + 1, batches.len());
        if done < total {
            self.phase = Phase::Evaluating { batches, done, predictions, then };
            return Ok(Progress::Evaluating { done: done as u32, total: total as u32 });
        }
        Ok(self.finish_evaluation(predictions.into_iter().flatten().collect(), then))
    }

    fn finish_evaluation(&mut self, predictions: Vec<Prediction>, then: Option<EndReason>) -> Progress {
        let actual = &self.data.validation.labels;
        let classes: Vec<u32> = predictions.iter().map(Prediction::class).collect();
        let epoch = f64::from(self.state.epoch) + f64::from(self.state.batch) / self.batches.len() as f64;
        // Weights that give no finite probabilities are never the best: their loss says so.
        let loss = match predictions.iter().all(Prediction::is_finite) {
            true => mean_loss(&predictions, actual),
            false => f64::NAN,
        };
        let evaluation =
            Evaluation { step: self.state.step, epoch, loss, ..evaluate(&self.data.classes, actual, &classes) };
        let is_best = self.state.early_stop.observe(&evaluation);
        self.state.history.push(Record::Evaluation(evaluation.clone()));
        if is_best || self.best.is_none() {
            self.best = Some((self.model.clone(), evaluation.clone(), predictions));
        }
        let over = self.state.early_stop.is_over().then_some(EndReason::EarlyStopped);
        match then.or(over) {
            Some(reason) => {
                self.end(reason);
            }
            None => self.phase = Phase::Training(Accumulator::default()),
        }
        Progress::Evaluated { evaluation, is_best }
    }

    /// Ends the run with the best weights in place. A run that was never evaluated is first: its end is known then.
    fn end(&mut self, reason: EndReason) -> Progress {
        match &self.best {
            Some((best, _, _)) => {
                self.model = best.clone();
                self.phase = Phase::Finished(reason);
                Progress::Finished(reason)
            }
            None => {
                self.phase = self.evaluation(Some(reason));
                let total = self.data.validation.labels.len().div_ceil(self.recipe.batch_size());
                Progress::Evaluating { done: 0, total: total as u32 }
            }
        }
    }

    fn is_live(&self, place: Place) -> bool {
        match place {
            Place::Embeddings => self.recipe.raw().train_embeddings,
            Place::Pooler => self.model.pooling == crate::recipe::Pooling::Cls,
            Place::Layer(_) | Place::Head => true,
        }
    }

    fn steps_per_epoch(&self) -> u32 {
        self.batches.len().div_ceil(self.recipe.grad_accum_steps()).max(1) as u32
    }

    fn lr(&self, step: u32) -> f64 {
        lr_at(step, self.total_steps(), self.recipe.raw().warmup_share, self.recipe.lr_peak())
    }
}

/// Mean of −log of the probability that each row's own class was given.
fn mean_loss(predictions: &[Prediction], actual: &[u32]) -> f64 {
    let loss = |(said, &class): (&Prediction, &u32)| {
        -f64::from(said.probabilities[class as usize].max(f32::MIN_POSITIVE)).ln()
    };
    predictions.iter().zip(actual).map(loss).sum::<f64>() / actual.len().max(1) as f64
}

/// A tensor's values, once the device has them.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, Problem> {
    let data = tensor.into_data_async().await.map_err(device_failed)?;
    data.try_into_vec_as::<f32>().map_err(device_failed)
}

/// A loss, and the sum of other values, all `[1]`, in one read: `(loss, sum)`.
///
/// # Errors
/// When the device fails.
pub async fn read_step(loss: Tensor<1>, others: Vec<Tensor<1>>) -> Result<(f64, f64), Problem> {
    let transaction = Transaction::default().register(loss);
    let transaction = others.into_iter().fold(transaction, |transaction, other| transaction.register(other));
    let mut values = Vec::new();
    for data in transaction.execute_async().await.map_err(device_failed)? {
        values.extend(data.try_into_vec_as::<f32>().map_err(device_failed)?);
    }
    let loss = values.first().map_or(f64::NAN, |&loss| f64::from(loss));
    Ok((loss, values.iter().skip(1).map(|&value| f64::from(value)).sum()))
}

fn device_failed(error: impl std::fmt::Display) -> Problem {
    Problem::new("device.read", format!("The device failed: {error}."))
        .remedy("Start again; if it happens again, choose the CPU under \"Compute on\".")
}
