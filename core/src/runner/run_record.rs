//! The record of a run that is saved.

use crate::metrics::Evaluation;
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
        test: session.test().map(Evaluation::without_rows),
    }
}
