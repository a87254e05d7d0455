//! How far the weights of the run have moved, measured for each evaluation.

use hone_core::protocol::Event;

use crate::engine::Engine;
use crate::errors;

/// Measures it if that is due. Returns false if it is not.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(run) = engine.run.as_mut().filter(|run| run.is_advancing() && run.session.is_evaluating()) else {
        return false;
    };
    let step = run.session.state().step;
    if run.measured_step == Some(step) {
        return false;
    }
    run.measured_step = Some(step);
    match errors::checked(run.session.movement().await) {
        Ok(groups) => run.answer(&Event::Moved { step, groups }),
        Err(diagnostic) => run.fail(diagnostic),
    }
    true
}
