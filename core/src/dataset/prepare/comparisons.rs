//! Checks that the training rows of embeddings have texts to compare: one learns only from what is more similar than
//! something else.

use std::collections::HashSet;

use crate::dataset::collect::example::Example;
use crate::dataset::prepare::dataset::Dataset;
use crate::diagnostic::Diagnostic;

/// Checks the training rows of embeddings. Rows of other tasks pass.
///
/// # Errors
/// `data.no-negatives` if all pairs share a text, `data.one-score` if all scores are equal, and `data.no-positives` if no
/// two training texts have the same label.
pub(crate) fn check_comparisons(dataset: &Dataset) -> Result<(), Diagnostic> {
    let mut anchors = HashSet::new();
    let mut positives = HashSet::new();
    let mut scores = HashSet::new();
    let (mut classes, mut has_positive) = (HashSet::new(), false);
    for &row in &dataset.train {
        match dataset.example(row) {
            // The negative of a triplet is always something to compare with.
            Example::Pair { negative: Some(_), .. } => return Ok(()),
            Example::Pair { anchor, positive, .. } => {
                anchors.insert(anchor);
                positives.insert(positive);
            }
            Example::ScoredPair { score, .. } => {
                scores.insert(score.to_bits());
            }
            Example::LabeledText { class, .. } => has_positive |= !classes.insert(class),
            _ => return Ok(()),
        }
    }
    let refused =
        |code: &str, what: &str| Diagnostic::new(code, what).done("There is nothing to compare. The file stays open.");
    if anchors.len().min(positives.len()) == 1 {
        let what = "All pairs for training have a text in common, so no text is a wrong answer to another one.";
        return Err(refused("data.no-negatives", what)
            .remedy("Add pairs of other texts, or a column of negatives. Or check which columns are chosen."));
    }
    if scores.len() == 1 {
        let what = "All pairs for training have the same score, so none is more similar than another.";
        return Err(refused("data.one-score", what)
            .remedy("Add pairs with other scores, or choose the task for pairs without a score."));
    }
    if !classes.is_empty() && !has_positive {
        let what = "Each label has only one text for training, so no two texts are similar.";
        return Err(refused("data.no-positives", what)
            .remedy("Add texts: ten of each label are a start. Or choose another column as the label."));
    }
    Ok(())
}
