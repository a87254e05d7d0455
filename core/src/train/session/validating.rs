//! Evaluation on the validation rows, and the measurement of forgetting at the end of a run.

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::run::{EndReason, Improvement, score_to_maximize};
use crate::train::eval::forgetting::ForgettingProbe;
use crate::train::eval::predict::predict;
use crate::train::eval::scores::evaluation;
use crate::train::eval::searched_rows::searched_rows;
use crate::train::session::prediction_pass::PredictionPass;
use crate::train::session::progress::Progress;
use crate::train::session::train_step::StepAccumulator;
use crate::train::session::{BestCheckpoint, Phase, Session};
use crate::train::state::HistoryEntry;

impl Session {
    pub(super) fn evaluation_pass(&self) -> Box<PredictionPass> {
        Box::new(PredictionPass::new(&self.recipe, &self.data.validation))
    }

    /// Continues an evaluation with its next batch. With `end_reason`, the run ends after it.
    pub(super) fn go_on_evaluating(&mut self, pass: Box<PredictionPass>, end_reason: Option<EndReason>) -> Progress {
        let (done, total) = (pass.done() as u32, pass.total() as u32);
        self.phase = Phase::Evaluating(pass, end_reason);
        Progress::Evaluating { done, total }
    }

    /// Predicts the next batch, or generates a few tokens once all batches are done.
    pub(super) async fn evaluate_batch(
        &mut self,
        mut pass: Box<PredictionPass>,
        end_reason: Option<EndReason>,
    ) -> Result<Progress, Diagnostic> {
        if self.trace_base_batch().await? {
            return Ok(self.go_on_evaluating(pass, end_reason));
        }
        if let Some(rows) = pass.next_rows() {
            let (frozen_prefix, validation) = (self.frozen_prefix(), &self.data.validation);
            let batch = validation.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let input = self
                .validation_prefix
                .input(frozen_prefix, &self.model, &validation.texts, rows, &batch, &self.device)
                .await?;
            let input = self.traced(input, rows).await?;
            let found = predict(&self.model, input, &self.data.validation, rows).await?;
            pass.add(found);
        } else {
            let tokenizer = self.data.tokenizer.as_deref();
            pass.generate(&self.model, &self.data.validation, tokenizer).await?;
        }
        if !pass.is_over() {
            return Ok(self.go_on_evaluating(pass, end_reason));
        }
        self.finish_evaluation(*pass, end_reason)
    }

    fn finish_evaluation(
        &mut self,
        pass: PredictionPass,
        end_reason: Option<EndReason>,
    ) -> Result<Progress, Diagnostic> {
        let (predictions, samples) = pass.finish()?;
        let scores = evaluation(&self.data, &self.data.validation, &predictions, samples, None, &self.recipe);
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
            let evaluation = self.with_intervals(&self.data.validation, &predictions, evaluation.clone(), None);
            let confidence = self.confidence(&self.data.validation, &predictions, None);
            let evaluation = Evaluation { confidence, ..evaluation };
            let model = self.model.clone();
            let searched = searched_rows(&self.data.validation, &predictions);
            // The vectors of the texts serve no further purpose.
            let predictions = if self.predicts_vectors() { Vec::new() } else { predictions };
            self.best = Some(BestCheckpoint { model, evaluation, predictions, searched });
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
        Ok(Progress::Evaluated { evaluation, is_best })
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
