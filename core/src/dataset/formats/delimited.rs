//! Delimited tables such as CSV and TSV: RFC 4180, and the deviations found in real files.
//!
//! A quote opens a quoted cell only at the beginning of the cell, and only if it is closed properly, before a delimiter or
//! a line end. Within one line, this rule is lenient: `"he said "hi"",x` closes at the last quote before the comma. Across
//! lines it is strict: a quote that is neither doubled nor closing shows that the opening one was an ordinary character, so
//! a stray quote never swallows the rows up to the next quote.
//!
//! MySQL and Spark write a quote inside a quoted cell as `\"`. A cell is read that way if it is closed that way.

use std::ops::Range;

use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::layout::{FileLayout, Quoting};
use crate::limits::MAX_ROW_BYTES;

/// Delimiter and quoting of the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    /// True if a quoted cell that spans lines may contain delimiters too. Otherwise, a delimiter in it shows that the
    /// opening quote was an ordinary character.
    pub multiline: bool,
    pub quoting: Quoting,
}

impl Dialect {
    /// The dialect of a file.
    pub(crate) fn of(layout: &FileLayout) -> Self {
        Self {
            delimiter: layout.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok()).unwrap_or(b','),
            multiline: layout.multiline,
            quoting: layout.quirks.quoting,
        }
    }

    /// Text as a cell in place of another: quoted if that was, or if it must be. None if quotes would be needed and the
    /// dialect has none.
    pub(crate) fn cell(self, text: &str, replaced: &str) -> Option<String> {
        let Some(mark) = self.quoting.mark().map(char::from) else {
            let is_plain = !text.contains([char::from(self.delimiter), '\n']);
            return is_plain.then(|| text.to_owned());
        };
        let was_quoted = replaced.len() > 1 && replaced.starts_with(mark) && replaced.ends_with(mark);
        let must_be = text.contains([char::from(self.delimiter), '\n', '\r', mark]) || text.trim() != text;
        if !was_quoted && !must_be {
            return Some(text.to_owned());
        }
        Some(format!("{mark}{}{mark}", text.replace(mark, &format!("{mark}{mark}"))))
    }
}

/// Reads rows of a table.
pub(crate) struct DelimitedReader {
    dialect: Dialect,
    /// True inside a line that is too long to keep.
    is_skipping: bool,
}

/// End of a quoted cell.
enum Close {
    At(usize),
    /// The quote is never closed.
    Never,
    /// Not within the text read so far.
    Unknown,
}

