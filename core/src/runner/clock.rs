//! Speed and remaining time of a run, based on times that the caller measures.

use std::collections::VecDeque;

use crate::train::Work;

/// Number of steps over which the speed is averaged.
const SPEED_STEPS: usize = 10;

/// Times of a run, in milliseconds since any fixed moment, without pauses.
#[derive(Clone, Debug)]
pub struct RunClock {
    began_ms: f64,
    paused_ms: f64,
    pause_began_ms: Option<f64>,
    /// The last steps.
    recent: VecDeque<Step>,
    /// Time at which the first step was done: compilation makes it slower than the others.
    first_step_ms: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    tokens: u32,
    done_ms: f64,
}

impl RunClock {
    /// A run that begins at `now_ms`.
    pub fn new(now_ms: f64) -> Self {
        let recent = VecDeque::with_capacity(SPEED_STEPS + 1);
        Self { began_ms: now_ms, paused_ms: 0.0, pause_began_ms: None, recent, first_step_ms: None }
    }

    /// A run that continues at `now_ms`, after this many seconds of work.
    pub fn continued(now_ms: f64, seconds: f64) -> Self {
        Self { began_ms: now_ms - 1e3 * seconds, ..Self::new(now_ms) }
    }

    /// Milliseconds of work since the beginning.
    fn worked_ms(&self, now_ms: f64) -> f64 {
        let pause_ms = self.pause_began_ms.map_or(0.0, |began| now_ms - began);
        now_ms - self.began_ms - self.paused_ms - pause_ms
    }

    /// Seconds of work since the beginning.
    pub fn seconds(&self, now_ms: f64) -> f64 {
        self.worked_ms(now_ms) / 1e3
    }

    /// Counts an optimizer step over this many tokens.
    pub fn step(&mut self, tokens: u32, now_ms: f64) {
        let done_ms = self.worked_ms(now_ms);
        self.first_step_ms.get_or_insert(done_ms);
        self.recent.push_back(Step { tokens, done_ms });
        if self.recent.len() > SPEED_STEPS + 1 {
            self.recent.pop_front();
        }
    }

    /// Tokens per second over the last steps; 0 before there are two.
    pub fn tokens_per_s(&self) -> f64 {
        let (Some(first), Some(last)) = (self.recent.front(), self.recent.back()) else { return 0.0 };
        let tokens: u32 = self.recent.iter().skip(1).map(|step| step.tokens).sum();
        let ms = last.done_ms - first.done_ms;
        if ms > 0.0 { f64::from(tokens) / ms * 1e3 } else { 0.0 }
    }

    /// Seconds until the end, once `steps_done` steps are enough for an estimate.
    pub fn seconds_left(&self, steps_done: u32, work: &Work, now_ms: f64) -> Option<f64> {
        let done = WorkDone { steps_done, done: work.done(steps_done), first: work.done(1), total: work.total() };
        self.left(done, now_ms)
    }

    fn left(&self, work: WorkDone, now_ms: f64) -> Option<f64> {
        let first_ms = self.first_step_ms.filter(|_| work.steps_done >= SPEED_STEPS as u32)?;
        let ms_per_work = (self.worked_ms(now_ms) - first_ms) / (work.done - work.first).max(f64::EPSILON);
        Some(ms_per_work * (work.total - work.done) / 1e3)
    }

    /// Stops the clock. Does nothing if it is already stopped.
    pub fn pause(&mut self, now_ms: f64) {
        self.pause_began_ms.get_or_insert(now_ms);
    }

    /// Restarts the clock. Does nothing if it is already running.
    pub fn resume(&mut self, now_ms: f64) {
        if let Some(began_ms) = self.pause_began_ms.take() {
            self.paused_ms += now_ms - began_ms;
            self.recent.clear();
        }
    }
}

/// Work of a run, in the unit of [`Work`].
struct WorkDone {
    steps_done: u32,
    /// Work after these steps.
    done: f64,
    /// Work after the first step.
    first: f64,
    total: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn even(steps_done: u32) -> WorkDone {
        WorkDone { steps_done, done: f64::from(steps_done), first: 1.0, total: 100.0 }
    }

    #[test]
    fn the_first_step_does_not_count_for_the_time_left() {
        let mut clock = RunClock::new(0.0);
        for step in 0..20 {
            clock.step(50, 60_000.0 + 100.0 * f64::from(step));
        }
        let now_ms = 60_000.0 + 1_900.0;
        assert_eq!(clock.left(even(20), now_ms), Some(8.0));
        assert_eq!(clock.tokens_per_s(), 500.0);
    }

    #[test]
    fn the_time_left_is_not_told_before_ten_steps() {
        let mut clock = RunClock::new(0.0);
        clock.step(50, 100.0);
        assert_eq!(clock.left(even(9), 1_000.0), None);
        assert_eq!(clock.tokens_per_s(), 0.0);
    }

    #[test]
    fn pauses_do_not_count() {
        let mut clock = RunClock::new(1_000.0);
        clock.step(50, 2_000.0);
        clock.pause(3_000.0);
        clock.pause(4_000.0);
        assert_eq!(clock.seconds(9_000.0), 2.0, "the clock is stopped");
        clock.resume(10_000.0);
        clock.resume(11_000.0);
        assert_eq!(clock.seconds(12_000.0), 4.0);
        assert_eq!(clock.tokens_per_s(), 0.0, "steps before a pause say nothing about the speed after it");
    }
}
