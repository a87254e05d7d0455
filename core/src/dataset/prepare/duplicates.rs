//! Texts that stand more than once.

use std::collections::{HashMap, HashSet};

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::examples::Targets;
use crate::dataset::phrases::excerpt;
use crate::dataset::prepare::report::RepeatedText;
use crate::limits::REPORTED_ROWS;

/// Lines named for one text.
const LINES: usize = 5;

/// What repeats in a file.
pub(crate) struct Repeats {
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

/// Finds them; `is_elsewhere` says that a row's group stands in the validation file.
pub(crate) fn find(rows: &Examples, is_elsewhere: impl Fn(usize) -> bool) -> Repeats {
    let mut found = Repeats {
        first_row: Vec::with_capacity(rows.len()),
        is_mixed: vec![false; rows.len()],
        duplicates: 0,
        contradictions: 0,
        texts: Vec::new(),
    };
    let can_contradict = matches!(rows.targets, Targets::Classes(_) | Targets::Labels(_) | Targets::Words(_));
    let mut first_rows: HashMap<(&str, &str), u32> = HashMap::new();
    let mut later_targets: HashSet<(u32, u64)> = HashSet::new();
    let mut listed: HashMap<u32, usize> = HashMap::new();
    for row in 0..rows.len() {
        let first = *first_rows.entry(rows.input(row)).or_insert(row as u32);
        found.first_row.push(first);
        let mut is_told = is_elsewhere(row);
        if first as usize != row {
            let target = rows.target(row);
            if target == rows.target(first as usize) || !later_targets.insert((first, target)) {
                found.duplicates += 1;
                is_told = true;
            } else if can_contradict {
                found.contradictions += u32::from(!found.is_mixed[first as usize]);
                found.is_mixed[first as usize] = true;
                is_told = true;
            }
        }
        if !is_told {
            continue;
        }
        if !listed.contains_key(&first) && found.texts.len() < REPORTED_ROWS {
            listed.insert(first, found.texts.len());
            let text = excerpt(rows.text(row), 200);
            found.texts.push(RepeatedText { text, lines: vec![], labels: vec![] });
            note(&mut found.texts, &listed, rows, first, first as usize);
        }
        if first as usize != row {
            note(&mut found.texts, &listed, rows, first, row);
        }
    }
    found
}

/// Adds a row's line and labels to the entry of its text, where there is one.
fn note(texts: &mut [RepeatedText], listed: &HashMap<u32, usize>, rows: &Examples, first: u32, row: usize) {
    let Some(entry) = listed.get(&first).and_then(|&index| texts.get_mut(index)) else {
        return;
    };
    if entry.lines.len() < LINES {
        entry.lines.push(rows.line(row));
    }
    if matches!(rows.targets, Targets::Words(_)) {
        return;
    }
    for id in rows.label_ids(row) {
        let label = &rows.label_names[id as usize].name;
        if !entry.labels.contains(label) {
            entry.labels.push(label.clone());
        }
    }
}
