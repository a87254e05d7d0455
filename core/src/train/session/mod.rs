//! A training run as a state machine. Each call of [`Session::advance`] runs one batch and reports its result. Between two
//! calls the run can be stopped, paused (by not calling), read, and asked to predict.

pub(in crate::train) mod checkpoint;
pub(in crate::train) mod first_step;
mod further;
pub(in crate::train) mod held_out;
pub(in crate::train) mod memory;
mod plan;
mod prediction_pass;
mod prefix_refill;
pub(in crate::train) mod progress;
mod schedule;
mod testing;
pub(in crate::train) mod trace;
mod train_step;
mod trainable;
mod validating;
pub(in crate::train) mod work;

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Device;

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::model::{LoraConfig, TaskModel};
use crate::recipe::{ParamGroup, Recipe, Schedule};
use crate::run::{Baseline, EarlyStop, EndReason, Forgetting};
use crate::text::{Labels, padded_len};
use crate::train::adamw::{AdamW, AdamWConfig};
use crate::train::data::TrainingData;
use crate::train::deciding_metric::replacement;
use crate::train::eval::forgetting::ForgettingProbe;
use crate::train::eval::predict::Prediction;
use crate::train::eval::searched_rows::SearchedRow;
use crate::train::plateau::Plateau;
use crate::train::prefix_cache::PrefixCache;
use crate::train::session::further::LiveTensors;
use crate::train::session::prediction_pass::PredictionPass;
use crate::train::session::prefix_refill::PrefixRefill;
use crate::train::session::progress::{BatchShape, Progress};
use crate::train::session::trace::Trace;
use crate::train::session::train_step::StepAccumulator;
use crate::train::soft_targets::SoftTargets;
use crate::train::state::{BatchPosition, HistoryEntry, RunState};
use crate::weights::Weights;

/// A training run.
pub struct Session {
    recipe: Recipe,
    data: TrainingData,
    device: Device,
    /// The model before the run.
    base: TaskModel,
    model: TaskModel,
    /// The weights at the start of the run, for L2-SP.
    start: Option<TaskModel>,
    best: Option<BestCheckpoint>,
    /// Once the run has ended: the tensors that it can be continued from.
    live: Option<LiveTensors>,
    optimizer: AdamW,
    soft_targets: SoftTargets,
    state: RunState,
    phase: Phase,
    /// Rows of each batch of this epoch.
    batches: Vec<Vec<u32>>,
    train_prefix: PrefixCache,
    validation_prefix: PrefixCache,
    /// Cached outputs that are computed again after the run was restored.
    prefix_refill: Option<PrefixRefill>,
    /// Memory of the weights that the run starts with, in bytes.
    weight_bytes: f64,
    /// Parameters of each group that are trained while the group is trainable.
    parameters: BTreeMap<ParamGroup, usize>,
    /// Groups that are trainable now.
    trainable: BTreeSet<ParamGroup>,
    trainable_changed: bool,
    /// Scores on the test rows, once the run has ended.
    test: Option<Evaluation>,
    forgetting: Option<Forgetting>,
    /// Records from which the maps of the run are drawn.
    trace: Trace,
    /// Says that another metric than the chosen one decides.
    metric_warning: Option<Diagnostic>,
    /// Learning rate of the next step in a dry run or range test, which is never evaluated.
    dry_run_lr: Option<f64>,
    stop_requested: bool,
}

/// The best weights so far, with their scores.
struct BestCheckpoint {
    model: TaskModel,
    evaluation: Evaluation,
    predictions: Vec<Prediction>,
    /// Findings of a search by the vectors of embeddings, which are not kept themselves.
    searched: Vec<SearchedRow>,
}

enum Phase {
    Training(StepAccumulator),
    /// With a reason, the run ends after the evaluation.
    Evaluating(Box<PredictionPass>, Option<EndReason>),
    Testing(Box<PredictionPass>, EndReason),
    MeasuringForgetting(ForgettingProbe, EndReason),
    Finished(EndReason),
}

