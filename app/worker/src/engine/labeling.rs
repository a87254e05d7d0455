//! Labeling rows that have no label.

use hone_core::dataset::Correction;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::Labeler;

use crate::engine::Engine;
use crate::engine::inference::BATCH_SECONDS;
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, report};

/// Milliseconds between two reports of progress.
const PROGRESS_MS: f64 = 100.0;

/// Rows that are being labeled. The vectors stay until the data or the model change.
pub struct Labeling {
    labeler: Box<Labeler>,
    /// The request for the next row, while it is not answered.
    asked: Option<Asked>,
    reported_ms: f64,
}

/// A request for the next row.
struct Asked {
    request: RequestId,
    corrections: Vec<Correction>,
    skipped: Vec<u32>,
}

/// Asks for the next row, in place of an earlier request.
pub fn ask(engine: &mut Engine, request: RequestId, corrections: Vec<Correction>, skipped: Vec<u32>) {
    let asked = Some(Asked { request, corrections, skipped });
    let labeling = match engine.labeling.take() {
        Some(labeling) => Ok(Labeling { asked, ..labeling }),
        None => begun(engine).map(|labeler| Labeling { labeler: labeler.into(), asked, reported_ms: now_ms() }),
    };
    match labeling {
        Ok(labeling) => engine.labeling = Some(labeling),
        Err(diagnostic) => answer(request, &Event::LabelsFailed { diagnostic }),
    }
}

fn begun(engine: &Engine) -> Result<Labeler, Diagnostic> {
    if engine.is_running() {
        return Err(Diagnostic::new("labels.running", "A run is going on.").remedy("Stop it or wait for its end."));
    }
    let (Some(model), Some(examples)) = (&engine.model, engine.data.examples()) else {
        let diagnostic = Diagnostic::new("labels.not-ready", "The model or the data is not ready yet.");
        return Err(diagnostic.remedy("Load a model first: it reads the texts."));
    };
    let dataset = engine.data.collected().map(|collected| collected.rows.dataset().as_ref());
    let labeler = Labeler::new(examples, dataset)?;
    if labeler.bytes(&model.pretrained) as f64 > engine.free_bytes() {
        return Err(Diagnostic::new("labels.memory", "There is not enough memory to compare all rows.")
            .done("No row was chosen.")
            .remedy("Use a smaller model, or a part of the rows."));
    }
    Ok(labeler)
}

/// Ends the labeling, and forgets the vectors.
pub fn stop(engine: &mut Engine) {
    if let Some(Asked { request, .. }) = engine.labeling.take().and_then(|labeling| labeling.asked) {
        let diagnostic = Diagnostic::new("labels.stopped", "Labeling was stopped.");
        answer(request, &Event::LabelsFailed { diagnostic: diagnostic.remedy("Start it again.") });
    }
}

/// Computes some vectors, or chooses the next row. Returns false if none is asked for.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(mut labeling) = engine.labeling.take() else { return false };
    let (Some(asked), Some(chosen), Some(model)) = (labeling.asked.take(), &engine.device, &engine.model) else {
        engine.labeling = Some(labeling);
        return false;
    };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    if labeling.labeler.is_ready() {
        match errors::checked(labeling.labeler.ask(&asked.corrections, &asked.skipped).await) {
            Ok(question) => answer(asked.request, &Event::LabelAsked { question }),
            Err(diagnostic) => answer(asked.request, &Event::LabelsFailed { diagnostic }),
        }
        engine.labeling = Some(labeling);
        return true;
    }
    match errors::checked(labeling.labeler.advance(&model.pretrained, &chosen.device).await) {
        Ok(fraction) => {
            if now_ms() - labeling.reported_ms >= PROGRESS_MS {
                labeling.reported_ms = now_ms();
                answer(asked.request, &Event::LabelsProgress { fraction });
            }
            labeling.asked = Some(asked);
            engine.labeling = Some(labeling);
        }
        Err(diagnostic) => answer(asked.request, &Event::LabelsFailed { diagnostic }),
    }
    true
}
