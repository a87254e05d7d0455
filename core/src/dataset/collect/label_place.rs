//! The places of labels in a record, and the cells that changes to them give.

use std::collections::HashMap;

use crate::dataset::cell::parse_flag;
use crate::dataset::collect::changed_cells::{with_labels, with_tag};
use crate::dataset::collect::correction::Correction;
use crate::dataset::collect::flags::{parse_tick, turned};
use crate::dataset::collect::label_columns;
use crate::dataset::collect::label_lists::ListForm;
use crate::dataset::formats::record::Record;
use crate::dataset::mapping::Mapping;

/// Fate of a row.
pub(crate) enum RowChange {
    Drop,
    Labels(Vec<String>),
    /// New tags of words, by the number of the word.
    Tags(Vec<(usize, String)>),
}

/// Where the labels of a row are.
pub(crate) enum LabelPlace {
    /// The label, in a column.
    Label(usize),
    /// A list of labels, in a column.
    List(usize, ListForm),
    /// Flags, in a column for each label, with the name of the label.
    Flags(Vec<(usize, String)>),
    /// A label in each of these columns.
    Columns(Vec<usize>),
    /// The tags of the words, in a column.
    Tags(usize),
    /// Nowhere: rows can only be dropped.
    None,
}

/// A new cell of a record.
pub(crate) struct NewCell {
    pub column: usize,
    pub text: String,
}

/// The changes to each row. Dropping a row overrides all others.
pub(crate) fn by_line(corrections: &[Correction]) -> HashMap<u32, RowChange> {
    let mut changes = HashMap::new();
    for Correction { line, word, labels } in corrections {
        let change = match (labels, word) {
            (None, _) => RowChange::Drop,
            (Some(labels), None) => RowChange::Labels(labels.clone()),
            (Some(labels), Some(word)) => {
                let tag = labels.first().cloned().unwrap_or_default();
                match changes.get_mut(line) {
                    Some(RowChange::Tags(tags)) => {
                        tags.push((*word as usize, tag));
                        continue;
                    }
                    Some(RowChange::Drop) => continue,
                    _ => RowChange::Tags(vec![(*word as usize, tag)]),
                }
            }
        };
        changes.insert(*line, change);
    }
    changes
}

impl LabelPlace {
    /// The place of the labels in files with these columns.
    pub(crate) fn new(mapping: &Mapping, columns: &[String], list_form: ListForm) -> Self {
        match mapping {
            Mapping::Classification { label, .. } | Mapping::LabeledTexts { label, .. } => Self::Label(*label as usize),
            Mapping::MultiLabel { labels, .. } => match labels[..] {
                [column] => Self::List(column as usize, list_form),
                _ if list_form.is_in_columns => Self::Columns(labels.iter().map(|&column| column as usize).collect()),
                _ => {
                    let flag = |&column: &u32| columns.get(column as usize).map(|name| (column as usize, name.clone()));
                    Self::Flags(labels.iter().filter_map(flag).collect())
                }
            },
            Mapping::TokenClassification { tags, .. } => Self::Tags(*tags as usize),
            _ => Self::None,
        }
    }

    /// The new cells of a record. None if the change cannot be written.
    pub(crate) fn cells(&self, record: &Record, change: &RowChange) -> Option<Vec<NewCell>> {
        match (self, change) {
            (Self::Label(column), RowChange::Labels(labels)) => {
                Some(vec![NewCell { column: *column, text: labels.first()?.clone() }])
            }
            (Self::List(column, form), RowChange::Labels(labels)) => {
                let text = with_labels(record.get(*column), labels, *form)?;
                Some(vec![NewCell { column: *column, text }])
            }
            (Self::Columns(columns), RowChange::Labels(labels)) => {
                let cells = columns.iter().zip(label_columns::with_labels(labels, columns.len())?);
                let is_new = |(column, text): &(&usize, String)| record.get(**column).trim() != text;
                Some(cells.filter(is_new).map(|(&column, text)| NewCell { column, text }).collect())
            }
            (Self::Flags(flags), RowChange::Labels(labels)) => {
                let new = flags.iter().filter_map(|(column, name)| {
                    let given = record.get(*column);
                    let is_set = parse_flag(given.trim()).or_else(|| parse_tick(given.trim())).unwrap_or_default();
                    let new = || turned(given).map(|text| NewCell { column: *column, text: text.to_owned() });
                    (labels.contains(name) != is_set).then(new)
                });
                new.collect()
            }
            (Self::Tags(column), RowChange::Tags(tags)) => {
                let new = |cell: String, (word, tag): &(usize, String)| with_tag(&cell, *word, tag);
                let text = tags.iter().try_fold(record.get(*column).to_owned(), new)?;
                Some(vec![NewCell { column: *column, text }])
            }
            _ => None,
        }
    }
}
