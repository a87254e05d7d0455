//! Validation rows of one cell of the confusion matrix.

use hone_core::protocol::{Event, RequestId, RowView};
use hone_core::train::Prediction;

use crate::engine::Engine;
use crate::mailbox::answer;

/// Maximum number of rows sent.
const MAX_ROWS: usize = 50;

/// Sends the rows of class `actual` that were predicted as `predicted`, or that have such a word, worst first.
pub fn send(engine: &Engine, request: RequestId, actual: u32, predicted: u32) {
    let best = engine.run.as_ref().and_then(|run| Some((run, run.session.best()?)));
    let Some((run, (_, predictions))) = best else { return };
    let labels = &run.session.data().validation.labels;
    let worst = |(row, prediction): (usize, &Prediction)| {
        let decisions = prediction.class_decisions(labels, row).into_iter();
        let in_cell = decisions.filter(|decision| (decision.actual, decision.predicted) == (actual, predicted));
        in_cell.min_by(|a, b| a.actual_probability.total_cmp(&b.actual_probability))
    };
    let rows = predictions.iter().enumerate().zip(&run.dataset.validation);
    let mut found: Vec<_> = rows.filter_map(|(prediction, &row)| Some((worst(prediction)?, row))).collect();
    found.sort_by(|(a, _), (b, _)| a.actual_probability.total_cmp(&b.actual_probability));
    let total = found.len() as u32;
    let rows = found.into_iter().take(MAX_ROWS).map(|(decision, row)| RowView {
        line: run.dataset.line(row),
        text: run.dataset.text(row).to_owned(),
        pair: run.dataset.second_text(row).map(str::to_owned),
        probability: decision.predicted_probability,
    });
    answer(request, &Event::Rows { rows: rows.collect(), total });
}
