//! Training a finished run further.

use hone_core::protocol::Command;
use hone_core::run::{Control, EndReason, Verdict};

use crate::state::{Effect, Phase, Run, State, Topic};

/// Most epochs that are suggested at a time.
const MAX_SUGGESTED: u32 = 10;
/// Most epochs of a run.
const MAX_EPOCHS: u32 = 100;

impl Run {
    /// Epochs that have been done, the last one perhaps in part.
    fn begun_epochs(&self) -> u32 {
        self.steps.last().map_or(0, |step| step.epoch.ceil() as u32)
    }

    /// Number of epochs to suggest: the rest of the plan if the user stopped the run, otherwise as many again.
    pub(in crate::state) fn suggested_epochs(&self) -> u32 {
        let (planned, begun) =
            (self.plan.as_ref().and_then(|plan| plan.recipe.epochs).unwrap_or_default(), self.begun_epochs());
        let is_stopped = self.summary().is_some_and(|summary| summary.reason == EndReason::Stopped);
        if is_stopped && planned > begun { planned - begun } else { begun.clamp(1, MAX_SUGGESTED) }
    }

    /// Epochs of the run after it has been trained further.
    pub fn epochs_in_all(&self) -> u32 {
        self.begun_epochs() + self.more_epochs
    }

    /// The verdict on the finished run.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.summary()?.verdict.as_ref()
    }
}

impl State {
    /// Returns true if the finished run can be trained further now.
    pub fn can_train_further(&self) -> bool {
        let can = self.run.has_optimizer && self.run.has_weights && self.run.begun_epochs() < MAX_EPOCHS;
        can && self.run.summary().is_some() && !self.is_engaged() && !self.model.is_loading()
    }

    /// The control that the verdict points to, if it is another one than training further.
    pub fn helpful_control(&self) -> Option<Control> {
        let control = self.run.verdict()?.control?;
        (control != Control::TrainFurther || !self.can_train_further()).then_some(control)
    }

    /// Takes the number of epochs to train further, as typed; other text is ignored.
    pub fn type_more_epochs(&mut self, typed: &str) {
        if let Ok(epochs) = typed.trim().parse::<u32>() {
            self.run.more_epochs = epochs.clamp(1, (MAX_EPOCHS - self.run.begun_epochs().min(MAX_EPOCHS - 1)).max(1));
        }
    }

    /// Trains the finished run further.
    pub fn extend_run(&mut self) -> Vec<Effect> {
        if !self.can_train_further() {
            return Vec::new();
        }
        // Restored if it is refused.
        self.previous = Some(self.run.clone());
        let run = &mut self.run;
        (run.phase, run.rejected, run.seconds_left) = (Phase::Starting, None, None);
        (run.wrong, run.maps) = (None, None);
        (run.has_weights, run.has_optimizer) = (false, false);
        self.device.lost = None;
        self.folds.on_run();
        let epochs = run.more_epochs;
        let mut effects = self.cancel_estimate();
        effects.push(self.request(Topic::Run, Command::TrainFurther { epochs }));
        effects
    }
}
