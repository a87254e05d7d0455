//! Some steps at one learning rate, to see whether it crawls, learns or breaks.

use crate::diagnostic::Diagnostic;
use crate::train::session::Session;
use crate::train::session::progress::Progress;

/// Optimizer steps at the rate.
pub const TRIAL_STEPS: u32 = 24;

/// A trial of a learning rate in progress. It trains a copy of the model.
pub struct RateTrial {
    session: Session,
    steps: u32,
    has_failed: bool,
}

impl RateTrial {
    /// Starts a trial with a fresh session of [`LrFinder::recipe`](crate::train::LrFinder::recipe). Trials of several rates
    /// with the same recipe have the same rows, the same head and the same dropout.
    pub fn new(session: Session, rate: f64) -> Self {
        let mut session = session.for_dry_run();
        session.set_dry_run_lr(rate);
        Self { session, steps: 0, has_failed: false }
    }

    /// Runs a batch. Returns the loss of a step when that completes one; it is not finite if the rate broke the weights, which
    /// ends the trial.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn advance(&mut self) -> Result<Option<f64>, Diagnostic> {
        let Progress::Step(metrics) = self.session.advance().await? else { return Ok(None) };
        self.steps += 1;
        self.has_failed = !metrics.taken;
        Ok(Some(if metrics.taken { metrics.loss } else { f64::NAN }))
    }

    /// Returns true after the last step.
    pub fn is_over(&self) -> bool {
        self.has_failed || self.steps >= TRIAL_STEPS
    }
}
