//! Evidence that the cells of a column list several labels, though most of them may have only one.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::dataset::separator::{SEPARATORS, is_frequent, separates};

/// Number of distinct cells that are looked at.
const MAX_CELLS: usize = 2_000;
/// Longest cell that may be a list, in bytes. A longer cell with spaces alone is a text.
const MAX_LIST_BYTES: usize = 400;
const MAX_SPACED_BYTES: usize = 100;
/// Longest label of a list, in bytes.
const MAX_LABEL_BYTES: usize = 40;

/// Evidence that the cells of a column are lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListEvidence {
    /// No cell is a list of labels that other cells have too.
    None,
    /// Some of the labels in lists occur in other cells, or the lists are separated by spaces.
    Some,
    /// Nearly all labels in lists occur in other cells.
    Strong,
}

/// Distinct cells of a column, as hashes.
#[derive(Default)]
pub(crate) struct LabelCells {
    cells: HashSet<u64>,
    /// Distinct cells that are no list.
    single: HashSet<u64>,
    /// Labels of each distinct cell with a separator.
    lists: Vec<(char, Vec<u64>)>,
    /// True if a cell has the separator that the user set. Then the user says that such cells are lists.
    has_set: bool,
}

/// A hash of a value, by which distinct values are counted.
pub(crate) fn hash_of<T: Hash>(value: T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl LabelCells {
    /// Adds a trimmed cell that is not empty. `set` is the separator that the user set.
    pub(crate) fn add(&mut self, cell: &str, set: Option<char>) {
        if self.cells.len() >= MAX_CELLS || cell.len() > MAX_LIST_BYTES || !self.cells.insert(hash_of(cell)) {
            return;
        }
        let is_around = |c: char| c.is_whitespace() || "[](){}'\"".contains(c);
        let labels = |separator: char| {
            let parts = cell.split(separator).map(|part| part.trim_matches(is_around));
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>()
        };
        if let Some(set) = set {
            self.has_set |= cell.contains(set);
            return;
        }
        let separator = SEPARATORS.into_iter().find(|&separator| separates(separator, cell));
        if separator == Some(' ') && cell.len() > MAX_SPACED_BYTES {
            return;
        }
        if matches!(separator, None | Some(' ')) {
            // A label may have spaces.
            self.single.insert(hash_of(cell.trim_matches(is_around)));
        }
        if let Some(separator) = separator {
            let labels = labels(separator);
            if labels.iter().all(|label| label.len() <= MAX_LABEL_BYTES) {
                self.lists.push((separator, labels.into_iter().map(hash_of).collect()));
            }
        }
    }

    /// Evidence that the cells are lists.
    pub(crate) fn evidence(&self) -> ListEvidence {
        if self.has_set {
            return ListEvidence::Strong;
        }
        let uses = |separator: char| self.lists.iter().filter(|(it, _)| *it == separator).count();
        let marked = self.lists.len() - uses(' ');
        let all = |separator: char| if separator == ' ' { self.lists.len() } else { marked };
        let Some(separator) = SEPARATORS.into_iter().find(|&it| is_frequent(uses(it), all(it))) else {
            return ListEvidence::None;
        };
        let lists = || self.lists.iter().filter(|(it, _)| *it == separator).map(|(_, labels)| labels);
        let mut counts: HashMap<u64, usize> = HashMap::new();
        lists().flatten().for_each(|label| *counts.entry(*label).or_default() += 1);
        // Words repeat in all texts. They are labels if they are cells of their own.
        let may_repeat = separator != ' ';
        let is_known = |label: &&u64| self.single.contains(label) || (may_repeat && counts[label] > 1);
        let (known, all) = (lists().flatten().filter(is_known).count(), lists().flatten().count());
        match (separator, all) {
            (_, 0) => ListEvidence::None,
            (' ', _) if known * 2 > all => ListEvidence::Some,
            (' ', _) => ListEvidence::None,
            _ if known * 4 >= all * 3 => ListEvidence::Strong,
            _ if known * 2 >= all => ListEvidence::Some,
            _ => ListEvidence::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(cells: &[&str]) -> ListEvidence {
        let mut all = LabelCells::default();
        cells.iter().for_each(|cell| all.add(cell, None));
        all.evidence()
    }

    #[test]
    fn labels_in_lists_occur_in_other_cells_too() {
        assert_eq!(evidence(&["27", "3", "3,27", "14", "3,14"]), ListEvidence::Strong);
        assert_eq!(evidence(&["joy", "anger", "joy, anger", "['joy', 'anger']"]), ListEvidence::Strong);
        assert_eq!(evidence(&["good|rare", "bad", "good"]), ListEvidence::Some);
        assert_eq!(evidence(&["sports", "tech", "sports#tech", "music"]), ListEvidence::Strong);
        assert_eq!(evidence(&["scab", "rust", "scab rust", "rust complex"]), ListEvidence::Some);
        assert_eq!(evidence(&["science fiction", "old romance", "science fiction|old romance"]), ListEvidence::Strong);
    }

    #[test]
    fn class_names_with_separators_are_no_lists() {
        assert_eq!(evidence(&["Sports, outdoors", "Books, music", "Garden"]), ListEvidence::None);
        assert_eq!(evidence(&["good", "very good", "bad", "very bad"]), ListEvidence::None);
        assert_eq!(evidence(&["good", "bad"]), ListEvidence::None);
        assert_eq!(evidence(&["C", "C#", "F#", "F"]), ListEvidence::None);
        assert_eq!(evidence(&["it was good, and cheap", "it was bad, and late", "so so"]), ListEvidence::None);
    }
}
