//! Another pass over a file, which writes it again with labels changed and rows dropped. Nothing else changes: the bytes of
//! all other cells are copied. Files that cannot be written like that become CSV.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::dataset::formats::decode::Decoder;
use crate::dataset::formats::delimited::{DelimitedReader, Dialect};
use crate::dataset::formats::json::{new_member, value_range};
use crate::dataset::formats::reader::{ParsedRecord, Piece, RecordReader};
use crate::dataset::formats::record::Record;
use crate::dataset::layout::{Encoding, Format, Quoting};
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;

/// UTF-8's byte order mark, with which some programs begin a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A change to a row of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Line on which the row begins, from 1.
    pub line: u32,
    /// Its new label; none to drop the row.
    pub label: Option<String>,
}

impl SourceInfo {
    /// Returns true if the file can be written again in its own format, with nothing changed but labels and rows.
    pub fn is_rewritable(&self) -> bool {
        matches!(self.format, Format::Delimited | Format::JsonLines)
            && self.encoding == Encoding::UTF_8
            && !self.quirks.ends_in_cr
            && !self.quirks.numbers_rows
            && self.compression.is_none()
            && self.parts.is_empty()
            && !self.holds_validation
            && !self.holds_test
    }
}

/// Writes a file again, in chunks of any size.
pub struct Corrector {
    decoder: Decoder,
    reader: RecordReader,
    form: Form,
    /// Index of the column with the label.
    label: usize,
    /// New labels by line; none for rows to drop.
    corrections: HashMap<u32, Option<String>>,
    text: String,
    at_start: bool,
}

/// Form of the new file.
enum Form {
    /// The same table, with these cells.
    Delimited(Dialect),
    /// The same lines of JSON; the name of the label's key.
    JsonLines(String),
    /// CSV with these columns.
    Csv(Vec<String>),
}

impl Corrector {
    /// A corrector for a file that was scanned.
    ///
    /// # Errors
    /// `labels.task` if the rows do not have one label each.
    pub fn new(source: &SourceInfo, mapping: &Mapping, corrections: &[Correction]) -> Result<Self, Diagnostic> {
        let &Mapping::Classification { label, .. } = mapping else {
            let what = "Only files with one label in each row can be corrected.";
            return Err(Diagnostic::new("labels.task", what).done("Nothing was written."));
        };
        let layout = source.layout();
        let form = match source.format {
            _ if !source.is_rewritable() => Form::Csv(source.columns.clone()),
            Format::JsonLines => Form::JsonLines(source.columns.get(label as usize).cloned().unwrap_or_default()),
            _ => Form::Delimited(Dialect::of(&layout)),
        };
        Ok(Self {
            decoder: Decoder::new(source.encoding, source.quirks.ends_in_cr),
            reader: RecordReader::new(layout),
            form,
            label: label as usize,
            corrections: corrections.iter().map(|it| (it.line, it.label.clone())).collect(),
            text: String::new(),
            at_start: true,
        })
    }

    /// Reads the next chunk, and appends what it becomes to `out`.
    ///
    /// # Errors
    /// Bytes that cannot be decoded, and `labels.in-place` if a label cannot be replaced.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        if std::mem::take(&mut self.at_start) {
            match &self.form {
                Form::Csv(columns) => write_csv(columns.iter().map(String::as_str), out),
                _ if chunk.starts_with(BYTE_ORDER_MARK) => out.extend_from_slice(BYTE_ORDER_MARK),
                _ => {}
            }
        }
        self.text.clear();
        self.decoder.push(chunk, &mut self.text)?;
        self.rewrite(false, out)
    }

    /// Appends the rest of the file.
    ///
    /// # Errors
    /// As [`Corrector::push`], and `labels.gone` if the file has no row on the line of a correction.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        self.decoder.finish()?;
        self.text.clear();
        self.rewrite(true, out)?;
        match self.corrections.keys().min() {
            None => Ok(()),
            Some(line) => Err(Diagnostic::new("labels.gone", format!("The file has no row on line {line} any more."))
                .done("Nothing was written.")
                .remedy("Open the file again, and repeat the changes.")),
        }
    }

    fn rewrite(&mut self, is_end: bool, out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        let Self { reader, form, label, corrections, text, .. } = self;
        reader.push_pieces(text, is_end, &mut |Piece { raw, record }| {
            let change = record.as_ref().and_then(|record| corrections.remove(&record.line));
            match (change, &form) {
                (Some(None), _) => {}
                (change, Form::Csv(columns)) => {
                    if let Some(ParsedRecord { record: Ok(record), .. }) = record {
                        write_record(record, columns.len(), *label, change.flatten().as_deref(), out);
                    }
                }
                (None, _) => out.extend_from_slice(raw.as_bytes()),
                (Some(Some(name)), form) => {
                    let replaced = replacement(form, raw, *label, &name);
                    let Some((range, cell)) = replaced else {
                        let line = record.map_or(0, |record| record.line);
                        let what = format!("The label on line {line} cannot be replaced in this format.");
                        return Err(Diagnostic::new("labels.in-place", what)
                            .done("Nothing was written.")
                            .remedy("Undo this change, and change the line in a text editor."));
                    };
                    let parts = [&raw[..range.start], &cell, &raw[range.end..]];
                    parts.into_iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
                }
            }
            Ok(())
        })
    }
}

