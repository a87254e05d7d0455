//! Several columns that each hold the name of one label, such as `label1` and `label2`.

use serde_json::Value;

use crate::dataset::cell::{is_unjudged, parse_flag};
use crate::dataset::collect::flags::{is_blank, parse_tick};
use crate::dataset::formats::record::Record;
use crate::dataset::inspect::column_names::names_labels;
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;

/// Returns true if the columns of labels hold names of labels rather than flags: they are called labels, and most cells of
/// the first rows are no flags.
pub(crate) fn hold_names(source: &SourceInfo, mapping: &Mapping) -> bool {
    let Mapping::MultiLabel { labels, .. } = mapping else { return false };
    let cells = || {
        let cells = source.preview.iter().flat_map(|row| labels.iter().filter_map(|&column| row.get(column as usize)));
        cells.map(|cell| cell.trim()).filter(|cell| !is_blank(cell))
    };
    let is_flag = |cell: &&str| parse_flag(cell).or_else(|| parse_tick(cell)).is_some() || is_unjudged(cell);
    let are_labels =
        labels.iter().all(|&column| source.columns.get(column as usize).is_some_and(|it| names_labels(it)));
    are_labels && labels.len() > 1 && cells().filter(is_flag).count() * 2 < cells().count()
}

/// The labels in these columns as a list, in the form of a cell that lists them. Empty if there is none.
pub(crate) fn as_list(record: &Record, columns: &[u32]) -> String {
    let cells = columns.iter().map(|&column| record.get(column as usize).trim());
    let labels: Vec<Value> = cells.filter(|cell| !is_missing(cell)).map(Value::from).collect();
    if labels.is_empty() { String::new() } else { Value::Array(labels).to_string() }
}

/// Returns true if a cell has no label. "None" may be the name of one.
fn is_missing(cell: &str) -> bool {
    ["", "nan", "NaN", "<NA>"].contains(&cell)
}

/// The cells of these columns with other labels, in order. None if there are more labels than columns.
pub(crate) fn with_labels(labels: &[String], columns: usize) -> Option<Vec<String>> {
    let blanks = columns.checked_sub(labels.len())?;
    Some(labels.iter().cloned().chain(std::iter::repeat_n(String::new(), blanks)).collect())
}
