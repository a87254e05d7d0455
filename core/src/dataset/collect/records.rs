//! The records of a file by number, for programs that read the same file by themselves.

use crate::dataset::layout::{Compression, FileLayout};
use crate::dataset::source::SourceInfo;

/// The records of a file, and which of them each row is.
#[cfg_attr(not(feature = "engine"), expect(dead_code, reason = "only the engine writes scripts"))]
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    /// Layout of the file; none before it is known.
    pub layout: Option<FileLayout>,
    /// Its compression.
    pub compression: Option<Compression>,
    /// True if the records are only a part of the file, such as one sheet.
    pub is_part: bool,
    /// Number of records, those that cannot be used included.
    pub count: u32,
    /// For each row, the number of its record, from 0.
    numbers: Vec<u32>,
}

impl Records {
    /// The records of a file that was scanned, none of which has been read yet.
    pub(crate) fn of(source: &SourceInfo) -> Self {
        Self {
            layout: Some(source.layout()),
            compression: source.compression,
            is_part: !source.parts.is_empty() || source.holds_validation,
            ..Self::default()
        }
    }

    /// The last record became a row.
    pub(crate) fn add_row(&mut self) {
        self.numbers.push(self.count - 1);
    }

    /// Keeps the rows that `keep` selects.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.numbers.retain(|_| keep.next().copied().unwrap_or(true));
    }

    /// Number of a row's record, from 0.
    pub(crate) fn number(&self, row: usize) -> u32 {
        self.numbers.get(row).copied().unwrap_or_default()
    }
}
