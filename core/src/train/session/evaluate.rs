//! Scores of other weights than those that a run kept.

use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::model::{Input, TaskModel};
use crate::train::eval::evaluate::evaluation;
use crate::train::eval::predict::predict;
use crate::train::session::Session;

impl Session {
    /// Evaluates `model`, such as the best weights after rounding, on the validation rows. It must predict numbers
    /// themselves. `progress` receives the number of batches done and in total.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn evaluate(
        &self,
        model: &TaskModel,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Evaluation, Diagnostic> {
        let pass = self.evaluation_pass(None);
        let (batches, mut samples) = (pass.batches, pass.samples);
        let (validation, total) = (&self.data.validation, batches.len() + samples.total());
        let mut predictions = pass.predictions;
        for (done, rows) in batches.iter().enumerate() {
            let batch = validation.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let found = predict(model, Input::new(&batch, &self.device), validation, rows).await?;
            for (&row, prediction) in rows.iter().zip(found) {
                predictions[row as usize] = Some(prediction);
            }
            progress(done + 1, total);
        }
        while !samples.is_over() {
            samples.advance(model, &self.data).await?;
            progress(batches.len() + samples.done(), total);
        }
        let predictions: Vec<_> = predictions.into_iter().flatten().collect();
        let scores = evaluation(&self.data, validation, &predictions, samples.finish());
        let loss = scores.loss / self.soft_targets.unit().deviation.powi(2);
        let (step, epoch) = self.best().map_or((0, 0.0), |(best, _)| (best.step, best.epoch));
        Ok(Evaluation { step, epoch, loss, ..scores })
    }
}
