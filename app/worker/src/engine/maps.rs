//! Maps of the run's validation rows.

use hone_core::protocol::{Event, RequestId};
use hone_core::runner;

use crate::engine::Engine;
use crate::mailbox::answer;

/// Sends the maps.
pub fn send(engine: &Engine, request: RequestId) {
    if let Some(run) = &engine.run {
        answer(request, &Event::MapsDrawn { maps: runner::run_maps(&run.session, &run.dataset) });
    }
}