/// The weights that the first step of a run changes: `model`, which has its new head, with layers reinitialized and adapters
/// added.
pub fn starting_weights(recipe: &Recipe, mut model: TaskModel) -> TaskModel {
    let spec = recipe.spec();
    model.base.reinit_top(spec.reinit_layers as usize, recipe.seed());
    if let Some(config) = LoraConfig::of(spec) {
        model.adapt(&config, recipe.seed());
    }
    model
}

impl Session {
    /// Starts a run of `model`, which already has its new head. Adapters are added and layers reinitialized here.
    pub fn new(recipe: Recipe, model: TaskModel, mut data: TrainingData, device: &Device) -> Self {
        for examples in [&mut data.train, &mut data.validation, &mut data.test] {
            if let Labels::Similarity(similarity) = &mut examples.labels {
                similarity.follow(recipe.spec());
            }
        }
        let (recipe, metric_warning) = match replacement(&data, recipe.metric_for_best_model()) {
            Some((metric, warning)) => (recipe.with_metric_for_best_model(metric), warning),
            None => (recipe, None),
        };
        let spec = recipe.spec();
        let soft_targets = SoftTargets::from_recipe(spec, &data.labels, &data.train);
        let mut model = model;
        model.set_standardization(soft_targets.standardization());
        let base = model.clone();
        let model = starting_weights(&recipe, model);
        let min_delta = spec.early_stopping_min_delta;
        let plateau = || Plateau::new(spec.plateau_factor, spec.plateau_patience, min_delta, spec.lr_final_ratio);
        let early_stop = EarlyStop::new(recipe.metric_for_best_model(), min_delta, recipe.early_stopping_patience());
        let state = RunState {
            step: 0,
            epoch: 0,
            batch: 0,
            batches_seen: 0,
            not_finite: 0,
            early_stop,
            plateau: (spec.schedule == Schedule::Plateau).then(plateau),
            stage: 0,
            stalled: 0,
            by_hand: BTreeMap::new(),
            ever_trainable: BTreeSet::new(),
            prefix_begin: BatchPosition::default(),
            extended_at: Vec::new(),
            history: Vec::new(),
        };
        let mut session = Self {
            start: (spec.l2_sp > 0.0).then(|| model.clone()),
            best: None,
            live: None,
            optimizer: AdamW::new(AdamWConfig::from_recipe(spec)),
            soft_targets,
            batches: data.train.shuffled_batches(recipe.batch_size(), recipe.seed(), 0),
            phase: Phase::Training(StepAccumulator::default()),
            train_prefix: PrefixCache::default(),
            validation_prefix: PrefixCache::default(),
            prefix_refill: None,
            weight_bytes: memory::weight_bytes(&model),
            parameters: model.trainable_parameters(),
            trainable: BTreeSet::new(),
            trainable_changed: false,
            test: None,
            forgetting: None,
            trace: Trace::default(),
            metric_warning,
            dry_run_lr: None,
            stop_requested: false,
            device: device.clone(),
            recipe,
            data,
            base,
            model,
            state,
        };
        session.trainable = session.trainable_groups(&session.state.by_hand);
        session.state.ever_trainable.clone_from(&session.trainable);
        if session.compares_with_base() {
            session.phase = Phase::Evaluating(session.evaluation_pass(), None);
        }
        session
    }

    /// Returns true if a run begins with the scores of the model before training: where it can do the task already, and
    /// where passages are ranked, for which no constant prediction has a score.
    pub(in crate::train) fn compares_with_base(&self) -> bool {
        self.predicts_vectors() || matches!(self.data.validation.labels, Labels::Relevance(_))
    }

    /// Returns true if predictions are vectors, which are not kept.
    pub(in crate::train) fn predicts_vectors(&self) -> bool {
        matches!(self.data.validation.labels, Labels::Similarity(_))
    }

