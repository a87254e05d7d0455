//! The plan of a run, before it starts.

use crate::recipe::ParamGroup;
use crate::run::{LrPoint, ParamGroupState, RunPlan};
use crate::train::session::Session;
use crate::train::state::HistoryEntry;

/// Most points of the learning rate curve.
const CURVE_POINTS: u32 = 200;

impl Session {
    /// The plan of the run.
    pub fn plan(&self) -> RunPlan {
        let last_stage = self.recipe.unfreeze_schedule().stages().last().into_iter().flatten();
        RunPlan {
            recipe: self.recipe.spec().clone(),
            labels: self.data.labels.clone(),
            train_rows: self.data.train.rows() as u32,
            validation_rows: self.data.validation.rows() as u32,
            test_rows: self.data.test.rows() as u32,
            total_steps: self.total_steps(),
            steps_per_epoch: self.steps_per_epoch(),
            max_length: self.recipe.max_length() as u32,
            cuts: self.data.cuts,
            form: self.data.form,
            trainable_parameters: last_stage.filter_map(|group| self.parameters.get(group)).sum::<usize>() as f64,
            lr_curve: self.planned_lr(),
            param_groups: self.param_groups(),
            baseline: self.baseline(),
        }
    }

    /// The learning rate at evenly spaced steps, the first and the last among them. That of the steps before the run was
    /// trained further is the one that they had.
    fn planned_lr(&self) -> Vec<LrPoint> {
        let (curve, total) = (self.lr_curve(), self.total_steps());
        let taken = |entry: &HistoryEntry| if let HistoryEntry::Step(step) = entry { Some(step.lr) } else { None };
        let taken: Vec<f64> = self.state.history.iter().filter_map(taken).collect();
        let lr = |step: u32| taken.get(step as usize).copied().unwrap_or_else(|| curve.lr(step));
        let points = total.min(CURVE_POINTS);
        let step_of = |i: u32| {
            if points < 2 { 0 } else { (u64::from(i) * u64::from(total - 1) / u64::from(points - 1)) as u32 }
        };
        (0..points).map(step_of).map(|step| LrPoint { step: step + 1, lr: lr(step) }).collect()
    }

    /// Current state of the parameter groups, from the embeddings to the head.
    pub fn param_groups(&self) -> Vec<ParamGroupState> {
        let state = |&group: &ParamGroup| ParamGroupState {
            group,
            trainable: self.trainable.contains(&group),
            by_hand: self.state.by_hand.contains_key(&group),
            rate_factor: self.recipe.rate_factor(group),
            parameters: self.parameters.get(&group).copied().unwrap_or(0) as f64,
        };
        self.recipe.groups().iter().map(state).collect()
    }
}
