//! What a run will do, and where it stands: figures that follow from its recipe, data and state.

use crate::recipe::LrCurve;
use crate::run::{LrPoint, ParamGroupState, RunPlan};
use crate::train::Session;

/// Points of the rate's curve that are told.
const CURVE_POINTS: u32 = 200;

impl Session {
    /// What the run will do.
    pub fn plan(&self) -> RunPlan {
        let total = self.total_steps();
        let shown = total.min(CURVE_POINTS);
        let step_of =
            |i: u32| if shown < 2 { 0 } else { (u64::from(i) * u64::from(total - 1) / u64::from(shown - 1)) as u32 };
        let curve = self.curve();
        let learning = self.recipe.unfreeze_schedule().stages().last().into_iter().flatten();
        RunPlan {
            recipe: self.recipe.spec().clone(),
            labels: self.data.labels.clone(),
            train_rows: self.data.train.len() as u32,
            validation_rows: self.data.validation.len() as u32,
            total_steps: total,
            steps_per_epoch: self.steps_per_epoch(),
            max_length: self.recipe.max_length() as u32,
            cuts: self.data.cuts,
            form: self.data.form,
            trainable_parameters: learning.filter_map(|group| self.parameters.get(group)).sum::<usize>() as f64,
            lr_curve: (0..shown).map(step_of).map(|step| LrPoint { step: step + 1, lr: curve.lr(step) }).collect(),
            param_groups: self.param_groups(),
            baseline: self.data.baseline(),
        }
    }

    /// The parts of the model as they are now, from the bottom.
    pub fn param_groups(&self) -> Vec<ParamGroupState> {
        let part = |group| ParamGroupState {
            group,
            trainable: self.trainable.contains(&group),
            by_hand: self.state.by_hand.contains_key(&group),
            rate_factor: self.recipe.rate_factor(group),
            parameters: self.parameters.get(&group).copied().unwrap_or(0) as f64,
        };
        self.recipe.groups().iter().copied().map(part).collect()
    }

    /// Optimizer steps in all.
    pub fn total_steps(&self) -> u32 {
        self.steps_per_epoch() * self.recipe.epochs() as u32
    }

    /// Optimizer steps an epoch.
    pub fn steps_per_epoch(&self) -> u32 {
        self.batches.len().div_ceil(self.recipe.gradient_accumulation_steps()).max(1) as u32
    }

    /// Optimizer steps from one evaluation to the next, with fraction.
    pub(super) fn eval_interval(&self) -> f64 {
        let raw = self.recipe.spec();
        let by_epoch = raw.eval_every_epochs * f64::from(self.steps_per_epoch());
        raw.eval_every_steps.map_or(by_epoch, f64::from).max(1.0)
    }

    /// The learning rate of a step, from 0.
    pub(super) fn lr(&self, step: u32) -> f64 {
        let scale = self.state.plateau.as_ref().map_or(1.0, |plateau| plateau.scale());
        self.test_rate.unwrap_or_else(|| scale * self.curve().lr(step))
    }

    fn curve(&self) -> LrCurve {
        LrCurve::new(self.recipe.spec(), self.recipe.learning_rate(), self.total_steps())
    }
}
