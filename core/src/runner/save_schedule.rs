//! Times at which a run is saved.

/// Longest work that can be lost, in seconds, unless saving takes long.
const EVERY_SECONDS: f64 = 60.0;
/// Largest part of the time that saving may take.
const MAX_SHARE: f64 = 0.02;
/// Bytes that are assumed to be saved in a second, until a save has been timed. Chromium on two cores took 127 million.
const ASSUMED_SPEED: f64 = 100e6;

/// Decides when a run is saved: after each evaluation and after a minute of work, as long as that takes little of the time.
#[derive(Clone, Copy, Debug)]
pub struct SaveSchedule {
    /// Seconds of work at the last save.
    saved: f64,
    /// Seconds that the last save took; none before the first.
    cost: Option<f64>,
    is_evaluated: bool,
}

impl SaveSchedule {
    /// A run that begins or continues at `seconds` of work.
    pub fn new(seconds: f64) -> Self {
        Self { saved: seconds, cost: None, is_evaluated: false }
    }

    /// Records an evaluation.
    pub fn evaluated(&mut self) {
        self.is_evaluated = true;
    }

    /// Returns true if the run should be saved after `seconds` of work. A save has at most `bytes` bytes.
    pub fn is_due(&self, seconds: f64, bytes: f64) -> bool {
        let (since, cost) = (seconds - self.saved, self.cost.unwrap_or(bytes / ASSUMED_SPEED));
        (self.is_evaluated || since >= EVERY_SECONDS) && since * MAX_SHARE >= cost
    }

    /// Records a save, which took `cost` seconds. A failed one counts too, so that it is not repeated at once.
    pub fn saved(&mut self, seconds: f64, cost: f64) {
        *self = Self { saved: seconds, cost: Some(cost), is_evaluated: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a small model.
    const FEW: f64 = 1e6;

    #[test]
    fn a_run_is_saved_after_evaluations_and_every_minute() {
        let mut schedule = SaveSchedule::new(10.0);
        assert!(!schedule.is_due(69.0, FEW) && schedule.is_due(70.0, FEW));
        schedule.evaluated();
        assert!(schedule.is_due(11.0, FEW));
        schedule.saved(11.0, 0.1);
        assert!(!schedule.is_due(70.0, FEW) && schedule.is_due(71.0, FEW));
    }

    #[test]
    fn saving_takes_little_of_the_time() {
        let mut schedule = SaveSchedule::new(0.0);
        schedule.saved(100.0, 2.0);
        schedule.evaluated();
        assert!(!schedule.is_due(199.0, FEW) && schedule.is_due(200.0, FEW));
        schedule.saved(200.0, 0.1);
        schedule.evaluated();
        assert!(!schedule.is_due(204.0, FEW) && schedule.is_due(205.0, FEW));
    }

    #[test]
    fn the_first_save_of_a_large_model_waits_until_it_takes_little_of_the_time() {
        let mut schedule = SaveSchedule::new(0.0);
        schedule.evaluated();
        assert!(!schedule.is_due(99.0, 200e6) && schedule.is_due(100.0, 200e6));
    }
}
