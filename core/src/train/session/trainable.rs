//! Which parts of the model learn: as the stage of the recipe says, and as a person has frozen and thawed by hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::model::FrozenPrefix;
use crate::recipe::{ParamGroup, UnfreezeTrigger};
use crate::train::PrefixCache;
use crate::train::session::{Phase, Session};
use crate::weights::Weights;

impl Session {
    /// Freezes (false) or thaws (true) a part by hand, from the next batch on; `None` leaves it to the recipe again.
    ///
    /// # Errors
    /// When the model has no such part, or nothing would learn any more.
    pub fn set_trainable(&mut self, group: ParamGroup, trainable: Option<bool>) -> Result<(), Diagnostic> {
        if self.parameters.get(&group).is_none_or(|&count| count == 0) {
            let what = format!("The part {group} has nothing that could learn in this run.");
            return Err(Diagnostic::new("run.no-part", what).done("The run goes on as it was."));
        }
        let mut by_hand = self.state.by_hand.clone();
        match trainable {
            Some(trainable) => by_hand.insert(group, trainable),
            None => by_hand.remove(&group),
        };
        if self.trainable_groups(&by_hand).is_empty() {
            return Err(Diagnostic::new("run.all-frozen", "Nothing would learn any more.")
                .done("The part stays live and the run goes on.")
                .remedy("Thaw another part first."));
        }
        self.state.by_hand = by_hand;
        self.update_trainable();
        Ok(())
    }

    /// Whether other parts learn than the last time this was asked.
    pub fn take_trainable_changed(&mut self) -> bool {
        std::mem::take(&mut self.trainable_changed)
    }

    /// Thaws the next parts when the score has stalled; they get the full patience.
    pub(super) fn after_evaluation(&mut self, is_best: bool) {
        self.state.stalled = if is_best { 0 } else { self.state.stalled + 1 };
        let freezing = self.recipe.unfreeze_schedule();
        let next = self.state.stage + 1;
        if let UnfreezeTrigger::Stall(evaluations) = freezing.trigger()
            && self.state.stalled >= evaluations
            && next < freezing.stages().len()
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

    /// Takes over the parts that are to learn now. What is frozen loses its optimizer state.
    fn update_trainable(&mut self) {
        let mut trainable = self.trainable_groups(&self.state.by_hand);
        if trainable.is_empty() {
            // What was frozen by hand is all that this stage has: the stage goes before.
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
            (self.train_prefix, self.validation_prefix) = (PrefixCache::default(), PrefixCache::default());
        }
        let trainable = &self.trainable;
        self.optimizer.forget_frozen(&self.model, |group| trainable.contains(&group));
        // In the middle of an accumulated step: what was frozen just now must not move at its end.
        if let Phase::Training(accumulator) = &mut self.phase {
            self.model.visit(&mut |weight| {
                if !trainable.contains(&weight.group()) {
                    accumulator.gradients.take(weight.name());
                }
            });
        }
    }

    /// The parts that the stage has live and those that a person has chosen, as far as they have something to learn.
    pub(super) fn trainable_groups(&self, by_hand: &BTreeMap<ParamGroup, bool>) -> BTreeSet<ParamGroup> {
        let stage = &self.recipe.unfreeze_schedule().stages()[self.state.stage];
        let is_trainable = |group: &ParamGroup| by_hand.get(group).copied().unwrap_or_else(|| stage.contains(group));
        let can_learn = self.parameters.iter().filter(|&(_, &count)| count > 0).map(|(&group, _)| group);
        can_learn.filter(is_trainable).collect()
    }

    /// What is frozen below everything that learns.
    pub(super) fn frozen_prefix(&self) -> FrozenPrefix {
        self.trainable.first().map_or(FrozenPrefix::None, |&lowest| self.model.prefix_below(lowest))
    }
}
