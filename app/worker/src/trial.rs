//! What the models say of texts: one that the person typed, and those of the validation rows.

use hone_core::problem::Problem;
use hone_core::protocol::{Event, RowView};
use hone_core::text::Batch;
use hone_core::train::predict as predict_batch;

use crate::engine::Engine;
use crate::errors;
use crate::mailbox::post;

/// Rows of a cell that are sent.
const ROWS: usize = 50;
/// Characters of a row that are sent.
const ROW_CHARS: usize = 500;

/// Classifies a text with the model before and after.
pub async fn predict(engine: &Engine, id: u32, text: &str) {
    match predicted(engine, id, text).await {
        Ok(event) => post(&event),
        Err(problem) => post(&Event::PredictFailed { id, problem }),
    }
}

async fn predicted(engine: &Engine, id: u32, text: &str) -> Result<Event, Problem> {
    let (Some(run), Some(model), Some(chosen)) = (&engine.run, &engine.model, &engine.device) else {
        return Err(Problem::new("trial.no-run", "There is no tuned model yet.").remedy("Start a run first."));
    };
    let (data, max_len) = (run.session.data(), run.session.recipe().max_len());
    let whole = model.tokenizer.encode(text, usize::MAX)?;
    let mut ids = whole.clone();
    model.tokenizer.cut(&mut ids, max_len);
    errors::clear();
    let mut said = Vec::new();
    for classifier in [run.session.base(), run.session.model()] {
        let input = Batch::new(&[&ids], 1, max_len, data.pad).input(&chosen.device);
        said.extend(predict_batch(classifier, input, 1).await?);
    }
    if let Some(problem) = errors::take_logged() {
        return Err(problem);
    }
    let mut said = said.into_iter().map(|prediction| prediction.probabilities);
    Ok(Event::Predicted {
        id,
        labels: data.classes.clone(),
        base: said.next().unwrap_or_default(),
        tuned: said.next().unwrap_or_default(),
        tokens: ids.len() as u32,
        truncated: whole.len() > max_len,
    })
}

/// Sends the validation rows of one cell of the confusion matrix, those first that the model is furthest off with.
pub fn rows(engine: &Engine, actual: u32, predicted: u32) {
    let Some((run, (_, said))) = engine.run.as_ref().and_then(|run| Some((run, run.session.best()?))) else { return };
    let labels = &run.session.data().validation.labels;
    let mut found: Vec<usize> =
        (0..said.len()).filter(|&row| labels[row] == actual && said[row].class() == predicted).collect();
    found.sort_by(|&a, &b| {
        let of_truth = |row: usize| said[row].probabilities[actual as usize];
        of_truth(a).total_cmp(&of_truth(b))
    });
    let total = found.len() as u32;
    let view = |row: usize| {
        let number = run.dataset.validation[row];
        let text = run.dataset.text(number).chars().take(ROW_CHARS).collect();
        let probability = said[row].probabilities[predicted as usize];
        RowView { line: run.dataset.line(number), text, probability }
    };
    let rows = found.into_iter().take(ROWS).map(view).collect();
    post(&Event::Rows { actual, predicted, rows, total });
}
