//! Validation rows that the tuned model got wrong.

use hone_core::limits::SHOWN_ROWS;
use hone_core::protocol::{Event, RequestId};
use hone_core::run::WrongRowQuery;
use hone_core::runner;

use crate::engine::Engine;
use crate::mailbox::answer;

/// Sends the rows that match.
pub fn send(engine: &Engine, request: RequestId, query: &WrongRowQuery) {
    let Some(run) = &engine.run else { return };
    let neighbors = engine.neighbors.as_ref().filter(|neighbors| neighbors.is_of(&run.dataset));
    let found = runner::wrong_rows(&run.session, &run.dataset, neighbors, query, SHOWN_ROWS);
    answer(request, &Event::WrongRowsFound { found });
}
