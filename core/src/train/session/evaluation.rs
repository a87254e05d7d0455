//! Evaluation on the validation rows, and the measurement of forgetting at the end of a run.

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::run::{EndReason, Improvement, score_to_maximize};
use crate::text::batches_by_length;
use crate::train::eval::evaluate::evaluation;
use crate::train::eval::forgetting::ForgettingProbe;
use crate::train::eval::predict::{Prediction, predict};
use crate::train::eval::sample_generation::SampleGeneration;
use crate::train::session::progress::Progress;
use crate::train::session::train_step::StepAccumulator;
use crate::train::session::{BestCheckpoint, Phase, Session};
use crate::train::state::HistoryEntry;

/// An evaluation in progress.
pub(super) struct EvaluationPass {
    /// Rows of each batch.
    pub(super) batches: Vec<Vec<u32>>,
    batches_done: usize,
    /// Prediction for each validation row.
    pub(super) predictions: Vec<Option<Prediction>>,
    pub(super) samples: SampleGeneration,
    /// Reason to end the run after this evaluation; `None` to continue.
    end_reason: Option<EndReason>,
}

impl EvaluationPass {
    /// Rows of the next batch; none once all predictions are made.
    pub(super) fn next_rows(&self) -> Option<&Vec<u32>> {
        self.batches.get(self.batches_done)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress::Evaluating {
            done: (self.batches_done + self.samples.done()) as u32,
            total: (self.batches.len() + self.samples.total()) as u32,
        }
    }

    /// Reason to end the run after this evaluation; `None` to continue.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.end_reason
    }

    fn is_over(&self) -> bool {
        self.batches_done == self.batches.len() && self.samples.is_over()
    }
}

impl Session {
    pub(super) fn evaluation_pass(&self, end_reason: Option<EndReason>) -> Box<EvaluationPass> {
        Box::new(EvaluationPass {
            batches: batches_by_length(&self.data.validation.lengths(), self.recipe.batch_size()),
            batches_done: 0,
            predictions: vec![None; self.data.validation.len()],
            samples: SampleGeneration::new(self.recipe.spec(), &self.data.validation),
            end_reason,
        })
    }

    /// Predicts the next batch, or generates a few tokens once all batches are done.
    pub(super) async fn evaluate_batch(&mut self, mut pass: Box<EvaluationPass>) -> Result<Progress, Diagnostic> {
        if self.trace_base_batch().await? {
            let progress = pass.progress();
            self.phase = Phase::Evaluating(pass);
            return Ok(progress);
        }
        if let Some(rows) = pass.batches.get(pass.batches_done) {
            let (frozen_prefix, validation) = (self.frozen_prefix(), &self.data.validation);
            let batch = validation.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let input = self
                .validation_prefix
                .input(frozen_prefix, &self.model, &validation.texts, rows, &batch, &self.device)
                .await?;
            let input = self.traced(input, rows).await?;
            let predictions = predict(&self.model, input, &self.data.validation, rows).await?;
            for (&row, prediction) in rows.iter().zip(predictions) {
                pass.predictions[row as usize] = Some(prediction);
            }
            pass.batches_done += 1;
        } else {
            let tokenizer = self.data.tokenizer.as_deref();
            pass.samples.advance(&self.model, &self.data.validation, tokenizer).await?;
        }
        if !pass.is_over() {
            let progress = pass.progress();
            self.phase = Phase::Evaluating(pass);
            return Ok(progress);
        }
        Ok(self.finish_evaluation(pass))
    }

    fn finish_evaluation(&mut self, pass: Box<EvaluationPass>) -> Progress {
        let EvaluationPass { predictions, samples, end_reason, .. } = *pass;
        let predictions: Vec<Prediction> = predictions.into_iter().flatten().collect();
        let validation = &self.data.validation;
        let scores = evaluation(&self.data, validation, &predictions, samples.finish(), None, &self.recipe);
        let loss = self.training_loss(scores.loss);
        let evaluation = Evaluation { step: self.state.step, epoch: self.fractional_epoch(), loss, ..scores };
        // The untouched model, as after a first step of a warmup at rate 0, is no result of the run: it is kept only until
        // something has been learned.
        let is_trained = self.has_learned();
        self.trace_predictions(&predictions, is_trained);
        let improvement = if is_trained { self.state.early_stop.observe(&evaluation) } else { Improvement::default() };
        let is_best = improvement.is_best;
        self.state.history.push(HistoryEntry::Evaluation(evaluation.clone()));
        if is_best || self.best.is_none() {
            let intervals = self.intervals(&self.data.validation, &predictions, &evaluation, None);
            let confidence = self.confidence(&self.data.validation, &predictions, None);
            let evaluation = Evaluation { intervals, confidence, ..evaluation.clone() };
            let model = self.model.clone();
            // The vectors of the texts serve no further purpose.
            let predictions = if self.predicts_vectors() { Vec::new() } else { predictions };
            self.best = Some(BestCheckpoint { model, evaluation, predictions });
        }
        if is_trained {
            if let Some(plateau) = &mut self.state.plateau {
                plateau.observe(score_to_maximize(&evaluation, self.recipe.metric_for_best_model()));
            }
            self.after_evaluation(improvement.is_progress);
        }
        let stopped_early = self.state.early_stop.should_stop().then_some(EndReason::EarlyStopped);
        match end_reason.or(stopped_early) {
            Some(reason) => {
                self.end(reason);
            }
            None => self.phase = Phase::Training(StepAccumulator::default()),
        }
        Progress::Evaluated { evaluation, is_best }
    }

    /// Returns true once a step has changed the weights.
    fn has_learned(&self) -> bool {
        let changes = |entry: &HistoryEntry| matches!(entry, HistoryEntry::Step(step) if step.taken && step.lr > 0.0);
        self.state.history.iter().any(changes)
    }

    /// Runs a batch of general sentences through the base and the tuned model.
    pub(super) async fn measure_batch(
        &mut self,
        mut probe: ForgettingProbe,
        reason: EndReason,
    ) -> Result<Progress, Diagnostic> {
        probe.advance(&self.base, &self.model, &self.data.general, self.data.pad, &self.device).await?;
        let (done, total) = (probe.done(), probe.total());
        if done < total {
            self.phase = Phase::MeasuringForgetting(probe, reason);
            return Ok(Progress::Measuring { done, total });
        }
        self.forgetting = Some(probe.finish());
        Ok(self.finish(reason))
    }
}
