//! The test at the end of a run: the rows that chose nothing are predicted once, with the weights that are kept.

use crate::diagnostic::Diagnostic;
use crate::model::Input;
use crate::run::EndReason;
use crate::train::eval::predict::predict;
use crate::train::session::prediction_pass::PredictionPass;
use crate::train::session::progress::Progress;
use crate::train::session::{Phase, Session};

impl Session {
    pub(super) fn test_pass(&self) -> Box<PredictionPass> {
        Box::new(PredictionPass::new(&self.recipe, &self.data.test))
    }

    /// Continues a test with its next batch.
    pub(super) fn go_on_testing(&mut self, pass: Box<PredictionPass>, reason: EndReason) -> Progress {
        let (done, total) = (pass.done() as u32, pass.total() as u32);
        self.phase = Phase::Testing(pass, reason);
        Progress::Testing { done, total }
    }

    /// Predicts the next batch of test rows, or generates a few tokens once all batches are done.
    pub(super) async fn test_batch(
        &mut self,
        mut pass: Box<PredictionPass>,
        reason: EndReason,
    ) -> Result<Progress, Diagnostic> {
        let test = &self.data.test;
        if let Some(rows) = pass.next_rows() {
            let batch = test.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let found = predict(&self.model, Input::new(&batch, &self.device), test, rows).await?;
            pass.add(found);
        } else {
            pass.generate(&self.model, test, self.data.tokenizer.as_deref()).await?;
        }
        if !pass.is_over() {
            return Ok(self.go_on_testing(pass, reason));
        }
        let (predictions, samples) = pass.finish()?;
        // Thresholds and temperature are those of the validation rows: the test chooses nothing.
        let tuned = self.best().map(|(best, _)| best);
        let scores = self.final_scores(test, &predictions, samples, tuned);
        self.test = Some(scores.without_rows());
        Ok(self.measure(reason))
    }
}
