//! Saving and restoring a session between two batches.

use crate::diagnostic::Diagnostic;
use crate::metrics::{Detail, Evaluation};
use crate::train::checkpoint::{
    RestoredTensors, SavedBest, SavedPhase, SavedTensor, SessionCheckpoint, SessionState, TensorKind,
};
use crate::train::eval::forgetting::ForgettingProbe;
use crate::train::eval::predict::Prediction;
use crate::train::eval::scores::evaluation;
use crate::train::session::further::LiveTensors;
use crate::train::session::train_step::StepAccumulator;
use crate::train::session::{BestCheckpoint, Phase, Session};
use crate::train::state::{HistoryEntry, RunState};

impl Session {
    /// The state for [`restore`](Self::restore), without any row. `None` in the middle of an optimizer step, whose gradients
    /// are not saved, and in a dry run.
    pub fn checkpoint(&self) -> Option<SessionCheckpoint> {
        let phase = match &self.phase {
            _ if self.dry_run_lr.is_some() => return None,
            Phase::Training(accumulator) if !accumulator.is_empty() => return None,
            Phase::Training(_) => SavedPhase::Training,
            Phase::Evaluating(_, end_reason) => SavedPhase::Evaluating(*end_reason),
            Phase::Testing(_, reason) => SavedPhase::Testing(*reason),
            Phase::MeasuringForgetting(_, reason) => SavedPhase::MeasuringForgetting(*reason),
            Phase::Finished(reason) => SavedPhase::Finished(*reason),
        };
        let is_over = phase.is_after_training();
        // Once a run is over, its model is the best one. Training further goes on from the weights after the last step.
        let (model, optimizer, prefix_begin) = match self.live.as_ref().filter(|_| is_over) {
            Some(live) => (&live.model, &live.optimizer, live.prefix_begin),
            None => (&self.model, &self.optimizer, self.state.prefix_begin),
        };
        let is_best = is_over && self.live.is_none();
        let is_live = |best: &BestCheckpoint| is_best || best.evaluation.step == self.state.step;
        let groups = &self.state.ever_trainable;
        let is_saved = |group| groups.contains(&group);
        let mut tensors = SavedTensor::of_model(TensorKind::Live, model, is_saved);
        if let Some(best) = self.best.as_ref().filter(|best| !is_live(best)) {
            tensors.extend(SavedTensor::of_model(TensorKind::Best, &best.model, is_saved));
        }
        let optimizer_steps = optimizer.save(&mut tensors);
        let best = self.best.as_ref().map(|best| SavedBest {
            evaluation: best.evaluation.without_rows(),
            predictions: best.predictions.clone(),
            searched: best.searched.clone(),
            is_live: is_live(best),
        });
        let history = self.state.history.iter().map(HistoryEntry::without_rows).collect();
        let run = RunState { history, prefix_begin, ..self.state.clone() };
        let (tokens_crc32, forgetting) = (self.data.tokens_crc32(), self.forgetting);
        let test = self.test.as_ref().map(Evaluation::without_rows);
        let state = SessionState { run, phase, tokens_crc32, optimizer_steps, best, test, forgetting };
        Some(SessionCheckpoint { standardization: self.soft_targets.standardization(), state, tensors })
    }

    /// Continues a saved run. `self` has just been set up with the same recipe, model and data. On the same CPU the rest of
    /// the run is the same bit for bit.
    ///
    /// # Errors
    /// `checkpoint.data` if the rows are others, `checkpoint.tensor` or `checkpoint.state` if the saved run does not fit.
    pub fn restore(mut self, saved: SessionState, mut tensors: RestoredTensors) -> Result<Self, Diagnostic> {
        self.check(&saved)?;
        // Without the optimizer's state, only the best weights were saved.
        let can_train = saved.can_train();
        let SessionState { run, phase, optimizer_steps, best, test, forgetting, .. } = saved;
        let groups = run.ever_trainable.clone();
        let is_saved = |group| groups.contains(&group);
        let start = self.model.clone();
        tensors.replace(TensorKind::Live, &mut self.model, is_saved)?;
        if let Some(SavedBest { evaluation, predictions, searched, is_live }) = best {
            let mut model = if is_live { self.model.clone() } else { start };
            if !is_live {
                tensors.replace(TensorKind::Best, &mut model, is_saved)?;
            }
            let evaluation = self.with_points(evaluation, &predictions);
            self.best = Some(BestCheckpoint { model, evaluation, predictions, searched });
        }
        self.optimizer.restore(&self.model, &optimizer_steps, &mut tensors)?;
        (self.state, self.test, self.forgetting) = (run, test, forgetting);
        self.trainable = self.trainable_groups(&self.state.by_hand);
        self.batches = self.batches_of(self.state.epoch);
        self.schedule_prefix_refill();
        let is_over = phase.is_after_training();
        if let Some(best) = self.best.as_ref().filter(|_| is_over) {
            let model = std::mem::replace(&mut self.model, best.model.clone());
            let (start, prefix_begin) = (self.start.take(), self.state.prefix_begin);
            let optimizer = self.take_optimizer();
            self.live = can_train.then_some(LiveTensors { model, optimizer, start, prefix_begin });
        }
        self.phase = match phase {
            SavedPhase::Training => Phase::Training(StepAccumulator::default()),
            SavedPhase::Evaluating(reason) => Phase::Evaluating(self.evaluation_pass(), reason),
            SavedPhase::Testing(reason) => Phase::Testing(self.test_pass(), reason),
            SavedPhase::MeasuringForgetting(reason) => {
                let probe = ForgettingProbe::new(&self.data.general, self.recipe.batch_size());
                Phase::MeasuringForgetting(probe, reason)
            }
            SavedPhase::Finished(reason) => {
                self.finish(reason);
                Phase::Finished(reason)
            }
        };
        Ok(self)
    }

