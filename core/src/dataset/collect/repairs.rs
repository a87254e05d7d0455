//! Counts of what was repaired while the rows were collected.

use crate::dataset::collect::lost_targets::LostTargets;
use crate::dataset::skipped::SkippedRows;
use crate::diagnostic::Diagnostic;

/// Repairs made while the rows of a file were collected.
#[derive(Debug, Default)]
pub(crate) struct Repairs {
    /// Tags changed to make BIO consistent.
    pub tags: u32,
    /// Spans widened to whole words.
    pub widened_spans: u32,
    /// Spans that were left out, by row.
    pub skipped_spans: SkippedRows,
    pub answers: AnswerRepairs,
    /// Spellings of each label that was written in several ways.
    pub joined_labels: Vec<Vec<String>>,
    /// Warnings about how the cells were read.
    pub warnings: Vec<Diagnostic>,
    /// Targets that no row of the data set has, because all rows with them were skipped.
    pub lost_targets: LostTargets,
}

/// Answers that were not at their stated start.
#[derive(Debug, Default)]
pub(crate) struct AnswerRepairs {
    /// Answers whose start counts bytes, not characters.
    pub byte_offsets: u32,
    /// Answers whose start counts UTF-16 code units.
    pub utf16_offsets: u32,
    /// Answers found by their text alone.
    pub found_by_text: u32,
    /// Answers that were not found, to questions with another answer that was.
    pub not_found: u32,
}
