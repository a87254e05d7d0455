//! Validation rows that the tuned model got wrong, next to their nearest training rows.

use hone_core::limits::SHOWN_ROWS;
use hone_core::protocol::{Event, RequestId};
use hone_core::run::WrongRowQuery;
use hone_core::runner::WrongRowSearch;

use crate::engine::Engine;
use crate::engine::inference::BATCH_SECONDS;
use crate::errors;
use crate::mailbox::{answer, report};

/// The rows of a run that are looked through.
pub struct WrongRows {
    search: WrongRowSearch,
    /// The query that waits for the nearest training rows.
    waiting: Option<(RequestId, WrongRowQuery)>,
}

/// Sends the rows that match, and again once their nearest training rows are known.
pub fn send(engine: &mut Engine, request: RequestId, query: WrongRowQuery, with_nearest: bool) {
    let Some(run) = &mut engine.run else { return };
    let (session, is_over) = (&run.session, !run.is_under_way());
    let known = run.wrong.take().filter(|wrong| wrong.search.is_current(session));
    let mut wrong =
        known.unwrap_or_else(|| WrongRows { search: WrongRowSearch::new(&run.session, &run.dataset), waiting: None });
    // A run that goes on has other weights soon.
    if with_nearest && is_over {
        wrong.search.compare(&run.session);
    }
    let found = wrong.search.find(&run.session, &run.dataset, &query, SHOWN_ROWS);
    answer(request, &Event::WrongRowsFound { found });
    if with_nearest {
        wrong.waiting = Some((request, query)).filter(|_| !wrong.search.is_compared());
    }
    run.wrong = Some(wrong);
}

/// Compares some more rows with the training rows. Returns false if there is nothing to do.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(run) = engine.run.as_mut().filter(|run| !run.is_under_way()) else { return false };
    let Some(mut wrong) = run.wrong.take().filter(|wrong| wrong.search.is_current(&run.session)) else { return false };
    if wrong.waiting.is_none() {
        run.wrong = Some(wrong);
        return false;
    }
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    match errors::checked(wrong.search.advance().await) {
        Ok(_) if wrong.search.is_compared() => {
            if let Some((request, query)) = wrong.waiting.take() {
                let found = wrong.search.find(&run.session, &run.dataset, &query, SHOWN_ROWS);
                answer(request, &Event::WrongRowsFound { found });
            }
        }
        Ok(Some(_)) => {}
        // Without the nearest rows, the list is what it was.
        Ok(None) | Err(_) => wrong.waiting = None,
    }
    run.wrong = Some(wrong);
    true
}
