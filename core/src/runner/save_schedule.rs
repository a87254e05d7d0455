//! Times at which a run is saved.

/// Longest work that can be lost, in seconds, unless saving takes long.
const EVERY_SECONDS: f64 = 60.0;
/// Largest part of the time that saving may take.
const MAX_SHARE: f64 = 0.02;

/// Decides when a run is saved: after each evaluation and after a minute of work, as long as that takes little of the time.
#[derive(Clone, Copy, Debug)]
pub struct SaveSchedule {
    /// Seconds of work at the last save.
    saved: f64,
    /// Seconds that the last save took.
    cost: f64,
    is_evaluated: bool,
}

impl SaveSchedule {
    /// A run that begins or continues at `seconds` of work.
    pub fn new(seconds: f64) -> Self {
        Self { saved: seconds, cost: 0.0, is_evaluated: false }
    }

    /// Records an evaluation.
    pub fn evaluated(&mut self) {
        self.is_evaluated = true;
    }

    /// Returns true if the run should be saved after `seconds` of work.
    pub fn is_due(&self, seconds: f64) -> bool {
        let since = seconds - self.saved;
        (self.is_evaluated || since >= EVERY_SECONDS) && since * MAX_SHARE >= self.cost
    }

    /// Records a save, which took `cost` seconds. A failed one counts too, so that it is not repeated at once.
    pub fn saved(&mut self, seconds: f64, cost: f64) {
        *self = Self { saved: seconds, cost, is_evaluated: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_saved_after_evaluations_and_every_minute() {
        let mut schedule = SaveSchedule::new(10.0);
        assert!(!schedule.is_due(69.0) && schedule.is_due(70.0));
        schedule.evaluated();
        assert!(schedule.is_due(11.0));
        schedule.saved(11.0, 0.1);
        assert!(!schedule.is_due(70.0) && schedule.is_due(71.0));
    }

    #[test]
    fn saving_takes_little_of_the_time() {
        let mut schedule = SaveSchedule::new(0.0);
        schedule.saved(100.0, 2.0);
        schedule.evaluated();
        assert!(!schedule.is_due(199.0) && schedule.is_due(200.0));
        schedule.saved(200.0, 0.1);
        schedule.evaluated();
        assert!(!schedule.is_due(204.0) && schedule.is_due(205.0));
    }
}
