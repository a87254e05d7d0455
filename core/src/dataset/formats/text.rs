//! Running text: one row per paragraph, or per line if there are no blank lines.

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;

/// Name of the only column.
pub(crate) const COLUMN: &str = "text";
/// Longest row, in bytes. Longer paragraphs and lines continue in the next row.
const MAX_PASSAGE_BYTES: usize = 64 << 10;

/// Reads passages of running text.
pub(crate) struct TextReader {
    /// True if only blank lines end a row.
    pub by_paragraph: bool,
}

impl TextReader {
    /// Reads the passage at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            let is_blank = line.trim().is_empty();
            if is_blank && !line.ends_with('\n') && !is_end {
                // The line may continue in the next chunk.
                return ReadStep::NeedMore;
            }
            if is_blank && end == 0 {
                return ReadStep::Skip(line.len());
            }
            if is_blank && self.by_paragraph {
                return write(&rest[..end], record);
            }
            end += line.len();
            if end > MAX_PASSAGE_BYTES {
                return write(&rest[..break_before(rest, MAX_PASSAGE_BYTES)], record);
            }
            if line.ends_with('\n') && !self.by_paragraph {
                return write(&rest[..end], record);
            }
        }
        if is_end { write(rest, record) } else { ReadStep::NeedMore }
    }
}

fn write(passage: &str, record: &mut Record) -> ReadStep {
    record.write(passage.trim_end());
    record.end_cell();
    ReadStep::Record(passage.len())
}

/// The last position before `limit` where white space ends. If there is none, the last character boundary up to `limit`.
fn break_before(text: &str, limit: usize) -> usize {
    let limit = text.floor_char_boundary(limit);
    text[..limit].rfind(char::is_whitespace).map_or(limit, |at| text.ceil_char_boundary(at + 1))
}

/// Returns true if the sample has blank lines between paragraphs.
pub(crate) fn has_paragraphs(sample: &str) -> bool {
    sample.trim().lines().any(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(by_paragraph: bool, mut rest: &str) -> Vec<String> {
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            match (TextReader { by_paragraph }).step(rest, true, &mut record) {
                ReadStep::Record(used) => {
                    rows.push(record.get(0).to_owned());
                    rest = &rest[used..];
                }
                ReadStep::Skip(used) => rest = &rest[used..],
                ReadStep::NeedMore | ReadStep::Invalid(..) => panic!("{rest:?}"),
            }
        }
        rows
    }

    #[test]
    fn rows_are_paragraphs_or_lines() {
        assert_eq!(rows(true, "\n A:\r\nb\n \n\nC\n"), [" A:\r\nb", "C"]);
        assert_eq!(rows(false, "a\n\n b\r\nc"), ["a", " b", "c"]);
    }

    #[test]
    fn long_lines_are_split_without_loss() {
        let text = "wörter ".repeat(30_000);
        let found = rows(false, &text);
        assert!(found.len() > 3 && found.iter().all(|row| row.len() <= MAX_PASSAGE_BYTES));
        assert_eq!(found.join(" "), text.trim_end());
        assert_eq!(rows(true, &"é".repeat(70_000)).concat().len(), 140_000);
    }
}
