//! Checks that the passages of queries can be ranked.

use std::collections::HashMap;

use crate::dataset::collect::example::Example;
use crate::dataset::prepare::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::recipe::Task;

/// Label from which a passage fits its query, as in the scores.
const FITS: f32 = 0.5;

/// Checks the training rows of a reranker. Rows of other tasks pass. Warns of queries without a passage that fits.
///
/// # Errors
/// `data.one-label` if all passages for training have the same label.
pub(crate) fn check_queries(dataset: &Dataset) -> Result<Option<Diagnostic>, Diagnostic> {
    if dataset.task != Task::Reranking {
        return Ok(None);
    }
    let mut best: HashMap<&str, f32> = HashMap::new();
    let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
    for &row in &dataset.train {
        let Example::Number { text, value, .. } = dataset.example(row) else { continue };
        let best = best.entry(text).or_insert(value);
        *best = best.max(value);
        (least, most) = (least.min(value), most.max(value));
    }
    if least == most {
        let what = "All passages for training have the same label, so none fits better than another.";
        return Err(Diagnostic::new("data.one-label", what)
            .done("There is nothing to learn. The file stays open.")
            .remedy(
                "Add passages that do not fit, with the label 0, and ones that fit, with 1. Or check the columns.",
            ));
    }
    let unanswered = best.values().filter(|best| **best < FITS).count();
    let what = format!("{unanswered} of {} queries for training have no passage that fits.", best.len());
    let done = "They were kept: the model learns from them what does not fit.";
    Ok((unanswered > 0).then(|| Diagnostic::new("data.unanswered-queries", what).done(done)))
}
