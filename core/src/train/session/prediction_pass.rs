//! Predictions for all rows of one side, batch by batch, and the texts generated for some of them.

use crate::diagnostic::Diagnostic;
use crate::metrics::TextSample;
use crate::model::TaskModel;
use crate::recipe::Recipe;
use crate::text::{EncodedExamples, Tokenizer, batches_by_length};
use crate::train::eval::predict::Prediction;
use crate::train::eval::sample_generation::SampleGeneration;

/// Predictions that are being made.
pub(super) struct PredictionPass {
    /// Rows of each batch.
    batches: Vec<Vec<u32>>,
    batches_done: usize,
    /// Prediction for each row.
    predictions: Vec<Option<Prediction>>,
    samples: SampleGeneration,
}

impl PredictionPass {
    pub(super) fn new(recipe: &Recipe, examples: &EncodedExamples) -> Self {
        let batches = batches_by_length(&examples.lengths(), recipe.batch_size());
        Self::of_batches(batches, examples.len(), SampleGeneration::new(recipe.spec(), examples))
    }

    fn of_batches(batches: Vec<Vec<u32>>, rows: usize, samples: SampleGeneration) -> Self {
        Self { batches, batches_done: 0, predictions: vec![None; rows], samples }
    }

    /// Rows of the next batch; none once all predictions are made.
    pub(super) fn next_rows(&self) -> Option<&Vec<u32>> {
        self.batches.get(self.batches_done)
    }

    /// Adds the predictions for the rows of the next batch.
    pub(super) fn add(&mut self, found: Vec<Prediction>) {
        let rows = self.batches.get(self.batches_done).into_iter().flatten();
        for (&row, prediction) in rows.zip(found) {
            self.predictions[row as usize] = Some(prediction);
        }
        self.batches_done += 1;
    }

    /// Generates a few tokens, once all predictions are made.
    ///
    /// # Errors
    /// If the device fails, or the tokens cannot be decoded.
    pub(super) async fn generate(
        &mut self,
        model: &TaskModel,
        examples: &EncodedExamples,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<(), Diagnostic> {
        self.samples.advance(model, examples, tokenizer).await
    }

    /// Batches and generated texts that are done.
    pub(super) fn done(&self) -> usize {
        self.batches_done + self.samples.done()
    }

    /// Batches and generated texts in all.
    pub(super) fn total(&self) -> usize {
        self.batches.len() + self.samples.total()
    }

    pub(super) fn is_over(&self) -> bool {
        self.batches_done >= self.batches.len() && self.samples.is_over()
    }

    /// The prediction for each row, and the generated texts.
    ///
    /// # Errors
    /// `run.no-prediction` if a row has none: those after it would belong to other rows.
    pub(super) fn finish(self) -> Result<(Vec<Prediction>, Vec<TextSample>), Diagnostic> {
        let first = self.predictions.iter().position(Option::is_none);
        let predictions = self.predictions.into_iter().flatten().collect();
        match first {
            None => Ok((predictions, self.samples.finish())),
            Some(row) => {
                Err(Diagnostic::new("run.no-prediction", format!("The model gave no prediction for row {}.", row + 1))
                    .done("Nothing was scored.")
                    .remedy("Start the run again. If this happens again, please report it: it is an error of Hone."))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass() -> PredictionPass {
        PredictionPass::of_batches(vec![vec![2, 0], vec![1]], 3, SampleGeneration::default())
    }

    #[test]
    fn predictions_are_in_the_order_of_the_rows() {
        let mut pass = pass();
        pass.add(vec![Prediction::Number(2.0), Prediction::Number(0.0)]);
        assert_eq!((pass.next_rows(), pass.done(), pass.total(), pass.is_over()), (Some(&vec![1]), 1, 2, false));
        pass.add(vec![Prediction::Number(1.0)]);
        assert!(pass.next_rows().is_none() && pass.is_over());
        assert_eq!(pass.finish().unwrap().0, [0.0, 1.0, 2.0].map(Prediction::Number));
    }

    #[test]
    fn a_row_without_a_prediction_is_an_error() {
        let mut pass = pass();
        pass.add(vec![Prediction::Number(2.0)]);
        pass.add(vec![Prediction::Number(1.0)]);
        assert_eq!(pass.finish().unwrap_err().code, "run.no-prediction");
    }
}
