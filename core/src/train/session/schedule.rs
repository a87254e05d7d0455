//! Counts of steps and evaluations, and the learning rate.

use crate::recipe::LrCurve;
use crate::train::session::Session;

impl Session {
    /// Optimizer steps in the whole run.
    pub fn total_steps(&self) -> u32 {
        let of_epochs = self.steps_per_epoch() * self.recipe.epochs() as u32;
        match self.recipe.spec().max_steps {
            0 => of_epochs,
            most => of_epochs.min(most),
        }
    }

    /// Optimizer steps per epoch.
    pub fn steps_per_epoch(&self) -> u32 {
        self.batches.len().div_ceil(self.recipe.gradient_accumulation_steps()).max(1) as u32
    }

    /// Epochs done, including the part of the current one.
    pub(super) fn fractional_epoch(&self) -> f64 {
        f64::from(self.state.epoch) + f64::from(self.state.batch) / self.batches.len() as f64
    }

    /// Number of evaluations that are due by a step.
    pub(super) fn evaluations_by(&self, step: u32) -> u32 {
        let spec = self.recipe.spec();
        let by_epoch = self.recipe.eval_every_epochs() * f64::from(self.steps_per_epoch());
        let interval = spec.eval_every_steps.map_or(by_epoch, f64::from).max(1.0);
        (f64::from(step) / interval).floor() as u32
    }

    /// Learning rate of a step, counted from 0, before the groups' factors.
    pub(super) fn lr(&self, step: u32) -> f64 {
        let scale = self.state.plateau.as_ref().map_or(1.0, |plateau| plateau.scale());
        self.dry_run_lr.unwrap_or_else(|| scale * self.lr_curve().lr(step))
    }

    pub(super) fn lr_curve(&self) -> LrCurve {
        LrCurve::new(self.recipe.spec(), self.recipe.learning_rate(), self.total_steps())
    }
}