    /// Checks the rows, the predictions, and everything that is used as an index or a count.
    fn check(&self, saved: &SessionState) -> Result<(), Diagnostic> {
        if saved.tokens_crc32 != self.data.tokens_crc32() {
            return Err(Diagnostic::new("checkpoint.data", "The rows are not those that the run was started with.")
                .done("The saved run was left as it is.")
                .remedy(
                    "Read the file as before: its encoding, first line, delimiter and quotes. If Hone was updated since, it \
                     may split the rows in another way: keep the best weights of the run instead.",
                ));
        }
        let RunState { step, epoch, batch, stage, batches_seen, .. } = saved.run;
        let batches = self.batches.len();
        let begin = saved.run.prefix_begin;
        let predictions = saved.best.as_ref().map(|best| best.predictions.len());
        // Every epoch has the same number of batches, and the last one begins the next epoch unless training ends there.
        let is_in_range = step <= self.total_steps()
            && epoch as usize <= self.recipe.epochs()
            && batch as usize <= batches
            && (!saved.can_train() || (batch as usize) < batches)
            && batches_seen == u64::from(epoch) * batches as u64 + u64::from(batch)
            && begin.epoch <= epoch
            && stage < self.recipe.unfreeze_schedule().stages().len()
            && saved.optimizer_steps.values().all(|&steps| (0..=i64::from(step)).contains(&steps.into()))
            && (!self.data.test.is_empty() || !matches!(saved.phase, SavedPhase::Testing(_)))
            && saved.best.as_ref().is_none_or(|best| self.are_of_validation(&best.predictions));
        if is_in_range {
            return Ok(());
        }
        let (rows, validation) = (self.data.train.len(), self.data.validation.len());
        let what = format!(
            "The saved run does not fit the data: it is at step {step}, batch {batch} of epoch {epoch}, with {} \
             predictions; there are {batches} batches of {rows} training rows, and {validation} validation rows.",
            predictions.unwrap_or(0)
        );
        Err(Diagnostic::new("checkpoint.state", what)
            .done("Nothing was changed.")
            .remedy("Open the data that the run was started with."))
    }

    /// Returns true if there is a prediction for each validation row, or none where they are not kept.
    fn are_of_validation(&self, predictions: &[Prediction]) -> bool {
        let validation = &self.data.validation;
        let count = if self.predicts_vectors() { 0 } else { validation.len() };
        let labels = self.data.labels.len();
        let fits = |(row, prediction): (usize, &Prediction)| prediction.fits(validation, row, labels);
        predictions.len() == count && predictions.iter().enumerate().all(fits)
    }

    /// Adds the points of a scatter plot, which are not saved because they are numbers of rows.
    fn with_points(&self, saved: Evaluation, predictions: &[Prediction]) -> Evaluation {
        let Detail::Numbers { .. } = saved.detail else { return saved };
        let detail = evaluation(&self.data, &self.data.validation, predictions, Vec::new(), None, &self.recipe).detail;
        Evaluation { detail, ..saved }
    }
}

impl HistoryEntry {
    fn without_rows(&self) -> Self {
        match self {
            Self::Step(step) => Self::Step(step.clone()),
            Self::Evaluation(evaluation) => Self::Evaluation(evaluation.without_rows()),
        }
    }
}
