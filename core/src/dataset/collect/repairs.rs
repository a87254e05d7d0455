//! Counts of what was repaired while the rows were collected.

use crate::dataset::skipped::SkippedRows;

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
}

/// Answers that were not at their stated start.
#[derive(Debug, Default)]
pub(crate) struct AnswerRepairs {
    /// Answers whose start counts bytes, not characters.
    pub byte_offsets: u32,
    /// Answers found by their text alone.
    pub found_by_text: u32,
    /// Answers that were not found, to questions with another answer that was.
    pub not_found: u32,
}
