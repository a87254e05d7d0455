//! Scores on the validation and test rows of weights that the run did not score, such as rounded ones, and of the weights that
//! are kept.

use crate::diagnostic::Diagnostic;
use crate::metrics::{Confidence, Detail, Evaluation, Interval, TextSample};
use crate::model::{Input, TaskModel};
use crate::recipe::Metric;
use crate::text::EncodedExamples;
use crate::train::eval::predict::{Prediction, predict};
use crate::train::eval::scores::{add_intervals, evaluation, row_confidence};
use crate::train::session::Session;
use crate::train::session::prediction_pass::PredictionPass;

/// Scores of a model that is not the session's.
#[derive(Clone, Debug)]
pub struct HeldOutScores {
    /// Scores on the validation rows, on which thresholds are tuned.
    pub validation: Evaluation,
    /// Scores on the test rows; none if there are none.
    pub test: Option<Evaluation>,
}

impl Session {
    /// Evaluates `model`, such as the best weights after rounding, on the validation and test rows. It must predict numbers
    /// themselves. `progress` receives the number of batches done and in total.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn evaluate(
        &self,
        model: &TaskModel,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<HeldOutScores, Diagnostic> {
        let (validation, test) = (&self.data.validation, &self.data.test);
        let steps = [validation, test].map(|examples| PredictionPass::new(&self.recipe, examples).total());
        let total = steps.iter().sum();
        let on_validation = self.scores(model, validation, None, |done| progress(done, total)).await?;
        if test.is_empty() {
            return Ok(HeldOutScores { validation: on_validation, test: None });
        }
        let on_test = self.scores(model, test, Some(&on_validation), |done| progress(steps[0] + done, total)).await?;
        Ok(HeldOutScores { validation: on_validation, test: Some(on_test) })
    }

    /// Scores on `examples`, with the thresholds of `tuned`, or of their own.
    async fn scores(
        &self,
        model: &TaskModel,
        examples: &EncodedExamples,
        tuned: Option<&Evaluation>,
        mut progress: impl FnMut(usize),
    ) -> Result<Evaluation, Diagnostic> {
        let mut pass = PredictionPass::new(&self.recipe, examples);
        while let Some(rows) = pass.next_rows() {
            let batch = examples.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let found = predict(model, Input::new(&batch, &self.device), examples, rows).await?;
            pass.add(found);
            progress(pass.done());
        }
        while !pass.is_over() {
            pass.generate(model, examples, self.data.tokenizer.as_deref()).await?;
            progress(pass.done());
        }
        let (predictions, samples) = pass.finish()?;
        Ok(self.final_scores(examples, &predictions, samples, tuned))
    }

    /// Scores of the best weights on `examples`, with their intervals.
    pub(super) fn final_scores(
        &self,
        examples: &EncodedExamples,
        predictions: &[Prediction],
        samples: Vec<TextSample>,
        tuned: Option<&Evaluation>,
    ) -> Evaluation {
        let detail = tuned.map(|tuned| &tuned.detail);
        let scores = evaluation(&self.data, examples, predictions, samples, detail, &self.recipe);
        let mut scores = self.with_intervals(examples, predictions, scores, detail);
        let temperature = tuned.map(|tuned| tuned.confidence.as_ref().map_or(1.0, |it| it.temperature));
        scores.confidence = self.confidence(examples, predictions, temperature);
        (scores.step, scores.epoch) = self.best().map_or((0, 0.0), |(best, _)| (best.step, best.epoch));
        scores.loss = self.training_loss(scores.loss);
        scores
    }

    /// Calibration of the probabilities, with the threshold that the user has chosen.
    pub(super) fn confidence(
        &self,
        examples: &EncodedExamples,
        predictions: &[Prediction],
        temperature: Option<f64>,
    ) -> Option<Confidence> {
        let chosen = self.best.as_ref().and_then(|best| best.evaluation.confidence.as_ref());
        let unsure_below = chosen.map_or(0.0, |chosen| chosen.unsure_below);
        let found = row_confidence(examples, predictions, temperature)?;
        Some(Confidence { unsure_below, ..found })
    }

    /// Sets the probability below which a prediction is unsure; 0 for never. It is part of an export. Without effect in tasks
    /// other than single-label classification, and before the first evaluation.
    pub fn set_unsure_below(&mut self, threshold: f32) {
        if let Some(confidence) = self.best.as_mut().and_then(|best| best.evaluation.confidence.as_mut()) {
            confidence.unsure_below = threshold.clamp(0.0, 1.0);
        }
    }

    /// An evaluation with the 95 % intervals of its scores.
    pub(super) fn with_intervals(
        &self,
        examples: &EncodedExamples,
        predictions: &[Prediction],
        mut scores: Evaluation,
        tuned: Option<&Detail>,
    ) -> Evaluation {
        add_intervals(&self.data, examples, predictions, &mut scores, tuned, self.recipe.seed());
        if let Some(Interval { low, high }) = scores.intervals.get_mut(&Metric::Loss) {
            [*low, *high] = [*low, *high].map(|end| self.training_loss(end));
        }
        scores
    }

    /// The loss of training, in units of the numbers' deviation.
    pub(super) fn training_loss(&self, loss: f64) -> f64 {
        loss / self.soft_targets.standardization().deviation.powi(2)
    }
}
