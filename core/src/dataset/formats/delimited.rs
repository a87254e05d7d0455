//! Rows whose cells stand apart by a delimiter: RFC 4180, and what people really have.
//!
//! A quote opens a quoted cell only at the cell's beginning, and only if it closes properly: before a delimiter or a
//! line end. On one line that is judged leniently (`"he said "hi"",x` closes at the last quote before the comma).
//! Over several lines it is judged strictly: a quote that is neither doubled nor closing shows that the first one was
//! an ordinary character, so that one stray quote never swallows the rows up to the next.

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::Step;
use crate::limits::MAX_ROW_BYTES;

/// How the cells are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    /// Whether a quoted cell may hold line ends.
    pub multiline: bool,
}

/// Cuts rows off text.
pub(crate) struct DelimitedReader {
    dialect: Dialect,
    /// Inside a line that is too long to be kept.
    is_skipping: bool,
}

/// Where a quoted cell ends.
enum Close {
    At(usize),
    Nowhere,
    /// Not in the text that has come so far.
    Unknown,
}

impl DelimitedReader {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, is_skipping: false }
    }

    /// Cuts the first row off `rest`; `is_end` says that no more text comes.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> Step {
        if self.is_skipping {
            let line_end = rest.find('\n');
            self.is_skipping = line_end.is_none();
            return Step::Skip(line_end.map_or(rest.len(), |at| at + 1));
        }
        if let Some(blank) = ["\n", "\r\n"].iter().find(|blank| rest.starts_with(**blank)) {
            return Step::Skip(blank.len());
        }
        let is_full = rest.len() > MAX_ROW_BYTES;
        let bytes = rest.as_bytes();
        let mut at = 0;
        loop {
            let close = match bytes.get(at) {
                Some(b'"') => self.close(&bytes[at + 1..], is_end || is_full),
                _ => Close::Nowhere,
            };
            match close {
                Close::Unknown => return Step::NeedMore,
                Close::At(len) => {
                    write_quoted(record, &rest[at + 1..at + 1 + len]);
                    at += len + 2;
                }
                Close::Nowhere => {
                    record.has_open_quote |= self.dialect.multiline && bytes.get(at) == Some(&b'"');
                    let stop = |&byte: &u8| byte == self.dialect.delimiter || byte == b'\n';
                    let end = match bytes[at..].iter().position(stop) {
                        Some(len) => at + len,
                        None if is_end => rest.len(),
                        None if is_full => {
                            self.is_skipping = true;
                            return Step::Invalid(rest.len(), format!("longer than {} MB", MAX_ROW_BYTES >> 20));
                        }
                        None => return Step::NeedMore,
                    };
                    let cell = &rest[at..end];
                    let is_last = bytes.get(end) != Some(&self.dialect.delimiter);
                    record.write(if is_last { cell.strip_suffix('\r').unwrap_or(cell) } else { cell });
                    at = end;
                }
            }
            record.end_cell();
            if bytes.get(at) == Some(&self.dialect.delimiter) {
                at += 1;
                continue;
            }
            let line_end = if bytes.get(at) == Some(&b'\r') { 2 } else { 1 };
            return Step::Record((at + line_end).min(rest.len()));
        }
    }

    /// Finds the closing quote in what follows an opening one. `is_all` says that more text would not help.
    fn close(&self, bytes: &[u8], is_all: bool) -> Close {
        let unknown = if is_all { Close::Nowhere } else { Close::Unknown };
        let (mut at, mut has_bare, mut is_first_line) = (0, false, true);
        while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\n')) {
            at += found;
            if bytes[at] == b'\n' {
                if has_bare || !self.dialect.multiline {
                    return Close::Nowhere;
                }
                is_first_line = false;
                at += 1;
                continue;
            }
            match (bytes.get(at + 1), bytes.get(at + 2)) {
                (None, _) if !is_all => return Close::Unknown,
                (Some(b'\r'), None) if !is_all => return Close::Unknown,
                (None | Some(b'\n'), _) | (Some(b'\r'), None | Some(b'\n')) => return Close::At(at),
                (Some(&next), _) if next == self.dialect.delimiter => return Close::At(at),
                (Some(b'"'), _) => at += 2,
                _ if !is_first_line => return Close::Nowhere,
                _ => {
                    has_bare = true;
                    at += 1;
                }
            }
        }
        unknown
    }
}

/// Writes the inside of a quoted cell, where a quote is written twice.
fn write_quoted(record: &mut Record, inside: &str) {
    let mut parts = inside.split("\"\"");
    record.write(parts.next().unwrap_or_default());
    for part in parts {
        record.write("\"");
        record.write(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(delimiter: u8, multiline: bool, mut rest: &str) -> Vec<Vec<String>> {
        let mut format = DelimitedReader::new(Dialect { delimiter, multiline });
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            match format.step(rest, true, &mut record) {
                Step::Record(used) => {
                    rows.push(record.iter().map(str::to_owned).collect());
                    rest = &rest[used..];
                }
                Step::Skip(used) => rest = &rest[used..],
                Step::NeedMore | Step::Invalid(..) => panic!("{rest:?}"),
            }
        }
        rows
    }

    #[test]
    fn quoted_cells_hold_delimiters_quotes_and_line_ends() {
        let text = "\"a, \"\"b\"\"\",x\r\n\"two\nlines\",\"\"\n\nlast,";
        assert_eq!(parse(b',', true, text), [["a, \"b\"", "x"], ["two\nlines", ""], ["last", ""]]);
    }

    #[test]
    fn a_quote_in_a_cell_is_an_ordinary_character() {
        assert_eq!(parse(b',', true, "say \"hi\",x\n"), [["say \"hi\"", "x"]]);
        assert_eq!(parse(b',', true, "\"say \"hi\" now\",x\n"), [["say \"hi\" now", "x"]]);
        assert_eq!(parse(b'\t', false, "\" stray\t1\nb\t\"q\"\n"), [["\" stray", "1"], ["b", "q"]]);
    }

    #[test]
    fn an_open_quote_swallows_no_rows() {
        let text = "\"open,x\nb,y\n\"c, d\",z\n";
        assert_eq!(parse(b',', true, text), [["\"open", "x"], ["b", "y"], ["c, d", "z"]]);
        assert_eq!(parse(b',', true, "a,\"open\nb,y"), [["a", "\"open"], ["b", "y"]]);
    }

    #[test]
    fn lines_end_at_line_feeds_only() {
        assert_eq!(parse(b'\t', false, "a\u{85}b\u{2028}c\rd\t1\n"), [["a\u{85}b\u{2028}c\rd", "1"]]);
    }
}
