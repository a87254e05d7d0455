//! Rows of a spreadsheet, as the container writes them: row n of the sheet is line n, and nothing is quoted.

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;

/// Separates the cells of a row. XML cannot contain it, so no cell does.
pub(crate) const CELL_END: char = '\u{1f}';
/// Stands for a line break within a cell.
const LINE_BREAK: char = '\u{1e}';

/// Reads lines of cells.
pub(crate) struct SheetReader {
    /// Number of cells of every record. None to read as many as a row has.
    width: Option<usize>,
}

impl SheetReader {
    pub(crate) fn new(width: Option<usize>) -> Self {
        Self { width }
    }

    /// Reads the row at the beginning of `rest`. Cells that are missing at its end are empty, and those beyond the columns
    /// are notes next to the table.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let (line, used) = match rest.find('\n') {
            Some(end) => (&rest[..end], end + 1),
            None if is_end => (rest, rest.len()),
            None => return ReadStep::NeedMore,
        };
        if line.is_empty() {
            return ReadStep::Skip(used);
        }
        for cell in line.split(CELL_END).take(self.width.unwrap_or(usize::MAX)) {
            for (nth, part) in cell.split(LINE_BREAK).enumerate() {
                if nth > 0 {
                    record.write("\n");
                }
                record.write(part);
            }
            record.end_cell();
        }
        while record.len() < self.width.unwrap_or_default() {
            record.end_cell();
        }
        ReadStep::Record(used)
    }
}

/// Appends a cell's text to a line, without the characters that separate cells and rows.
#[cfg(any(feature = "engine", test))]
pub(crate) fn write_cell(text: &str, line: &mut Vec<u8>) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let c = match c {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\n' | '\r' => LINE_BREAK,
            CELL_END | LINE_BREAK | '\0' => ' ',
            other => other,
        };
        line.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str, width: Option<usize>) -> Vec<String> {
        let mut record = Record::default();
        assert!(matches!(SheetReader::new(width).step(line, true, &mut record), ReadStep::Record(_)));
        record.iter().map(str::to_owned).collect()
    }

    #[test]
    fn cells_keep_their_line_breaks_and_rows_their_width() {
        let mut line = Vec::new();
        write_cell("one\r\ntwo\rthree\u{1f}\u{1e}\0", &mut line);
        let line = format!("{}\u{1f}b\n", String::from_utf8(line).unwrap());
        assert_eq!(cells(&line, None), ["one\ntwo\nthree   ", "b"]);
        assert_eq!(cells(&line, Some(3)), ["one\ntwo\nthree   ", "b", ""]);
        assert_eq!(cells(&line, Some(1)), ["one\ntwo\nthree   "]);
    }

    #[test]
    fn empty_rows_are_skipped_but_counted() {
        let step = |rest| SheetReader::new(None).step(rest, false, &mut Record::default());
        assert!(matches!(step("\na"), ReadStep::Skip(1)));
        assert!(matches!(step("a"), ReadStep::NeedMore));
    }
}
