//! Finds texts that occur more than once.

use std::collections::{HashMap, HashSet};

use crate::dataset::collect::examples::Examples;
use crate::dataset::collect::row_targets::RowTargets;
use crate::dataset::prepare::report::RepeatedText;
use crate::limits::REPORTED_ROWS;
use crate::phrases::excerpt;

/// Most lines listed per text.
const MAX_LINES: usize = 5;

/// Repeated texts of a file.
pub(crate) struct Duplicates {
    /// First row with the same input, for each row.
    first_row: Vec<u32>,
    /// True for the first row of each text that has more than one label.
    is_contradictory: Vec<bool>,
    /// Rows whose text and target occur in an earlier row.
    pub duplicates: u32,
    /// Texts with more than one label.
    pub contradictions: u32,
    /// The first repeated texts, including those that are also in the validation file.
    pub texts: Vec<RepeatedText>,
}

impl Duplicates {
    /// Returns true if the row's text has more than one label.
    pub(crate) fn is_contradictory(&self, row: usize) -> bool {
        let first = self.first_row.get(row).copied().unwrap_or_default();
        self.is_contradictory.get(first as usize).copied().unwrap_or_default()
    }
}

/// Finds the repeated texts of a file. `is_validated` returns true for rows whose group is also in the validation file.
pub(crate) fn find_duplicates(rows: &Examples, is_validated: impl Fn(usize) -> bool) -> Duplicates {
    let mut found = Duplicates {
        first_row: Vec::with_capacity(rows.len()),
        is_contradictory: vec![false; rows.len()],
        duplicates: 0,
        contradictions: 0,
        texts: Vec::new(),
    };
    let can_contradict = matches!(rows.targets, RowTargets::Classes(_) | RowTargets::Labels(_) | RowTargets::Words(_));
    let mut first_rows: HashMap<(&str, &str), u32> = HashMap::new();
    let mut later_targets: HashSet<(u32, u64)> = HashSet::new();
    let mut listed: HashMap<u32, usize> = HashMap::new();
    for row in 0..rows.len() {
        let first = *first_rows.entry(rows.input(row)).or_insert(row as u32);
        found.first_row.push(first);
        let mut is_reported = is_validated(row);
        if first as usize != row {
            let target = rows.target_hash(row);
            if target == rows.target_hash(first as usize) || !later_targets.insert((first, target)) {
                found.duplicates += 1;
                is_reported = true;
            } else if can_contradict {
                found.contradictions += u32::from(!found.is_contradictory[first as usize]);
                found.is_contradictory[first as usize] = true;
                is_reported = true;
            }
        }
        if !is_reported {
            continue;
        }
        if !listed.contains_key(&first) && found.texts.len() < REPORTED_ROWS {
            listed.insert(first, found.texts.len());
            let text = excerpt(rows.text(row), 200);
            found.texts.push(RepeatedText { text, lines: vec![], labels: vec![] });
            list_row(&mut found.texts, &listed, rows, first, first as usize);
        }
        if first as usize != row {
            list_row(&mut found.texts, &listed, rows, first, row);
        }
    }
    found
}

/// Adds a row's line and labels to the entry of its text, if the text is listed.
fn list_row(texts: &mut [RepeatedText], listed: &HashMap<u32, usize>, rows: &Examples, first: u32, row: usize) {
    let Some(entry) = listed.get(&first).and_then(|&index| texts.get_mut(index)) else {
        return;
    };
    if entry.lines.len() < MAX_LINES {
        entry.lines.push(rows.line(row));
    }
    if matches!(rows.targets, RowTargets::Words(_)) {
        return;
    }
    for id in rows.label_ids(row) {
        let label = &rows.label_names[id as usize].name;
        if !entry.labels.contains(label) {
            entry.labels.push(label.clone());
        }
    }
}