/// The place of the label in a row's text, and what is to be there.
fn replacement(form: &Form, raw: &str, column: usize, label: &str) -> Option<(Range<usize>, String)> {
    match form {
        Form::Delimited(dialect) => {
            let range = DelimitedReader::new(*dialect).cell_range(raw, column)?;
            let cell = dialect.cell(label, &raw[range.clone()])?;
            Some((range, cell))
        }
        Form::JsonLines(key) => {
            let value = |given: &str| {
                // A number stays a number.
                let is_plain = |it: serde_json::Value| it.is_number() || it.is_boolean();
                let may_be_plain = !given.starts_with('"') && serde_json::from_str(label).is_ok_and(is_plain);
                if may_be_plain { label.to_owned() } else { serde_json::json!(label).to_string() }
            };
            match value_range(raw, key) {
                Some(range) => Some((range.clone(), value(&raw[range]))),
                None => {
                    let end = new_member(raw, key)?;
                    Some((end..end, format!(", {}: {}", serde_json::json!(key), value(""))))
                }
            }
        }
        Form::Csv(_) => None,
    }
}

/// Writes a record as CSV, with another label if there is one.
fn write_record(record: &Record, columns: usize, label: usize, new: Option<&str>, out: &mut Vec<u8>) {
    let cell = |column: usize| new.filter(|_| column == label).unwrap_or_else(|| record.get(column));
    write_csv((0..columns).map(cell), out);
}

