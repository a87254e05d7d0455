//! The search for wrong labels.

use hone_core::diagnostic::Diagnostic;
use hone_core::limits::{LISTED_GROUPS, LISTED_SUSPECTS};
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::LabelReview;

use crate::engine::Engine;
use crate::engine::inference::BATCH_SECONDS;
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, report};

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// A search under way.
pub struct Review {
    request: RequestId,
    search: Box<LabelReview>,
    reported_ms: f64,
}

/// Begins a search, in place of an earlier one.
pub fn begin(engine: &mut Engine, request: RequestId) {
    match begun(engine) {
        Ok(search) => engine.review = Some(Review { request, search: Box::new(search), reported_ms: now_ms() }),
        Err(diagnostic) => answer(request, &Event::LabelsFailed { diagnostic }),
    }
}

fn begun(engine: &Engine) -> Result<LabelReview, Diagnostic> {
    if engine.is_running() {
        return Err(Diagnostic::new("labels.running", "A run is going on.").remedy("Stop it or wait for its end."));
    }
    let (Some(chosen), Some(model), Some(data)) = (&engine.device, &engine.model, engine.data.collected()) else {
        let diagnostic = Diagnostic::new("labels.not-ready", "The model or the data is not ready yet.");
        return Err(diagnostic.remedy("Load a model first: it reads the texts."));
    };
    let search = LabelReview::new(&data.rows, &model.pretrained, &chosen.device)?;
    if search.bytes() as f64 > engine.free_bytes() {
        return Err(Diagnostic::new("labels.memory", "There is not enough memory to compare all rows.")
            .done("The labels were not checked.")
            .remedy("Use a smaller model, or a part of the rows."));
    }
    Ok(search)
}

/// Stops the search under way.
pub fn stop(engine: &mut Engine) {
    if let Some(review) = engine.review.take() {
        let diagnostic = Diagnostic::new("labels.stopped", "The search for wrong labels was stopped.");
        answer(review.request, &Event::LabelsFailed { diagnostic: diagnostic.remedy("Start it again.") });
    }
}

/// Looks at the next rows. Returns false if there is no search.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(mut review) = engine.review.take() else { return false };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    match errors::checked(review.search.advance().await) {
        Ok(_) if review.search.is_over() => {
            answer(
                review.request,
                &Event::LabelsReviewed { found: review.search.finish(LISTED_SUSPECTS, LISTED_GROUPS) },
            );
        }
        Ok(fraction) => {
            if now_ms() - review.reported_ms >= PROGRESS_MS {
                review.reported_ms = now_ms();
                answer(review.request, &Event::LabelsProgress { fraction });
            }
            engine.review = Some(review);
        }
        Err(diagnostic) => answer(review.request, &Event::LabelsFailed { diagnostic }),
    }
    true
}
