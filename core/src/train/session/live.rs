//! Which parts of the model learn: as the stage of the recipe says, and as a person has frozen and thawed by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::{Phase, Session};
use crate::model::Bottom;
use crate::problem::Problem;
use crate::recipe::{Pace, Place};
use crate::train::PrefixCache;
use crate::weights::Weights;

impl Session {
    /// Freezes (false) or thaws (true) a part by hand, from the next batch on; `None` leaves it to the recipe again.
    ///
    /// # Errors
    /// When the model has no such part, or nothing would learn any more.
    pub fn set_live(&mut self, place: Place, live: Option<bool>) -> Result<(), Problem> {
        if self.parameters.get(&place).is_none_or(|&count| count == 0) {
            let what = format!("The part {place} has nothing that could learn in this run.");
            return Err(Problem::new("run.no-part", what).done("The run goes on as it was."));
        }
        let mut by_hand = self.state.by_hand.clone();
        match live {
            Some(live) => by_hand.insert(place, live),
            None => by_hand.remove(&place),
        };
        if self.live_parts(&by_hand).is_empty() {
            return Err(Problem::new("run.all-frozen", "Nothing would learn any more.")
                .done("The part stays live and the run goes on.")
                .remedy("Thaw another part first."));
        }
        self.state.by_hand = by_hand;
        self.update_live();
        Ok(())
    }

    /// Whether other parts learn than the last time this was asked.
    pub fn take_live_changed(&mut self) -> bool {
        std::mem::take(&mut self.live_changed)
    }

    /// Thaws the next parts when the score has stalled; they get the full patience.
    pub(super) fn after_evaluation(&mut self, is_best: bool) {
        self.state.stalled = if is_best { 0 } else { self.state.stalled + 1 };
        let freezing = self.recipe.freezing();
        let next = self.state.stage + 1;
        if let Pace::Stall(evaluations) = freezing.pace()
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
            self.update_live();
        }
    }

    /// Takes over the parts that are to learn now. What is frozen loses its optimiser state.
    fn update_live(&mut self) {
        let mut live = self.live_parts(&self.state.by_hand);
        if live.is_empty() {
            // What was frozen by hand is all that this stage has: the stage goes before.
            let stage = &self.recipe.freezing().stages()[self.state.stage];
            self.state.by_hand.retain(|place, is_live| *is_live || !stage.contains(place));
            live = self.live_parts(&self.state.by_hand);
        }
        if live == self.live {
            return;
        }
        let bottom = self.bottom();
        self.live = live;
        self.live_changed = true;
        if self.bottom() != bottom {
            (self.train_prefix, self.validation_prefix) = (PrefixCache::default(), PrefixCache::default());
        }
        let live = &self.live;
        self.optimizer.forget_frozen(&mut self.model, |place| live.contains(&place));
        // In the middle of an accumulated step: what was frozen just now must not move at its end.
        if let Phase::Training(accumulator) = &mut self.phase {
            self.model.each(&mut |weight| {
                if !live.contains(&weight.place()) {
                    accumulator.gradients.take(weight.name());
                }
            });
        }
    }

    /// The parts that the stage has live and those that a person has chosen, as far as they have something to learn.
    pub(super) fn live_parts(&self, by_hand: &BTreeMap<Place, bool>) -> BTreeSet<Place> {
        let stage = &self.recipe.freezing().stages()[self.state.stage];
        let is_live = |place: &Place| by_hand.get(place).copied().unwrap_or_else(|| stage.contains(place));
        let can_learn = self.parameters.iter().filter(|&(_, &count)| count > 0).map(|(&place, _)| place);
        can_learn.filter(is_live).collect()
    }

    /// What is frozen below everything that learns.
    pub(super) fn bottom(&self) -> Bottom {
        self.live.first().map_or(Bottom::None, |&lowest| self.model.bottom_below(lowest))
    }
}