/// Writes a row of CSV, as in RFC 4180.
fn write_csv<'a>(cells: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    let dialect = Dialect { delimiter: b',', multiline: true, quoting: Quoting::Double };
    let cells: Vec<String> = cells.map(|cell| dialect.cell(cell, "").unwrap_or_default()).collect();
    out.extend_from_slice(cells.join(",").as_bytes());
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::inspect::scan::Scanner;
    use crate::dataset::layout::Hints;

    const CLASSES: Mapping = Mapping::Classification { text: 0, pair: None, label: 1 };

    fn corrected(name: &str, file: &str, changes: &[(u32, Option<&str>)]) -> Result<(String, bool), Diagnostic> {
        let mut scanner = Scanner::new(name, file.len() as f64, Hints::default());
        scanner.push(file.as_bytes())?;
        let source = scanner.finish()?;
        let correction = |&(line, label): &(u32, Option<&str>)| Correction { line, label: label.map(str::to_owned) };
        let corrections: Vec<Correction> = changes.iter().map(correction).collect();
        let mut corrector = Corrector::new(&source, &CLASSES, &corrections)?;
        let mut out = Vec::new();
        for chunk in file.as_bytes().chunks(7) {
            corrector.push(chunk, &mut out)?;
        }
        corrector.finish(&mut out)?;
        Ok((String::from_utf8(out).unwrap(), source.is_rewritable()))
    }

    #[test]
    fn a_table_keeps_its_quotes_delimiters_line_ends_and_mark() {
        let file =
            "\u{feff}text;label;id\r\n\"so; \"\"good\"\"\r\nindeed\";good;1\r\nso bad;\"bad\";02\r\n\r\n never ;bad;3";
        let (new, is_rewritable) = corrected("a.csv", file, &[(2, Some("bad")), (4, Some("good")), (6, None)]).unwrap();
        let expected = "\u{feff}text;label;id\r\n\"so; \"\"good\"\"\r\nindeed\";bad;1\r\nso bad;\"good\";02\r\n\r\n";
        assert_eq!((new.as_str(), is_rewritable), (expected, true));
        assert_eq!(corrected("a.csv", file, &[]).unwrap().0, file, "without changes, the file is the same");
    }

    #[test]
    fn a_label_with_the_delimiter_is_quoted() {
        let file = "text\tlabel\nso good\tgood\nso bad\tbad\n";
        assert_eq!(
            corrected("a.tsv", file, &[(2, Some("a\tb"))]).unwrap().0,
            "text\tlabel\nso good\t\"a\tb\"\nso bad\tbad\n"
        );
    }

    #[test]
    fn lines_of_json_keep_their_spaces_and_their_numbers() {
        let file = "{ \"text\": \"a \\\"label\\\": 1\",\"label\" :0, \"x\": [1,  2] }\r\n{\"label\": \"no\", \"text\": \"b\"}\n";
        let file = format!("{file}{file}");
        let (new, is_rewritable) =
            corrected("a.jsonl", &file, &[(1, Some("1")), (2, Some("y\"es")), (3, None)]).unwrap();
        let expected = concat!(
            "{ \"text\": \"a \\\"label\\\": 1\",\"label\" :1, \"x\": [1,  2] }\r\n",
            "{\"label\": \"y\\\"es\", \"text\": \"b\"}\n",
            "{\"label\": \"no\", \"text\": \"b\"}\n"
        );
        assert_eq!((new.as_str(), is_rewritable), (expected, true));
    }

    #[test]
    fn rows_without_a_label_get_one() {
        let table = "text,label,id\r\nso good,,1\r\nso bad,bad,2\r\nwell,\"\",3";
        let (new, _) = corrected("a.csv", table, &[(2, Some("a, b")), (4, Some("good"))]).unwrap();
        assert_eq!(new, "text,label,id\r\nso good,\"a, b\",1\r\nso bad,bad,2\r\nwell,\"good\",3");
        let last = "text\tlabel\nso good\t\nso bad\tbad\n";
        assert_eq!(corrected("a.tsv", last, &[(2, Some("good"))]).unwrap().0, last.replace("good\t", "good\tgood"));
        let lines = "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\" }\r\n{\"text\": \"c\", \"label\": null}\n";
        let (new, _) = corrected("a.jsonl", lines, &[(2, Some("y")), (3, Some("null"))]).unwrap();
        let expected = concat!(
            "{\"text\": \"a\", \"label\": \"x\"}\n{\"text\": \"b\" , \"label\": \"y\"}\r\n",
            "{\"text\": \"c\", \"label\": \"null\"}\n"
        );
        assert_eq!(new, expected);
    }

    #[test]
    fn other_formats_become_csv() {
        let file = "[{\"text\": \"a, b\", \"label\": \"x\"},\n{\"text\": \"c\", \"label\": \"y\"},\n{\"text\": \"d\", \"label\": \"x\"}]";
        let (new, is_rewritable) = corrected("a.json", file, &[(1, Some("y")), (2, None)]).unwrap();
        assert_eq!((new.as_str(), is_rewritable), ("text,label\n\"a, b\",y\nd,x\n", false));
    }

    #[test]
    fn changes_that_cannot_be_made_are_refused() {
        let file = "text,label\nso good,good\nso bad,bad\n";
        assert_eq!(corrected("a.csv", file, &[(9, None)]).unwrap_err().code, "labels.gone");
        let nested =
            "{\"text\": \"a\", \"meta\": {\"label\": \"x\"}}\n{\"text\": \"b\", \"meta\": {\"label\": \"y\"}}\n";
        assert_eq!(corrected("a.jsonl", nested, &[(1, Some("y"))]).unwrap_err().code, "labels.in-place");
    }
}
