//! Targets all of whose rows are skipped, so that a rule which skips rows never takes one side of the data in silence.

use crate::dataset::skipped::SkippedRows;

/// Number of targets that are kept apart.
const MAX_TARGETS: usize = 100;

/// Skipped rows by target: by label for classification, and all questions with an answer for question answering.
#[derive(Debug, Default)]
pub(crate) struct LostTargets {
    pub by_target: Vec<(String, SkippedRows)>,
}

impl LostTargets {
    /// Counts a skipped row, unless its target is empty.
    pub(crate) fn add(&mut self, target: &str, line: u32, reason: &str) {
        if target.is_empty() {
            return;
        }
        let known = self.by_target.iter().position(|(known, _)| known == target);
        if known.is_none() && self.by_target.len() >= MAX_TARGETS {
            return;
        }
        let index = known.unwrap_or(self.by_target.len());
        if known.is_none() {
            self.by_target.push((target.to_owned(), SkippedRows::default()));
        }
        if let Some((_, rows)) = self.by_target.get_mut(index) {
            rows.add(line, reason);
        }
    }

    /// Forgets the targets that other rows have.
    pub(crate) fn retain(&mut self, is_lost: impl Fn(&str) -> bool) {
        self.by_target.retain(|(target, _)| is_lost(target));
    }
}
