//! The trainable parameter groups: those of the current unfreezing stage, and those that the user froze or unfroze by
//! hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::model::FrozenPrefix;
use crate::recipe::{ParamGroup, UnfreezeTrigger};
use crate::train::session::{Phase, Session};
use crate::weights::Weights;

impl Session {
    /// Unfreezes (true) or freezes (false) a group by hand, starting with the next batch. `None` returns it to the recipe's
    /// schedule.
    ///
    /// # Errors
    /// `run.no-parameters` if the group has no parameters to train, `run.all-frozen` if nothing would be trainable.
    pub fn set_trainable(&mut self, group: ParamGroup, trainable: Option<bool>) -> Result<(), Diagnostic> {
        if self.parameters.get(&group).is_none_or(|&count| count == 0) {
            let what = format!("The parameter group {group} has no parameters to train in this run.");
            return Err(Diagnostic::new("run.no-parameters", what)
                .done("The run continues unchanged.")
                .remedy("Choose one of the groups listed with the run."));
        }
        let mut by_hand = self.state.by_hand.clone();
        match trainable {
            Some(trainable) => by_hand.insert(group, trainable),
            None => by_hand.remove(&group),
        };
        if self.trainable_groups(&by_hand).is_empty() {
            return Err(Diagnostic::new("run.all-frozen", "Nothing would be trainable any more.")
                .done("The parameter group stays trainable and the run continues.")
                .remedy("Unfreeze another group first."));
        }
        self.state.by_hand = by_hand;
        self.update_trainable();
        Ok(())
    }

    /// Returns true if the trainable groups have changed since the last call.
    pub fn take_trainable_changed(&mut self) -> bool {
        std::mem::take(&mut self.trainable_changed)
    }

    /// Enters the next stage if the score has stalled, with the full patience of early stopping.
    pub(super) fn after_evaluation(&mut self, is_progress: bool) {
        self.state.stalled = if is_progress { 0 } else { self.state.stalled.saturating_add(1) };
        let schedule = self.recipe.unfreeze_schedule();
        let next = self.state.stage + 1;
        if let UnfreezeTrigger::Stall(evaluations) = schedule.trigger()
            && self.state.stalled >= evaluations
            && next < schedule.stages().len()
        {
            self.enter_stage(next);
            self.state.early_stop.reset_patience();
        }
    }

    pub(super) fn enter_stage(&mut self, stage: usize) {
        if stage != self.state.stage {
            (self.state.stage, self.state.stalled) = (stage, 0);
            self.update_trainable();
        }
    }

    /// Applies the stage and the choices made by hand. Groups that become frozen lose their optimizer state.
    fn update_trainable(&mut self) {
        let mut trainable = self.trainable_groups(&self.state.by_hand);
        if trainable.is_empty() {
            // Everything that this stage trains was frozen by hand: the stage takes precedence.
            let stage = &self.recipe.unfreeze_schedule().stages()[self.state.stage];
            self.state.by_hand.retain(|group, is_trainable| *is_trainable || !stage.contains(group));
            trainable = self.trainable_groups(&self.state.by_hand);
        }
        if trainable == self.trainable {
            return;
        }
        let frozen_prefix = self.frozen_prefix();
        self.trainable = trainable;
        self.trainable_changed = true;
        if self.frozen_prefix() != frozen_prefix {
            self.empty_prefix_caches();
        }
        self.state.ever_trainable.extend(&self.trainable);
        let trainable = &self.trainable;
        self.optimizer.forget_frozen(&self.model, |group| trainable.contains(&group));
        // In the middle of an accumulated step, newly frozen weights must not be updated at its end.
        if let Phase::Training(accumulator) = &mut self.phase {
            self.model.visit(&mut |weight| {
                if !trainable.contains(&weight.group()) {
                    accumulator.drop_gradient(weight.name());
                }
            });
        }
    }

    /// Groups that have parameters to train and are trainable: by hand if chosen there, otherwise by the stage.
    pub(super) fn trainable_groups(&self, by_hand: &BTreeMap<ParamGroup, bool>) -> BTreeSet<ParamGroup> {
        let stage = &self.recipe.unfreeze_schedule().stages()[self.state.stage];
        let is_trainable = |group: &ParamGroup| by_hand.get(group).copied().unwrap_or_else(|| stage.contains(group));
        let has_parameters = self.parameters.iter().filter(|&(_, &count)| count > 0).map(|(&group, _)| group);
        has_parameters.filter(is_trainable).collect()
    }

    /// The frozen layers below everything that is trainable.
    pub(super) fn frozen_prefix(&self) -> FrozenPrefix {
        self.trainable.first().map_or(FrozenPrefix::None, |&lowest| self.model.prefix_below(lowest))
    }
}
