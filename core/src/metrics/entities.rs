//! Scores of entities, equal to seqeval's default mode (Nakayama 2018), which follows conlleval: an entity is found if its
//! label and both its ends are correct.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::metrics::class_scores::{ClassScores, CountedRows, Counts, mean};
use crate::recipe::Metric;

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
/// An `I-` that does not continue an entity of its label starts one, so predictions need not be consistent. Every other tag
/// is outside, such as `IN` or `INTJ`: the prefix needs its dash.
pub fn entities<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let mut found: Vec<Entity> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        let Some((prefix, label)) = split(tag) else { continue };
        match found.last_mut().filter(|last| last.end == i && last.label == label) {
            Some(last) if prefix == "I" => last.end += 1,
            _ => found.push(Entity { label, start: i, end: i + 1 }),
        }
    }
    found
}

/// Prefix and label of a BIO tag. A bare `B` or `I` has seqeval's name for a missing label.
fn split(tag: &str) -> Option<(&str, &str)> {
    match tag.split_once('-').unwrap_or((tag, "")) {
        (prefix @ ("B" | "I"), "") => Some((prefix, "_")),
        (prefix @ ("B" | "I"), label) => Some((prefix, label)),
        _ => None,
    }
}

/// Returns true if tags mark entities: more than half of those other than `O` are BIO. Otherwise they are plain, one for
/// each word, as parts of speech are.
pub fn are_entity_tags(tags: &[String]) -> bool {
    let inside: Vec<&String> = tags.iter().filter(|tag| *tag != "O").collect();
    2 * inside.iter().filter(|tag| split(tag).is_some()).count() > inside.len()
}

/// Runs of equal tags other than `O`, for tags that are plain: the groups of transformers'
/// `aggregation_strategy="simple"`.
pub fn tag_runs<'a>(tags: &[&'a str]) -> Vec<Entity<'a>> {
    let mut start = 0;
    let runs = tags.chunk_by(|a, b| a == b).map(|run| {
        let entity = Entity { label: run[0], start, end: start + run.len() };
        start = entity.end;
        entity
    });
    runs.filter(|entity| entity.label != "O").collect()
}

/// Scores of predicted tags, one list for each text: seqeval's `classification_report`.
pub fn evaluate_entities(actual: &[Vec<&str>], predicted: &[Vec<&str>]) -> EntityScores {
    let mut by_label: BTreeMap<&str, Counts> = BTreeMap::new();
    for (actual, predicted) in actual.iter().zip(predicted) {
        count(actual, predicted, &mut by_label);
    }
    let total = by_label.values().fold(Counts::default(), |total, counts| Counts {
        true_positives: total.true_positives + counts.true_positives,
        predicted: total.predicted + counts.predicted,
        actual: total.actual + counts.actual,
    });
    let labels: Vec<ClassScores> = by_label.into_iter().map(|(label, counts)| counts.scores(label)).collect();
    let micro = total.scores("");
    let mean = |score: fn(&ClassScores) -> f64| mean(labels.iter().map(score));
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

/// Adds the entities of a text to the counts of their labels.
fn count<'a>(actual: &[&'a str], predicted: &[&'a str], by_label: &mut BTreeMap<&'a str, Counts>) {
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

/// The entities of each text, counted by label, in the order of [`EntityScores::labels`].
pub(super) fn counted_rows(actual: &[Vec<&str>], predicted: &[Vec<&str>]) -> CountedRows {
    let row = |(actual, predicted)| {
        let mut by_label = BTreeMap::new();
        count(actual, predicted, &mut by_label);
        by_label
    };
    let rows: Vec<BTreeMap<&str, Counts>> =
        actual.iter().map(Vec::as_slice).zip(predicted.iter().map(Vec::as_slice)).map(row).collect();
    let labels: BTreeSet<&str> = rows.iter().flat_map(BTreeMap::keys).copied().collect();
    let ids: BTreeMap<&str, u32> = labels.into_iter().zip(0..).collect();
    let with_ids = |row: BTreeMap<&str, Counts>| row.into_iter().map(|(label, counts)| (ids[label], counts)).collect();
    CountedRows { classes: ids.len(), rows: rows.into_iter().map(with_ids).collect() }
}

/// The scores of all entities together. Labels that neither occur nor are predicted are left out of the mean, as in seqeval.
pub(super) fn figures(counts: &[Counts]) -> [(Metric, f64); 4] {
    let sum = |of: fn(&Counts) -> u32| counts.iter().map(of).sum::<u32>();
    let [true_positives, predicted, actual] =
        [sum(|label| label.true_positives), sum(|label| label.predicted), sum(|label| label.actual)];
    let total = Counts { true_positives, predicted, actual }.scores("");
    let occurring = counts.iter().filter(|label| label.actual + label.predicted > 0);
    [
        (Metric::F1, total.f1),
        (Metric::Precision, total.precision),
        (Metric::Recall, total.recall),
        (Metric::MacroF1, mean(occurring.map(|label| label.f1()))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_of_a_bio_tag_needs_its_dash() {
        assert_eq!(entities(&["IN", "INTJ", "BOOK", "O", "PER"]), []);
        let found = entities(&["B", "I", "O", "I-X-Y", "I-X-Y", "B-X-Y", "B-", "I-"]);
        let found: Vec<_> = found.into_iter().map(|entity| (entity.label, entity.start, entity.end)).collect();
        assert_eq!(found, [("_", 0, 2), ("X-Y", 3, 5), ("X-Y", 5, 6), ("_", 6, 8)]);
    }

    #[test]
    fn only_bio_tags_mark_entities() {
        let are = |tags: &[&str]| are_entity_tags(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        for tags in [&["O", "B-PER", "I-PER"][..], &["I-X", "O"], &["B", "I", "O"], &["B-PER", "O", "I-PER", "X"]] {
            assert!(are(tags), "{tags:?}");
        }
        for tags in [&["O", "PER"][..], &["0", "1"], &["NOUN", "VERB", "INTJ"], &["IN", "NN", "B-x"], &["O"], &[]] {
            assert!(!are(tags), "{tags:?}");
        }
    }

    #[test]
    fn equal_plain_tags_in_a_row_are_one_run() {
        let runs = tag_runs(&["PER", "PER", "O", "LOC", "PER", "O"]);
        let runs: Vec<_> = runs.into_iter().map(|run| (run.label, run.start, run.end)).collect();
        assert_eq!(runs, [("PER", 0, 2), ("LOC", 3, 4), ("PER", 4, 5)]);
    }

    #[test]
    fn scores_without_entities_are_zero_and_not_minus_zero() {
        let scores = evaluate_entities(&[vec!["O"]], &[vec!["O"]]);
        for score in [scores.f1, scores.macro_f1, scores.macro_precision, scores.macro_recall] {
            assert_eq!(score.to_bits(), 0.0f64.to_bits());
        }
    }
}
