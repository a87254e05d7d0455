//! Training further: more epochs of a run that has ended.

use crate::diagnostic::Diagnostic;
use crate::model::TaskModel;
use crate::train::adamw::AdamW;
use crate::train::session::train_step::StepAccumulator;
use crate::train::session::{Phase, Session};
use crate::train::state::BatchPosition;

/// Point from which training goes on. The session's own model is the best one once a run has ended.
pub(super) struct LiveTensors {
    /// The model after the last step.
    pub model: TaskModel,
    pub optimizer: AdamW,
    /// The weights at the start of the run, for L2-SP.
    pub start: Option<TaskModel>,
    /// The first batch whose frozen layers' outputs were cached.
    pub prefix_begin: BatchPosition,
}

impl Session {
    /// Returns true if the run has ended and can be trained further.
    pub fn can_extend(&self) -> bool {
        self.live.is_some()
    }

    /// Continues a run that has ended for `epochs` more epochs, from the weights and optimizer state after its last step.
    /// Best weights and history are kept, and patience starts again. From here on, the learning rate follows the schedule of
    /// a run of all epochs: with a constant schedule, the run is the same as one that was longer from the start.
    ///
    /// # Errors
    /// `run.no-further` if the run has not ended or its optimizer state was dropped; the range of `epochs` if there would be
    /// too many. Nothing is changed then.
    pub fn extend(&mut self, epochs: u32) -> Result<(), Diagnostic> {
        let begun = self.state.epoch + u32::from(self.state.batch > 0);
        let recipe = self.recipe.clone().with_epochs(begun.saturating_add(epochs))?;
        let Some(live) = self.live.take() else {
            return Err(Diagnostic::new("run.no-further", "This run cannot be trained further.")
                .done("Its optimizer state was dropped when the data or the model changed, or another run was started.")
                .remedy("Start a run with more epochs."));
        };
        self.recipe = recipe;
        (self.model, self.optimizer, self.start) = (live.model, live.optimizer, live.start);
        // A step that was stopped between two of its batches is taken as a whole.
        let first = self.step_batches().start as u32;
        self.state.batches_seen -= u64::from(self.state.batch - first);
        self.state.batch = first;
        self.state.prefix_begin = live.prefix_begin;
        self.schedule_prefix_refill();
        self.state.early_stop.reset_patience();
        self.state.extended_at.push(self.state.step);
        (self.test, self.forgetting, self.stop_requested) = (None, None, false);
        self.phase = Phase::Training(StepAccumulator::default());
        Ok(())
    }

    /// Drops what only training further needs, to free its memory.
    pub fn drop_live_tensors(&mut self) {
        self.live = None;
    }
}
