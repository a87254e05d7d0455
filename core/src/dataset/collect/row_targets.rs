//! Targets of the rows, one column per task.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::dataset::collect::example::{Role, Word};
use crate::dataset::collect::lists::Lists;
use crate::dataset::mapping::Mapping;

/// A span of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ByteSpan {
    pub start: u32,
    pub end: u32,
}

/// A turn of a conversation whose turns are stored as one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Turn {
    pub role: Role,
    /// End of the turn in the row's text, in bytes.
    pub end: u32,
}

/// Target of one row. Labels and tags are ids in the file's own list of label names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RowTarget {
    Class(u32),
    Labels(Vec<u32>),
    Number(f32),
    Words(Vec<Word>),
    /// Spans of the passage.
    Answers(Vec<ByteSpan>),
    Turns(Vec<Turn>),
    /// The texts themselves are the target.
    Text,
}

/// Targets of all rows of a file.
#[derive(Debug)]
pub(crate) enum RowTargets {
    Classes(Vec<u32>),
    Labels(Lists<u32>),
    Numbers(Vec<f32>),
    Words(Lists<Word>),
    Answers(Lists<ByteSpan>),
    Turns(Lists<Turn>),
    /// The texts themselves are the targets.
    Texts,
}

impl RowTargets {
    /// An empty column of the kind that `mapping` needs.
    pub(crate) fn new(mapping: &Mapping) -> Self {
        match mapping {
            Mapping::Classification { .. } | Mapping::LabeledTexts { .. } => Self::Classes(Vec::new()),
            Mapping::MultiLabel { .. } => Self::Labels(Lists::default()),
            Mapping::Regression { .. } | Mapping::ScoredPairs { .. } | Mapping::Reranking { .. } => {
                Self::Numbers(Vec::new())
            }
            Mapping::TokenClassification { .. } => Self::Words(Lists::default()),
            Mapping::QuestionAnswering { .. } => Self::Answers(Lists::default()),
            Mapping::Chat { .. } => Self::Turns(Lists::default()),
            Mapping::Completion { .. } | Mapping::Corpus { .. } | Mapping::Pairs { .. } => Self::Texts,
        }
    }

    /// Adds the target of the next row.
    ///
    /// # Errors
    /// The target itself if it belongs to another task. Nothing is added then.
    pub(crate) fn push(&mut self, target: RowTarget) -> Result<(), RowTarget> {
        match (self, target) {
            (Self::Classes(classes), RowTarget::Class(class)) => classes.push(class),
            (Self::Labels(lists), RowTarget::Labels(labels)) => lists.push(labels),
            (Self::Numbers(numbers), RowTarget::Number(number)) => numbers.push(number),
            (Self::Words(lists), RowTarget::Words(words)) => lists.push(words),
            (Self::Answers(lists), RowTarget::Answers(answers)) => lists.push(answers),
            (Self::Turns(lists), RowTarget::Turns(turns)) => lists.push(turns),
            (Self::Texts, RowTarget::Text) => {}
            (_, target) => return Err(target),
        }
        Ok(())
    }

    /// Removes the targets of the rows for which `keep` is false.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        fn kept<T>(items: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            items.retain(|_| keep.next().copied().unwrap_or(true));
        }
        match self {
            Self::Classes(classes) => kept(classes, keep),
            Self::Numbers(numbers) => kept(numbers, keep),
            Self::Labels(lists) => lists.retain(keep),
            Self::Words(lists) => lists.retain(keep),
            Self::Answers(lists) => lists.retain(keep),
            Self::Turns(lists) => lists.retain(keep),
            Self::Texts => {}
        }
    }

    /// Replaces each label by its new id.
    pub(crate) fn relabel(&mut self, new_ids: &[u32]) {
        let new = |id: u32| new_ids.get(id as usize).copied().unwrap_or(id);
        match self {
            Self::Classes(classes) => classes.iter_mut().for_each(|class| *class = new(*class)),
            Self::Labels(lists) => {
                let mut relabeled = Lists::default();
                for row in 0..lists.len() {
                    relabeled.push(lists.get(row).iter().map(|&id| new(id)).collect::<BTreeSet<u32>>());
                }
                *lists = relabeled;
            }
            Self::Words(lists) => {
                lists.for_each_mut(|words| words.iter_mut().for_each(|word| word.tag = new(word.tag)))
            }
            Self::Numbers(_) | Self::Answers(_) | Self::Turns(_) | Self::Texts => {}
        }
    }

    /// Label ids of a row: its class, its labels, or the tag of each of its words.
    pub(crate) fn label_ids(&self, row: usize) -> Vec<u32> {
        match self {
            Self::Classes(classes) => vec![classes[row]],
            Self::Labels(lists) => lists.get(row).to_vec(),
            Self::Words(lists) => lists.get(row).iter().map(|word| word.tag).collect(),
            Self::Numbers(_) | Self::Answers(_) | Self::Turns(_) | Self::Texts => Vec::new(),
        }
    }

    /// A hash that rows with the same target share. `second_text` is the target if there is no other.
    pub(crate) fn hash(&self, row: usize, second_text: Option<&str>) -> u64 {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Classes(classes) => classes[row].hash(&mut hasher),
            Self::Labels(lists) => {
                let mut ids = lists.get(row).to_vec();
                ids.sort_unstable();
                ids.hash(&mut hasher);
            }
            Self::Numbers(numbers) => numbers[row].to_bits().hash(&mut hasher),
            Self::Words(lists) => lists.get(row).hash(&mut hasher),
            Self::Answers(lists) => lists.get(row).hash(&mut hasher),
            Self::Turns(lists) => lists.get(row).hash(&mut hasher),
            Self::Texts => second_text.hash(&mut hasher),
        }
        hasher.finish()
    }
}
