//! Scores of entities, as seqeval (Nakayama 2018) has them by default and conlleval before it: an entity counts as found
//! if its label and both its ends are right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::ClassScores;

/// A run of tags that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity<'a> {
    /// What stands after `B-` or `I-`.
    pub label: &'a str,
    /// Its first tag.
    pub start: usize,
    /// The tag after its last.
    pub end: usize,
}

/// Scores of all entities together, the mean of their labels', and those of each label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityScores {
    /// Of the entities predicted, the share that is right.
    pub precision: f64,
    /// Of the entities, the share that was found.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Mean of the labels' precision.
    pub macro_precision: f64,
    /// Mean of the labels' recall.
    pub macro_recall: f64,
    /// Mean of the labels' F1.
    pub macro_f1: f64,
    /// Each label that occurs or is predicted, by name; `support` counts entities.
    pub labels: Vec<ClassScores>,
}

/// The entities of one sequence of BIO tags, in their order.
///
/// An `I-` that does not go on with an entity of its label begins one, so what a model says need not be consistent.
/// What begins with neither `B` nor `I` is outside.
pub fn entities<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let mut found: Vec<Entity> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let Some(rest) = tag.strip_prefix(['B', 'I']) else { continue };
        let label = match rest.split_once('-').map_or(rest, |(_, label)| label) {
            // seqeval's name for what has none.
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

/// Scores of predicted tags, one list a text.
pub fn evaluate_entities(actual: &[Vec<&str>], predicted: &[Vec<&str>]) -> EntityScores {
    /// Entities found, predicted, and there.
    #[derive(Default)]
    struct Counts([u32; 3]);
    let mut by_label: BTreeMap<&str, Counts> = BTreeMap::new();
    for (actual, predicted) in actual.iter().zip(predicted) {
        let (actual, predicted) = (entities(actual), entities(predicted));
        for entity in &actual {
            by_label.entry(entity.label).or_default().0[2] += 1;
        }
        for entity in &predicted {
            let counts = &mut by_label.entry(entity.label).or_default().0;
            counts[1] += 1;
            // Entities of a text do not overlap: at most one begins there.
            let same_start = actual.binary_search_by_key(&entity.start, |other| other.start);
            counts[0] += u32::from(same_start.is_ok_and(|i| actual[i] == *entity));
        }
    }
    let mut sums = [0; 3];
    let mut labels = Vec::with_capacity(by_label.len());
    for (label, Counts(counts)) in by_label {
        sums = [0, 1, 2].map(|i| sums[i] + counts[i]);
        labels.push(ClassScores::from_counts(label, counts[0], counts[1], counts[2]));
    }
    let micro = ClassScores::from_counts("", sums[0], sums[1], sums[2]);
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
