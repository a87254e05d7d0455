//! The test at the end of a run: the rows that chose nothing are predicted once, with the weights that are kept.

use crate::diagnostic::Diagnostic;
use crate::model::Input;
use crate::recipe::Recipe;
use crate::run::EndReason;
use crate::text::batches_by_length;
use crate::train::data::TrainingData;
use crate::train::eval::predict::{Prediction, predict};
use crate::train::eval::sample_generation::SampleGeneration;
use crate::train::session::progress::Progress;
use crate::train::session::{Phase, Session};

/// A test in progress.
pub(super) struct TestPass {
    /// Rows of each batch.
    batches: Vec<Vec<u32>>,
    batches_done: usize,
    /// Prediction for each test row.
    predictions: Vec<Option<Prediction>>,
    samples: SampleGeneration,
}

impl TestPass {
    pub(super) fn new(recipe: &Recipe, data: &TrainingData) -> Self {
        Self {
            batches: batches_by_length(&data.test.lengths(), recipe.batch_size()),
            batches_done: 0,
            predictions: vec![None; data.test.len()],
            samples: SampleGeneration::new(recipe.spec(), &data.test),
        }
    }

    /// Rows of the next batch; none once all predictions are made.
    pub(super) fn next_rows(&self) -> Option<&Vec<u32>> {
        self.batches.get(self.batches_done)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress::Testing {
            done: (self.batches_done + self.samples.done()) as u32,
            total: (self.batches.len() + self.samples.total()) as u32,
        }
    }
}

impl Session {
    /// Predicts the next batch of test rows, or generates a few tokens once all batches are done.
    pub(super) async fn test_batch(
        &mut self,
        mut pass: Box<TestPass>,
        reason: EndReason,
    ) -> Result<Progress, Diagnostic> {
        let test = &self.data.test;
        if let Some(rows) = pass.batches.get(pass.batches_done) {
            let batch = test.batch(rows, self.recipe.batch_size(), self.recipe.max_length(), self.data.pad);
            let found = predict(&self.model, Input::new(&batch, &self.device), test, rows).await?;
            for (&row, prediction) in rows.iter().zip(found) {
                pass.predictions[row as usize] = Some(prediction);
            }
            pass.batches_done += 1;
        } else {
            pass.samples.advance(&self.model, test, self.data.tokenizer.as_deref()).await?;
        }
        if pass.batches_done < pass.batches.len() || !pass.samples.is_over() {
            let progress = pass.progress();
            self.phase = Phase::Testing(pass, reason);
            return Ok(progress);
        }
        let predictions: Vec<Prediction> = pass.predictions.into_iter().flatten().collect();
        // Thresholds and temperature are those of the validation rows: the test chooses nothing.
        let tuned = self.best().map(|(best, _)| best);
        let scores = self.final_scores(test, &predictions, pass.samples.finish(), tuned);
        self.test = Some(scores.without_rows());
        Ok(self.measure(reason))
    }
}
