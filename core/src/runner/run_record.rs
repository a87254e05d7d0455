//! The record of a run that is saved.

use crate::run::{RunRecord, RunSource};
use crate::train::Session;

/// The record of a run after `seconds` of work.
pub fn run_record(session: &Session, source: RunSource, seconds: f64) -> RunRecord {
    RunRecord {
        plan: session.plan(),
        source,
        step: session.state().step,
        seconds,
        best: session.best().map(|(best, _)| best.without_rows()),
    }
}