impl DelimitedReader {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { dialect, is_skipping: false }
    }

    /// Reads the row at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        if self.is_skipping {
            let line_end = rest.find('\n');
            self.is_skipping = line_end.is_none();
            return ReadStep::Skip(line_end.map_or(rest.len(), |at| at + 1));
        }
        if let Some(blank) = ["\n", "\r\n"].iter().find(|blank| rest.starts_with(**blank)) {
            return ReadStep::Skip(blank.len());
        }
        let is_full = rest.len() > MAX_ROW_BYTES;
        let bytes = rest.as_bytes();
        let mut at = 0;
        loop {
            let close = match bytes.get(at) {
                Some(byte) if self.is_quote(*byte) => self.close(&bytes[at + 1..], is_end || is_full),
                _ => Close::Never,
            };
            match close {
                Close::Unknown => return ReadStep::NeedMore,
                Close::At(len) => {
                    write_quoted(record, &rest[at + 1..at + 1 + len], self.dialect.quoting);
                    at += len + 2;
                }
                Close::Never => {
                    record.has_open_quote |=
                        self.dialect.multiline && bytes.get(at).is_some_and(|&byte| self.is_quote(byte));
                    let stop = |&byte: &u8| byte == self.dialect.delimiter || byte == b'\n';
                    let end = match bytes[at..].iter().position(stop) {
                        Some(len) => at + len,
                        None if is_end => rest.len(),
                        None if is_full => {
                            self.is_skipping = true;
                            return ReadStep::Invalid(
                                rest.len(),
                                format!("the row is longer than {} MB", MAX_ROW_BYTES >> 20),
                            );
                        }
                        None => return ReadStep::NeedMore,
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
            return ReadStep::Record((at + line_end).min(rest.len()));
        }
    }

    /// The place of a cell in the text of a row, quotes included; none if the row has no such cell.
    pub(crate) fn cell_range(&self, row: &str, index: usize) -> Option<Range<usize>> {
        let bytes = row.as_bytes();
        let (mut start, mut cell) = (0, 0);
        loop {
            let closed = match bytes.get(start) {
                Some(byte) if self.is_quote(*byte) => self.close(&bytes[start + 1..], true),
                _ => Close::Never,
            };
            let end = match closed {
                Close::At(len) => start + len + 2,
                Close::Never | Close::Unknown => {
                    let stop = |&byte: &u8| byte == self.dialect.delimiter || byte == b'\n';
                    let end = bytes[start..].iter().position(stop).map_or(row.len(), |len| start + len);
                    let is_last = bytes.get(end) != Some(&self.dialect.delimiter);
                    if is_last && row[start..end].ends_with('\r') { end - 1 } else { end }
                }
            };
            if cell == index {
                return Some(start..end);
            }
            if bytes.get(end) != Some(&self.dialect.delimiter) {
                return None;
            }
            (start, cell) = (end + 1, cell + 1);
        }
    }

    fn is_quote(&self, byte: u8) -> bool {
        self.dialect.quoting.mark() == Some(byte)
    }

    /// Finds the closing quote in the bytes after an opening one. `is_final` is true if more text would not help.
    fn close(&self, bytes: &[u8], is_final: bool) -> Close {
        let escapes_quotes = self.dialect.quoting == Quoting::Backslash;
        match self.close_by(escapes_quotes, bytes, is_final) {
            // The backslash may be the last character of the cell: `"C:\",x`.
            Close::Never if escapes_quotes => self.close_by(false, bytes, is_final),
            close => close,
        }
    }

    fn close_by(&self, escapes_quotes: bool, bytes: &[u8], is_final: bool) -> Close {
        let Dialect { delimiter, multiline, .. } = self.dialect;
        let unknown = if is_final { Close::Never } else { Close::Unknown };
        let is_special = |&byte: &u8| match byte {
            b'\n' => true,
            b'\\' => escapes_quotes,
            _ => self.is_quote(byte) || (byte == delimiter && !multiline),
        };
        let (mut at, mut has_bare, mut has_delimiter, mut is_first_line) = (0, false, false, true);
        while let Some(found) = bytes[at..].iter().position(is_special) {
            at += found;
            match bytes[at] {
                byte if self.is_quote(byte) => {}
                b'\\' => {
                    match bytes.get(at + 1) {
                        Some(b'"' | b'\\') => at += 2,
                        Some(_) => at += 1,
                        None => return unknown,
                    }
                    continue;
                }
                byte => {
                    let is_line_end = byte == b'\n';
                    (has_delimiter, is_first_line) = (has_delimiter || !is_line_end, is_first_line && !is_line_end);
                    if !is_first_line && (has_bare || has_delimiter) {
                        return Close::Never;
                    }
                    at += 1;
                    continue;
                }
            }
            match (bytes.get(at + 1), bytes.get(at + 2)) {
                (None, _) if !is_final => return Close::Unknown,
                (Some(b'\r'), None) if !is_final => return Close::Unknown,
                (None | Some(b'\n'), _) | (Some(b'\r'), None | Some(b'\n')) => return Close::At(at),
                (Some(&next), _) if next == self.dialect.delimiter => return Close::At(at),
                (Some(&next), _) if self.is_quote(next) => at += 2,
                _ if !is_first_line => return Close::Never,
                _ => {
                    has_bare = true;
                    at += 1;
                }
            }
        }
        unknown
    }
}

/// Writes the content of a quoted cell, in which quotes are doubled or escaped.
fn write_quoted(record: &mut Record, inside: &str, quoting: Quoting) {
    let quote = quoting.mark().map_or('"', char::from);
    let escapes_quotes = quoting == Quoting::Backslash;
    let mut rest = inside;
    while let Some(at) = rest.find(quote) {
        let before = &rest[..at];
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        let is_escaped = escapes_quotes && backslashes % 2 == 1;
        record.write(if is_escaped { &before[..at - 1] } else { before });
        record.write(&rest[at..at + 1]);
        rest = &rest[at + 1..];
        if !is_escaped {
            rest = rest.strip_prefix(quote).unwrap_or(rest);
        }
    }
    record.write(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(delimiter: u8, multiline: bool, rest: &str) -> Vec<Vec<String>> {
        parse_by(Dialect { delimiter, multiline, quoting: Quoting::Backslash }, rest)
    }

    fn parse_by(dialect: Dialect, mut rest: &str) -> Vec<Vec<String>> {
        let mut format = DelimitedReader::new(dialect);
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let mut record = Record::default();
            match format.step(rest, true, &mut record) {
                ReadStep::Record(used) => {
                    rows.push(record.iter().map(str::to_owned).collect());
                    rest = &rest[used..];
                }
                ReadStep::Skip(used) => rest = &rest[used..],
                ReadStep::NeedMore | ReadStep::Invalid(..) => panic!("{rest:?}"),
            }
        }
        rows
    }

    #[test]
    fn quoted_cells_may_contain_delimiters_quotes_and_line_breaks() {
        let text = "\"a, \"\"b\"\"\",x\r\n\"two\nlines\",\"\"\n\nlast,";
        assert_eq!(parse(b',', true, text), [["a, \"b\"", "x"], ["two\nlines", ""], ["last", ""]]);
    }

    #[test]
    fn quotes_inside_cells_are_ordinary_characters() {
        assert_eq!(parse(b',', true, "say \"hi\",x\n"), [["say \"hi\"", "x"]]);
        assert_eq!(parse(b',', true, "\"say \"hi\" now\",x\n"), [["say \"hi\" now", "x"]]);
        assert_eq!(parse(b'\t', false, "\" stray\t1\nb\t\"q\"\n"), [["\" stray", "1"], ["b", "q"]]);
    }

    #[test]
    fn an_unclosed_quote_swallows_no_rows() {
        let text = "\"open,x\nb,y\n\"c, d\",z\n";
        assert_eq!(parse(b',', true, text), [["\"open", "x"], ["b", "y"], ["c, d", "z"]]);
        assert_eq!(parse(b',', true, "a,\"open\nb,y"), [["a", "\"open"], ["b", "y"]]);
    }

    #[test]
    fn backslashes_escape_quotes_where_the_cell_closes_that_way() {
        let text = "\"he said \\\"good, food\\\", and left\",x\n\"C:\\\",y\n\"a\\\\\",\"\\\"b\\\"\"\n";
        let expected = [["he said \"good, food\", and left", "x"], ["C:\\", "y"], ["a\\\\", "\"b\""]];
        assert_eq!(parse(b',', true, text), expected);
    }

    #[test]
    fn cells_may_be_in_single_quotes_or_in_none() {
        let text = "'it''s, \"so\"',x\n\"b\",'y\nz'\n";
        let by = |quoting| parse_by(Dialect { delimiter: b',', multiline: true, quoting }, text);
        assert_eq!(by(Quoting::Single), [["it's, \"so\"", "x"], ["\"b\"", "y\nz"]]);
        let bare = [vec!["'it''s", " \"so\"'", "x"], vec!["\"b\"", "'y"], vec!["z'"]];
        assert_eq!(by(Quoting::Never), bare);
    }

    #[test]
    fn tab_separated_cells_may_span_lines_without_tabs() {
        let text = "\"two\nlines\"\tx\n\"\tx\nsize 5\"\ty\n\"open\tx\nb\t\"bye\"\n";
        let expected = [["two\nlines", "x"], ["\"", "x"], ["size 5\"", "y"], ["\"open", "x"], ["b", "bye"]];
        assert_eq!(parse(b'\t', false, text), expected);
    }

    #[test]
    fn only_line_feeds_end_lines() {
        assert_eq!(parse(b'\t', false, "a\u{85}b\u{2028}c\rd\t1\n"), [["a\u{85}b\u{2028}c\rd", "1"]]);
    }
}
