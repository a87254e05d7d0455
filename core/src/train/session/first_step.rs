//! The loss of the first step, by which another program is checked.

use crate::device_to_host::device_to_host;
use crate::diagnostic::Diagnostic;
use crate::model::{Dropout, Input};
use crate::text::shuffled_batches;
use crate::train::objective::Objective;
use crate::train::session::{Session, starting_weights};
use crate::train::targets::StepInput;

/// The first optimizer step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstStep {
    /// Indices of its rows among the encoded training rows.
    pub rows: Vec<u32>,
    /// Its loss without dropout.
    pub loss: f64,
}

impl Session {
    /// Computes the loss of the run's first step again, without dropout.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn first_step(&self) -> Result<FirstStep, Diagnostic> {
        let (recipe, train) = (&self.recipe, &self.data.train);
        let model = starting_weights(recipe, self.base.clone());
        let mut batches = shuffled_batches(&train.lengths(), recipe.batch_size(), recipe.seed(), 0);
        batches.truncate(recipe.gradient_accumulation_steps());
        let rows = batches.concat();
        let mut loss = 0.0;
        for batch_rows in batches {
            let batch = train.batch(&batch_rows, recipe.batch_size(), recipe.max_length(), self.data.pad);
            let input = Input::new(&batch, &self.device);
            let batch = StepInput::new(input, &self.soft_targets, train, &batch_rows, &rows);
            let forward = |dropout: &mut Dropout| model.forward(batch.input.clone(), dropout);
            let of_batch = Objective::from_recipe(recipe.spec()).loss(forward, &batch, &mut Dropout::off());
            loss += device_to_host(of_batch).await?.first().copied().map_or(f64::NAN, f64::from);
        }
        Ok(FirstStep { rows, loss })
    }

    /// Weight of each class in the loss; empty for tasks without classes.
    pub fn class_weights(&self) -> &[f32] {
        self.soft_targets.class_weights()
    }
}
