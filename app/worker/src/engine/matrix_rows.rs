//! Validation rows of one cell of the confusion matrix.

use hone_core::protocol::{Event, RequestId, RowView};

use crate::engine::Engine;
use crate::mailbox::answer;

/// Maximum number of rows sent.
const MAX_ROWS: usize = 50;

/// Sends the rows of class `actual` that were predicted as `predicted`, worst first.
pub fn send(engine: &Engine, request: RequestId, actual: u32, predicted: u32) {
    let best = engine.run.as_ref().and_then(|run| Some((run, run.session.best()?)));
    let Some((run, (_, predictions))) = best else { return };
    let labels = run.session.data().validation.classes();
    let mut found: Vec<_> = predictions
        .iter()
        .zip(labels)
        .zip(&run.dataset.validation)
        .filter(|((prediction, label), _)| **label == actual && prediction.class() == predicted)
        .map(|((prediction, _), row)| (prediction, *row))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.probability(actual).total_cmp(&b.probability(actual)));
    let total = found.len() as u32;
    let rows = found.into_iter().take(MAX_ROWS).map(|(prediction, row)| RowView {
        line: run.dataset.line(row),
        text: run.dataset.text(row).to_owned(),
        pair: run.dataset.second_text(row).map(str::to_owned),
        probability: prediction.probability(predicted),
    });
    answer(request, &Event::Rows { rows: rows.collect(), total });
}
