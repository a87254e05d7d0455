//! The labels that are checked: of rows, or of the words in them.

use std::collections::HashMap;

use crate::dataset::Dataset;
use crate::recipe::Task;
use crate::rng::{Rng, Stream};
use crate::runner::shown_labels::aligned_words;
use crate::text::Labels;
use crate::train::ProbeTargets;

/// Number of folds.
pub(super) const FOLDS: usize = 5;

/// Labels by kind.
#[derive(Debug)]
pub(super) enum ReviewedLabels {
    /// The class of each row.
    Classes(Vec<u32>),
    /// For each row and label: true if the row has it, `[rows, labels]`.
    LabelSets(Vec<bool>),
    /// The tags of words.
    Tags(Vec<ReviewedWord>),
    /// None: the texts alone are compared.
    None,
}

/// A word whose tag is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReviewedWord {
    /// Index of its row among those that are looked at.
    pub at: u32,
    /// Number of the word in its row.
    pub word: u32,
    pub tag: u32,
    /// Its first token.
    token: u32,
}

impl ReviewedLabels {
    /// The labels of these rows. `tags` has, for each of them, the first tokens of its words with their tags.
    pub(super) fn new(dataset: &Dataset, rows: &[u32], tags: &[Vec<(u32, u32)>]) -> Self {
        match dataset.task {
            Task::Classification => Self::Classes(rows.iter().map(|&row| dataset.label(row)).collect()),
            Task::Embeddings if !dataset.labels.is_empty() => {
                Self::Classes(rows.iter().map(|&row| dataset.label(row)).collect())
            }
            Task::MultiLabel => {
                let flags = |&row: &u32| {
                    let held = dataset.row_labels(row);
                    (0..dataset.labels.len() as u32).map(move |label| held.contains(&label))
                };
                Self::LabelSets(rows.iter().flat_map(flags).collect())
            }
            Task::TokenClassification => {
                let of_row = |((at, &row), tags): ((u32, &u32), &Vec<(u32, u32)>)| {
                    let is_known = aligned_words(dataset, row, tags).is_some();
                    let words = (0..).zip(tags.iter().filter(move |_| is_known));
                    words.map(move |(word, &(token, tag))| ReviewedWord { at, word, tag, token }).collect::<Vec<_>>()
                };
                Self::Tags((0..).zip(rows).zip(tags).flat_map(of_row).collect())
            }
            _ => Self::None,
        }
    }

    /// Targets of the heads; none if there is nothing to learn.
    pub(super) fn targets(&self, labels: usize) -> Option<ProbeTargets> {
        match self {
            Self::Classes(classes) => Some(ProbeTargets::classes(classes, labels)),
            Self::LabelSets(has) => Some(ProbeTargets::label_sets(has, labels)),
            Self::Tags(words) => Some(ProbeTargets::classes(&tags(words), labels)),
            Self::None => None,
        }
    }

    /// The first tokens of the words of each row, if words are checked.
    pub(super) fn tokens(&self, rows: usize) -> Option<Vec<Vec<u32>>> {
        let Self::Tags(words) = self else { return None };
        let mut tokens = vec![Vec::new(); rows];
        words.iter().for_each(|word| tokens[word.at as usize].push(word.token));
        Some(tokens)
    }

    /// The fold of each row or word. Each label is spread evenly over the folds, of several labels the rarest one of the row.
    /// Rows with the same text are in one fold, since a head that has seen one of them knows the label of the other.
    pub(super) fn folds(&self, dataset: &Dataset, rows: &[u32]) -> Vec<usize> {
        let labels = self.rarest(dataset, rows);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        Rng::new(0, Stream::Folds, 1).shuffle(&mut order);
        order.sort_by_key(|&at| labels[at]);
        let mut folds = vec![0; rows.len()];
        let mut of_text = HashMap::new();
        for at in order {
            let next = of_text.len() % FOLDS;
            let text = (dataset.text(rows[at]), dataset.second_text(rows[at]));
            folds[at] = *of_text.entry(text).or_insert(next);
        }
        match self {
            Self::Tags(words) => words.iter().map(|word| folds[word.at as usize]).collect(),
            _ => folds,
        }
    }

    /// The label of each row that the fewest rows have.
    fn rarest(&self, dataset: &Dataset, rows: &[u32]) -> Vec<u32> {
        let of_rows: Vec<Vec<u32>> = rows.iter().map(|&row| dataset.row_labels(row)).collect();
        let mut counts = vec![0usize; dataset.labels.len()];
        of_rows.iter().flatten().for_each(|&label| counts[label as usize] += 1);
        let rarest = |labels: &Vec<u32>| labels.iter().copied().min_by_key(|&label| (counts[label as usize], label));
        of_rows.iter().map(|labels| rarest(labels).unwrap_or(u32::MAX)).collect()
    }
}

/// The tags of words.
pub(super) fn tags(words: &[ReviewedWord]) -> Vec<u32> {
    words.iter().map(|word| word.tag).collect()
}

/// The tags of the words of each row; empty lists for rows without words.
pub(super) fn tags_of_rows(labels: &Labels, rows: usize) -> Vec<&[(u32, u32)]> {
    match labels {
        Labels::Tags(tags) => tags.iter().map(|tags| &tags[..]).collect(),
        _ => vec![&[]; rows],
    }
}