    /// Scores with which those of the run are compared: those of a constant prediction, or of the model before training. None
    /// before that was measured, and for tasks with neither.
    pub fn baseline(&self) -> Option<Baseline> {
        if !self.compares_with_base() {
            return self.data.baseline();
        }
        self.state.history.iter().find_map(|entry| match entry {
            HistoryEntry::Evaluation(found) if found.step == 0 => {
                Some(Baseline { prediction: None, scores: found.scores.clone() })
            }
            _ => None,
        })
    }

    /// Turns the session into a dry run of a few steps, which is never evaluated and runs at the peak learning rate.
    pub fn for_dry_run(mut self) -> Self {
        self.dry_run_lr = Some(self.recipe.learning_rate());
        self.phase = Phase::Training(StepAccumulator::default());
        self
    }

    /// Sets the learning rate of the next step, for a range test.
    pub(in crate::train) fn set_dry_run_lr(&mut self, lr: f64) {
        self.dry_run_lr = Some(lr);
    }

    /// Requests the end of the run after this batch, keeping the best weights.
    pub fn stop(&mut self) {
        self.stop_requested = true;
    }

    /// Returns true while an evaluation on the validation rows is due or under way.
    pub fn is_evaluating(&self) -> bool {
        matches!(self.phase, Phase::Evaluating(..))
    }

