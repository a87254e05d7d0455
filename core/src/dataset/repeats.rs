//! Texts that stand more than once.

use std::collections::{HashMap, HashSet};

use crate::limits::REPORTED_ROWS;

use super::words::excerpt;
use super::{Labelled, RepeatedText};

/// Lines named for one text.
const LINES: usize = 5;

/// What repeats in a file.
pub(super) struct Repeats {
    /// Of each row: the first row with the same text.
    pub first_row: Vec<u32>,
    /// Of each row that is the first of its text: whether the text has more than one label.
    pub is_mixed: Vec<bool>,
    /// Rows whose text and label stand earlier.
    pub duplicates: u32,
    /// Texts with more than one label.
    pub contradictions: u32,
    /// The first of the texts, and of those that stand in validation too.
    pub texts: Vec<RepeatedText>,
}

/// Finds them; `is_elsewhere` says that a text stands in the validation file.
pub(super) fn find(rows: &Labelled, is_elsewhere: impl Fn(&str) -> bool) -> Repeats {
    let mut found = Repeats {
        first_row: Vec::with_capacity(rows.len()),
        is_mixed: vec![false; rows.len()],
        duplicates: 0,
        contradictions: 0,
        texts: Vec::new(),
    };
    let mut first_rows: HashMap<&str, u32> = HashMap::new();
    let mut later_labels: HashSet<(u32, usize)> = HashSet::new();
    let mut listed: HashMap<u32, usize> = HashMap::new();
    for row in 0..rows.len() {
        let text = rows.text(row);
        let first = *first_rows.entry(text).or_insert(row as u32);
        found.first_row.push(first);
        let is_repeat = first as usize != row;
        if is_repeat {
            let label = rows.label_id(row);
            if label == rows.label_id(first as usize) || !later_labels.insert((first, label)) {
                found.duplicates += 1;
            } else {
                found.contradictions += u32::from(!found.is_mixed[first as usize]);
                found.is_mixed[first as usize] = true;
            }
        }
        if !is_repeat && !is_elsewhere(text) {
            continue;
        }
        if !listed.contains_key(&first) && found.texts.len() < REPORTED_ROWS {
            listed.insert(first, found.texts.len());
            found.texts.push(RepeatedText { text: excerpt(text, 200), lines: vec![], labels: vec![] });
            note(&mut found.texts, &listed, rows, first, first as usize);
        }
        if is_repeat {
            note(&mut found.texts, &listed, rows, first, row);
        }
    }
    found
}

/// Adds a row's line and label to the entry of its text, where there is one.
fn note(texts: &mut [RepeatedText], listed: &HashMap<u32, usize>, rows: &Labelled, first: u32, row: usize) {
    let Some(entry) = listed.get(&first).and_then(|&index| texts.get_mut(index)) else {
        return;
    };
    if entry.lines.len() < LINES {
        entry.lines.push(rows.line(row));
    }
    let label = rows.label_name(row);
    if !entry.labels.iter().any(|known| known == label) {
        entry.labels.push(label.to_owned());
    }
}
