//! Scores of entities, equal to seqeval's default mode (Nakayama 2018), which follows conlleval: an entity is found if its
//! label and both its ends are correct.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::class_scores::{ClassScores, Counts};

/// An entity: consecutive tags of one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity<'a> {
    /// Its label: the tag without `B-` or `I-`.
    pub label: &'a str,
    /// Index of its first tag.
    pub start: usize,
    /// Index after its last tag.
    pub end: usize,
}

/// Scores of all entities: micro averages, macro averages, and the scores of each label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityScores {
    /// Correct entities / predicted entities.
    pub precision: f64,
    /// Correct entities / actual entities.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Mean of the labels' precision.
    pub macro_precision: f64,
    /// Mean of the labels' recall.
    pub macro_recall: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Scores of each label that occurs or is predicted, sorted by name; `support` counts entities.
    pub labels: Vec<ClassScores>,
}

/// The entities of a sequence of BIO tags, in order, as seqeval's `get_entities`.
///
/// An `I-` that does not continue an entity of its label starts one, so predictions need not be consistent. A tag that
/// starts with neither `B` nor `I` is outside.
pub fn entities<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let mut found: Vec<Entity> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let Some(rest) = tag.strip_prefix(['B', 'I']) else { continue };
        let label = match rest.split_once('-').map_or(rest, |(_, label)| label) {
            // seqeval's name for a missing label.
            "" => "_",
            label => label,
        };
        match found.last_mut().filter(|last| last.end == i && last.label == label) {
            Some(last) if tag.starts_with('I') => last.end += 1,
            _ => found.push(Entity { label, start: i, end: i + 1 }),
        }
    }
    found
}

/// Scores of predicted tags, one list for each text: seqeval's `classification_report`.
pub fn evaluate_entities(actual: &[Vec<&str>], predicted: &[Vec<&str>]) -> EntityScores {
    let mut by_label: BTreeMap<&str, Counts> = BTreeMap::new();
    for (actual, predicted) in actual.iter().zip(predicted) {
        let (actual, predicted) = (entities(actual), entities(predicted));
        for entity in &actual {
            by_label.entry(entity.label).or_default().actual += 1;
        }
        for entity in &predicted {
            let counts = by_label.entry(entity.label).or_default();
            counts.predicted += 1;
            // Entities of a text do not overlap: at most one starts at each position.
            let same_start = actual.binary_search_by_key(&entity.start, |other| other.start);
            counts.true_positives += u32::from(same_start.is_ok_and(|i| actual[i] == *entity));
        }
    }
    let total = by_label.values().fold(Counts::default(), |total, counts| Counts {
        true_positives: total.true_positives + counts.true_positives,
        predicted: total.predicted + counts.predicted,
        actual: total.actual + counts.actual,
    });
    let labels: Vec<ClassScores> = by_label.into_iter().map(|(label, counts)| counts.scores(label)).collect();
    let micro = total.scores("");
    let mean = |score: fn(&ClassScores) -> f64| labels.iter().map(score).sum::<f64>() / labels.len().max(1) as f64;
    EntityScores {
        precision: micro.precision,
        recall: micro.recall,
        f1: micro.f1,
        macro_precision: mean(|label| label.precision),
        macro_recall: mean(|label| label.recall),
        macro_f1: mean(|label| label.f1),
        labels,
    }
}