    /// Progress and history of the run.
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The recipe, with every default filled in.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Warnings about the run before it begins: the metric of the recipe says nothing about the validation rows, so that
    /// another one decides which weights are kept; or the run is too short for its unfreezing schedule.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let shortfall = self.recipe.unfreeze_schedule().shortfall(self.total_steps(), self.steps_per_epoch());
        self.metric_warning.clone().into_iter().chain(shortfall).collect()
    }

    /// The encoded rows.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// Device that the model is on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The model before the run.
    pub fn base(&self) -> &TaskModel {
        &self.base
    }

    /// The current model; the best one once the run is over.
    pub fn model(&self) -> &TaskModel {
        &self.model
    }

    /// The best evaluation so far, with the prediction for each validation row.
    pub fn best(&self) -> Option<(&Evaluation, &[Prediction])> {
        self.best.as_ref().map(|best| (&best.evaluation, best.predictions.as_slice()))
    }

    /// Findings of the best evaluation so far for the validation rows of embeddings; empty in other tasks.
    pub fn searched(&self) -> &[SearchedRow] {
        self.best.as_ref().map_or(&[], |best| &best.searched)
    }

    /// Scores of the best weights on the test rows; none before the end of the run, or without test rows.
    pub fn test(&self) -> Option<&Evaluation> {
        self.test.as_ref()
    }

    /// The measurement of forgetting; none before the end of the run.
    pub fn forgetting(&self) -> Option<Forgetting> {
        self.forgetting
    }

    /// Size of the optimizer's state, in bytes, kept for training further or not.
    pub fn optimizer_bytes(&self) -> usize {
        self.optimizer.bytes() + self.live.as_ref().map_or(0, |live| live.optimizer.bytes())
    }

    /// Size of the cached outputs of frozen layers, in bytes.
    pub fn prefix_bytes(&self) -> usize {
        self.train_prefix.bytes() + self.validation_prefix.bytes()
    }

    /// Shape of the next batch; `None` if the next call runs no batch of the data.
    pub fn next_batch(&self) -> Option<BatchShape> {
        let (rows, texts, is_training) = match &self.phase {
            Phase::Training(_) => (self.batches.get(self.state.batch as usize)?, &self.data.train.texts, true),
            Phase::Evaluating(pass, _) => (self.base_batch().or(pass.next_rows())?, &self.data.validation.texts, false),
            Phase::Testing(pass, _) => (pass.next_rows()?, &self.data.test.texts, false),
            Phase::MeasuringForgetting(..) | Phase::Finished(_) => return None,
        };
        let longest = rows.iter().map(|&row| texts.tokens(row as usize)).max()?;
        let len = padded_len(longest, self.recipe.max_length());
        let batch_size = self.recipe.batch_size();
        let rows = if is_training { self.data.train.batch_texts(batch_size) } else { batch_size };
        Some(BatchShape { is_training, rows, len })
    }

    /// Runs the next batch.
    ///
    /// # Errors
    /// If the device fails. The best weights so far are kept; see [`Session::abort`].
    pub async fn advance(&mut self) -> Result<Progress, Diagnostic> {
        match std::mem::replace(&mut self.phase, Phase::Finished(EndReason::Stopped)) {
            Phase::Training(_) if self.stop_requested => Ok(self.end(EndReason::Stopped)),
            Phase::Training(accumulator) => match self.refill_prefix().await? {
                Some(progress) => {
                    self.phase = Phase::Training(accumulator);
                    Ok(progress)
                }
                None => self.train_batch(accumulator).await,
            },
            // A run stopped during its first evaluation still finishes that evaluation.
            Phase::Evaluating(..) if self.stop_requested && self.best.is_some() => Ok(self.end(EndReason::Stopped)),
            Phase::Evaluating(pass, end_reason) => self.evaluate_batch(pass, end_reason).await,
            Phase::Testing(_, reason) | Phase::MeasuringForgetting(_, reason) if self.stop_requested => {
                Ok(self.finish(reason))
            }
            Phase::Testing(pass, reason) => self.test_batch(pass, reason).await,
            Phase::MeasuringForgetting(probe, reason) => self.measure_batch(probe, reason).await,
            Phase::Finished(reason) => {
                self.phase = Phase::Finished(reason);
                Ok(Progress::Finished(reason))
            }
        }
    }

    /// Ends the run with the best weights in place. A run that was never evaluated is evaluated first.
    fn end(&mut self, reason: EndReason) -> Progress {
        let Some(best) = &self.best else {
            return self.go_on_evaluating(self.evaluation_pass(), Some(reason));
        };
        let model = std::mem::replace(&mut self.model, best.model.clone());
        let optimizer = self.take_optimizer();
        let (start, prefix_begin) = (self.start.take(), self.state.prefix_begin);
        self.live = reason.can_be_extended().then_some(LiveTensors { model, optimizer, start, prefix_begin });
        // Stopping the training skips neither the test nor the measurement of forgetting; a second stop does.
        self.stop_requested = false;
        if !self.data.test.is_empty() {
            return self.go_on_testing(self.test_pass(), reason);
        }
        self.measure(reason)
    }

    /// Begins the measurement of forgetting, or ends the run if there is nothing to measure.
    fn measure(&mut self, reason: EndReason) -> Progress {
        let probe = ForgettingProbe::new(&self.data.general, self.recipe.batch_size());
        if probe.total() == 0 || reason == EndReason::NotFinite {
            return self.finish(reason);
        }
        let progress = Progress::Measuring { done: probe.done(), total: probe.total() };
        self.phase = Phase::MeasuringForgetting(probe, reason);
        progress
    }

    fn take_optimizer(&mut self) -> AdamW {
        std::mem::replace(&mut self.optimizer, AdamW::new(AdamWConfig::from_recipe(self.recipe.spec())))
    }

    /// Frees what only training needs, except what training further needs.
    fn finish(&mut self, reason: EndReason) -> Progress {
        self.take_optimizer();
        self.empty_prefix_caches();
        self.start = None;
        self.phase = Phase::Finished(reason);
        Progress::Finished(reason)
    }

    /// Ends the run after the device has failed. Restores the best weights and returns their step; none if the run was
    /// never evaluated.
    pub fn abort(&mut self) -> Option<u32> {
        self.finish(EndReason::Stopped);
        self.drop_live_tensors();
        let best = self.best.as_ref()?;
        self.model = best.model.clone();
        Some(best.evaluation.step)
    }
}
