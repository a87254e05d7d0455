//! Validation rows that the tuned model got wrong, next to their nearest training rows.

use hone_core::limits::SHOWN_ROWS;
use hone_core::protocol::{Event, RequestId};
use hone_core::run::WrongRowQuery;
use hone_core::runner::WrongRowSearch;

use crate::engine::Engine;
use crate::engine::inference::BATCH_SECONDS;
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, report};

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// The rows of a run that are looked through.
pub struct WrongRows {
    search: WrongRowSearch,
    /// The query that waits for the nearest training rows.
    waiting: Option<(RequestId, WrongRowQuery)>,
    reported_ms: f64,
}

/// Sends the rows that match, and again once their nearest training rows are known.
pub fn send(engine: &mut Engine, request: RequestId, query: WrongRowQuery, with_nearest: bool) {
    let Some(run) = &mut engine.run else { return };
    let (session, is_over) = (&run.session, !run.is_under_way());
    let known = run.wrong.take().filter(|wrong| wrong.search.is_current(session));
    let mut wrong = known.unwrap_or_else(|| WrongRows {
        search: WrongRowSearch::new(&run.session, &run.dataset),
        waiting: None,
        reported_ms: now_ms(),
    });
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

/// Stops looking for the nearest training rows.
pub fn stop(engine: &mut Engine) {
    if let Some(wrong) = engine.run.as_mut().and_then(|run| run.wrong.as_mut()) {
        wrong.search.stop();
        wrong.waiting = None;
    }
}

/// Compares some more rows with the training rows. Returns false if there is nothing to do.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(run) = engine.run.as_mut().filter(|run| !run.is_under_way()) else { return false };
    let Some(mut wrong) = run.wrong.take().filter(|wrong| wrong.search.is_current(&run.session)) else { return false };
    let Some((request, query)) = wrong.waiting.clone() else {
        run.wrong = Some(wrong);
        return false;
    };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    match errors::checked(wrong.search.advance().await) {
        Ok(Some(fraction)) if !wrong.search.is_compared() => {
            if now_ms() - wrong.reported_ms >= PROGRESS_MS {
                wrong.reported_ms = now_ms();
                answer(request, &Event::NearestProgress { fraction });
            }
        }
        Ok(_) => {
            wrong.waiting = None;
            let found = wrong.search.find(&run.session, &run.dataset, &query, SHOWN_ROWS);
            answer(request, &Event::WrongRowsFound { found });
        }
        // The list of wrong rows stays.
        Err(diagnostic) => {
            wrong.search.stop();
            wrong.waiting = None;
            answer(request, &Event::NearestFailed { diagnostic });
        }
    }
    run.wrong = Some(wrong);
    true
}
