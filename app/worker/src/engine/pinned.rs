//! The pinned texts of the run: predicted when it begins, and at each evaluation.

use hone_core::inference::Query;
use hone_core::protocol::Event;
use hone_core::runner::PinnedTexts;

use crate::engine::Engine;
use crate::engine::inference::BATCH_SECONDS;
use crate::errors;
use crate::mailbox::report;

/// Pins texts to the run that has just begun. One that cannot be encoded is a warning, and the run goes on without them.
pub fn pin(engine: &mut Engine, queries: &[Query]) {
    let (Some(run), Some(model)) = (&mut engine.run, &engine.model) else { return };
    if queries.is_empty() || !run.is_advancing() {
        return;
    }
    match PinnedTexts::new(queries, &run.session, &model.pretrained.tokenizer) {
        Ok(pinned) => run.pinned = Some(pinned),
        Err(diagnostic) => run.answer(&Event::RunWarning { diagnostic }),
    }
}

/// Predicts the pinned texts if that is due. Returns false if it is not.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(run) = engine.run.as_mut().filter(|run| run.is_advancing()) else { return false };
    let Some(mut pinned) = run.pinned.take_if(|pinned| pinned.is_due(&run.session)) else { return false };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    match errors::checked(pinned.predict(&run.session).await) {
        Ok(answers) => {
            run.answer(&Event::Pinned { step: run.session.state().step, answers });
            run.pinned = Some(pinned);
        }
        // The device has failed: nothing else can go wrong.
        Err(diagnostic) => run.fail(diagnostic),
    }
    true
}
