//! Labels, numbers or tags of rows that are nearly the same: do they contradict each other, and which is likely?

use std::collections::{BTreeMap, HashMap};

use crate::dataset::{Dataset, Example};
use crate::runner::shown_labels::label_names;

/// Targets that rows with the same text should agree on.
pub(super) enum ComparedTargets {
    /// The labels of each row, as an index in the list of those that occur.
    Labels { sets: Vec<u32>, names: Vec<Vec<String>> },
    /// The number of each row, and the standard deviation of all.
    Numbers { values: Vec<f64>, deviation: f64 },
    /// The words of each row in lower case, and their tags.
    Tags(Vec<(Vec<String>, Vec<u32>)>),
    /// Nothing.
    None,
}

impl ComparedTargets {
    /// The targets of these rows.
    pub(super) fn new(dataset: &Dataset, rows: &[u32]) -> Self {
        let number = |&row: &u32| match dataset.example(row) {
            Example::Number { value, .. } | Example::ScoredPair { score: value, .. } => Some(f64::from(value)),
            _ => None,
        };
        let tagged = |&row: &u32| match dataset.example(row) {
            Example::Tags { text, words } => {
                let word = |start, end| text.get(start as usize..end as usize).unwrap_or_default().to_lowercase();
                Some(words.iter().map(|it| (word(it.start, it.end), it.tag)).unzip())
            }
            _ => None,
        };
        if let Some(values) = rows.iter().map(number).collect::<Option<Vec<f64>>>() {
            let count = values.len().max(1) as f64;
            let mean = values.iter().sum::<f64>() / count;
            let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
            return Self::Numbers { values, deviation };
        }
        if let Some(tags) = rows.iter().map(tagged).collect() {
            return Self::Tags(tags);
        }
        if dataset.labels.is_empty() {
            return Self::None;
        }
        let (mut known, mut names) = (HashMap::new(), Vec::new());
        let set = |&row: &u32| {
            let mut labels = dataset.row_labels(row);
            labels.sort_unstable();
            let next = names.len() as u32;
            *known.entry(labels.clone()).or_insert_with(|| {
                names.push(label_names(dataset, &labels));
                next
            })
        };
        Self::Labels { sets: rows.iter().map(set).collect(), names }
    }

    /// The targets in the plural; empty if there are none.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Labels { .. } => "labels",
            Self::Numbers { .. } => "numbers",
            Self::Tags(_) => "tags",
            Self::None => "",
        }
    }

    /// Returns true if rows of a group contradict each other: by other labels, by numbers that are farther apart than the
    /// standard deviation of all, or by other tags of the same words.
    pub(super) fn contradict(&self, group: &[u32]) -> bool {
        let rows = || group.iter().map(|&at| at as usize);
        match self {
            Self::Labels { sets, .. } => rows().any(|at| sets[at] != sets[group[0] as usize]),
            Self::Numbers { values, deviation } => {
                let (least, most) = rows().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), at| {
                    (least.min(values[at]), most.max(values[at]))
                });
                *deviation > 0.0 && most - least > *deviation
            }
            Self::Tags(tagged) => {
                let mut known = HashMap::new();
                rows().any(|at| {
                    let (words, tags) = &tagged[at];
                    *known.entry(words).or_insert(tags) != tags
                })
            }
            Self::None => false,
        }
    }

    /// The labels that most rows of a group have; those of row `at` if none have more rows. Of two rows, either may be right:
    /// each is offered the labels of the other one. None without labels.
    pub(super) fn likely(&self, group: &[u32], at: u32) -> Option<Vec<String>> {
        let Self::Labels { sets, names } = self else { return None };
        names.get(likely(sets, group, at) as usize).cloned()
    }
}

fn likely(labels: &[u32], rows: &[u32], at: u32) -> u32 {
    let own = labels[at as usize];
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    rows.iter().for_each(|&row| *counts.entry(labels[row as usize]).or_default() += 1);
    let most = counts.iter().max_by_key(|(label, rows)| (**rows, **label == own)).map(|(label, _)| *label);
    let other = counts.keys().find(|label| **label != own).copied();
    match rows.len() {
        2 => other.or(most).unwrap_or(own),
        _ => most.unwrap_or(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_offered_the_label_of_most_others_or_of_the_other_one() {
        let labels = [0, 1, 1, 0];
        assert_eq!([0, 1, 2].map(|at| likely(&labels, &[0, 1, 2], at)), [1, 1, 1]);
        assert_eq!([0, 1].map(|at| likely(&labels, &[0, 1], at)), [1, 0]);
        assert_eq!(likely(&labels, &[0, 1, 2, 3], 3), 0, "its own in a tie");
    }

    #[test]
    fn numbers_contradict_each_other_beyond_a_standard_deviation() {
        let numbers = ComparedTargets::Numbers { values: vec![1.0, 1.5, 3.0], deviation: 1.0 };
        assert!(!numbers.contradict(&[0, 1]) && numbers.contradict(&[0, 1, 2]));
        assert_eq!(numbers.likely(&[0, 2], 0), None);
    }

    #[test]
    fn only_the_same_words_can_have_contradicting_tags() {
        let row = |words: &[&str], tags: &[u32]| (words.iter().map(|&word| word.to_owned()).collect(), tags.to_vec());
        let rows = vec![row(&["in", "rome"], &[0, 1]), row(&["at", "rome"], &[0, 0]), row(&["in", "rome"], &[0, 0])];
        let tags = ComparedTargets::Tags(rows);
        assert!(!tags.contradict(&[0, 1]) && tags.contradict(&[0, 1, 2]));
    }
}
