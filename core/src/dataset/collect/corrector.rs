//! Another pass over a file, which writes it again with labels changed and rows dropped. Nothing else changes: the bytes of
//! all other cells are copied. Files that cannot be written like that become CSV.

use std::collections::HashMap;
use std::ops::Range;

use crate::dataset::collect::changed_cells::with_tag;
use crate::dataset::collect::correction::{CorrectedForm, Correction};
use crate::dataset::collect::label_lists::ListForm;
use crate::dataset::collect::label_place::{LabelPlace, NewCell, RowChange, by_line};
use crate::dataset::formats::decode::Decoder;
use crate::dataset::formats::delimited::{DelimitedReader, Dialect};
use crate::dataset::formats::json::{new_member, value_range};
use crate::dataset::formats::reader::{Piece, RecordReader};
use crate::dataset::formats::record::Record;
use crate::dataset::layout::{Format, Quoting};
use crate::dataset::mapping::Mapping;
use crate::dataset::source::SourceInfo;
use crate::diagnostic::Diagnostic;

/// UTF-8's byte order mark, with which some programs begin a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Writes a file again, in chunks of any size.
pub struct Corrector {
    decoder: Decoder,
    reader: RecordReader,
    form: Form,
    place: LabelPlace,
    /// Changes by line.
    changes: HashMap<u32, RowChange>,
    text: String,
    /// First bytes of the file, as long as they may be a byte order mark that is cut off.
    start: Option<Vec<u8>>,
}

/// Form of the new file.
enum Form {
    /// The same table, with these cells.
    Delimited(Dialect),
    /// The same lines of JSON, with the names of the columns.
    JsonLines(Vec<String>),
    /// The same lines, one for each word.
    Conll,
    /// CSV with these columns.
    Csv(Vec<String>),
}

impl Corrector {
    /// A corrector for a file that was scanned. `list_form` is the form of its lists of labels.
    ///
    /// # Errors
    /// `labels.task` if such rows cannot be written again.
    pub fn new(
        source: &SourceInfo,
        mapping: &Mapping,
        list_form: ListForm,
        corrections: &[Correction],
    ) -> Result<Self, Diagnostic> {
        let corrected_form = source.corrected_form(mapping);
        if corrected_form == CorrectedForm::ListOnly {
            let what = "Rows of this kind cannot be written again.";
            return Err(Diagnostic::new("labels.task", what)
                .done("Nothing was written.")
                .remedy("Download the list of changes, and change the lines in it by hand."));
        }
        let place = LabelPlace::new(mapping, &source.columns, list_form);
        let layout = source.layout();
        let form = match source.format {
            _ if corrected_form == CorrectedForm::Csv => Form::Csv(source.columns.clone()),
            Format::JsonLines => Form::JsonLines(source.columns.clone()),
            Format::Conll => Form::Conll,
            _ => Form::Delimited(Dialect::of(&layout)),
        };
        Ok(Self {
            decoder: Decoder::new(source.encoding, source.quirks.ends_in_cr),
            reader: RecordReader::new(layout),
            form,
            place,
            changes: by_line(corrections),
            text: String::new(),
            start: Some(Vec::new()),
        })
    }

    /// Reads the next chunk, and appends what it becomes to `out`.
    ///
    /// # Errors
    /// Bytes that cannot be decoded, and `labels.in-place` if a label cannot be replaced.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        if let Some(mut start) = self.start.take() {
            start.extend(chunk.iter().take(BYTE_ORDER_MARK.len() - start.len()));
            match &self.form {
                Form::Csv(columns) => write_csv(columns.iter().map(String::as_str), out),
                _ if start == BYTE_ORDER_MARK => out.extend_from_slice(BYTE_ORDER_MARK),
                _ if BYTE_ORDER_MARK.starts_with(&start) => self.start = Some(start),
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
        match self.changes.keys().min() {
            None => Ok(()),
            Some(line) => Err(Diagnostic::new("labels.gone", format!("The file has no row on line {line} any more."))
                .done("Nothing was written.")
                .remedy("Open the file again, and repeat the changes.")),
        }
    }

    fn rewrite(&mut self, is_end: bool, out: &mut Vec<u8>) -> Result<(), Diagnostic> {
        let Self { reader, form, place, changes, text, .. } = self;
        reader.push_pieces(text, is_end, &mut |piece| {
            let raw = piece.raw;
            let change = piece.record.as_ref().and_then(|record| changes.remove(&record.line));
            let record = piece.record.as_ref().and_then(|parsed| parsed.record.as_ref().ok());
            let line = piece.record.as_ref().map_or(0, |record| record.line);
            let refused = || in_place(line);
            match (change, &*form) {
                (Some(RowChange::Drop), _) => {}
                (change, Form::Csv(columns)) => {
                    if let Some(record) = record {
                        let cells = change.map_or(Some(Vec::new()), |change| place.cells(record, &change));
                        write_record(record, columns.len(), &cells.ok_or_else(refused)?, out);
                    }
                }
                (None, _) => out.extend_from_slice(raw.as_bytes()),
                (Some(change), form) => {
                    let mut parts = replacements(form, place, &piece, &change).ok_or_else(refused)?;
                    parts.sort_by_key(|(range, _)| range.start);
                    let mut at = 0;
                    for (range, new) in parts {
                        out.extend_from_slice(&raw.as_bytes()[at..range.start]);
                        out.extend_from_slice(new.as_bytes());
                        at = range.end;
                    }
                    out.extend_from_slice(&raw.as_bytes()[at..]);
                }
            }
            Ok(())
        })
    }
}

fn in_place(line: u32) -> Diagnostic {
    Diagnostic::new("labels.in-place", format!("The label on line {line} cannot be replaced in this format."))
        .done("Nothing was written.")
        .remedy("Undo this change, and change the line in a text editor.")
}

/// The places of what changes in a row's text, and what is to be there.
fn replacements(
    form: &Form,
    place: &LabelPlace,
    piece: &Piece,
    change: &RowChange,
) -> Option<Vec<(Range<usize>, String)>> {
    if let (Form::Conll, RowChange::Tags(tags)) = (form, change) {
        return tags.iter().map(|(word, tag)| Some((piece.tag_range(*word)?, tag.clone()))).collect();
    }
    let record = piece.record.as_ref()?.record.as_ref().ok()?;
    let cells = place.cells(record, change)?;
    cells.iter().map(|cell| replacement(form, place, piece.raw, change, cell)).collect()
}

/// The place of a cell in a row's text, and what is to be there.
fn replacement(
    form: &Form,
    place: &LabelPlace,
    raw: &str,
    change: &RowChange,
    NewCell { column, text }: &NewCell,
) -> Option<(Range<usize>, String)> {
    match form {
        Form::Delimited(dialect) => {
            let range = DelimitedReader::new(*dialect).cell_range(raw, *column)?;
            let cell = dialect.cell(text, &raw[range.clone()])?;
            Some((range, cell))
        }
        Form::JsonLines(columns) => {
            let key = columns.get(*column)?;
            let value = |given: &str| match (place, change) {
                // The tags of other words keep the spaces between them.
                (LabelPlace::Tags(_), RowChange::Tags(tags)) if given.starts_with('[') => {
                    tags.iter().try_fold(given.to_owned(), |list, (word, tag)| with_tag(&list, *word, tag))
                }
                (LabelPlace::List(..), _) if given.starts_with('[') => Some(text.clone()),
                _ => Some(plain_value(text, given)),
            };
            match value_range(raw, key) {
                Some(range) => Some((range.clone(), value(&raw[range])?)),
                None => {
                    let end = new_member(raw, key)?;
                    Some((end..end, format!(", {}: {}", serde_json::json!(key), value("")?)))
                }
            }
        }
        Form::Conll | Form::Csv(_) => None,
    }
}

/// A label as a value of JSON in place of another. A number stays a number.
fn plain_value(label: &str, given: &str) -> String {
    let is_plain = |it: serde_json::Value| it.is_number() || it.is_boolean();
    let may_be_plain = !given.starts_with('"') && serde_json::from_str(label).is_ok_and(is_plain);
    if may_be_plain { label.to_owned() } else { serde_json::json!(label).to_string() }
}

/// Writes a record as CSV, with these new cells.
fn write_record(record: &Record, columns: usize, cells: &[NewCell], out: &mut Vec<u8>) {
    let new = |column: usize| cells.iter().find(|cell| cell.column == column).map(|cell| cell.text.as_str());
    let cell = |column: usize| new(column).unwrap_or_else(|| record.get(column));
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
    const TAGS: Mapping = Mapping::TokenClassification { text: 0, tags: 1 };

    fn corrected(name: &str, file: &str, changes: &[(u32, Option<&str>)]) -> Result<(String, bool), Diagnostic> {
        let labels = |label: &str| vec![label.to_owned()];
        let correction =
            |&(line, label): &(u32, Option<&str>)| Correction { line, word: None, labels: label.map(labels) };
        let corrections: Vec<Correction> = changes.iter().map(correction).collect();
        let (new, form) = mended(name, file, &CLASSES, ListForm::default(), &corrections)?;
        Ok((new, form == CorrectedForm::Same))
    }

    fn mended(
        name: &str,
        file: &str,
        mapping: &Mapping,
        list_form: ListForm,
        corrections: &[Correction],
    ) -> Result<(String, CorrectedForm), Diagnostic> {
        let mut scanner = Scanner::new(name, file.len() as f64, Hints::default());
        scanner.push(file.as_bytes())?;
        let source = scanner.finish()?;
        let in_chunks = |size: usize| -> Result<String, Diagnostic> {
            let mut corrector = Corrector::new(&source, mapping, list_form, corrections)?;
            let mut out = Vec::new();
            for chunk in file.as_bytes().chunks(size) {
                corrector.push(chunk, &mut out)?;
            }
            corrector.finish(&mut out)?;
            Ok(String::from_utf8(out).unwrap())
        };
        let new = in_chunks(7)?;
        assert_eq!(in_chunks(1)?, new);
        Ok((new, source.corrected_form(mapping)))
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
        let printed = "{'text': 'a', 'label': 'x'}\n{'text': 'b', 'label': 'y'}\n";
        assert_eq!(corrected("a.jsonl", printed, &[(1, Some("y"))]).unwrap_err().code, "labels.in-place");
    }

    #[test]
    fn labels_in_nested_objects_are_replaced() {
        let nested =
            "{\"text\": \"a\", \"meta\": {\"label\": \"x\"}}\n{\"text\": \"b\", \"meta\": {\"label\": \"y\"}}\n";
        let (new, is_rewritable) = corrected("a.jsonl", nested, &[(1, Some("y"))]).unwrap();
        assert_eq!((new, is_rewritable), (nested.replace("\"x\"", "\"y\""), true));
    }

    fn tag(line: u32, word: u32, tag: &str) -> Correction {
        Correction { line, word: Some(word), labels: Some(vec![tag.to_owned()]) }
    }

    fn labels(line: u32, labels: &[&str]) -> Correction {
        Correction { line, word: None, labels: Some(labels.iter().map(|&label| label.to_owned()).collect()) }
    }

    fn dropped(line: u32) -> Correction {
        Correction { line, word: None, labels: None }
    }

    #[test]
    fn tags_change_in_the_lines_of_their_words() {
        let file = "# sent_id = 1\na X O\r\nb\tc  B-X\n\nd Y B-Y\ne Z I-Y\n\nf Z O\n";
        let file = file.replace("b\tc  ", "b c ");
        let changes = [tag(1, 1, "O"), tag(5, 0, "O"), tag(5, 1, "B-Y"), dropped(8)];
        let (new, form) = mended("a.conll", &file, &TAGS, ListForm::default(), &changes).unwrap();
        assert_eq!((new.as_str(), form), ("# sent_id = 1\na X O\r\nb c O\n\nd Y O\ne Z B-Y\n\n", CorrectedForm::Same));
    }

    #[test]
    fn tags_change_in_lists_and_other_cells_stay() {
        let table = "tokens,tags,id\na b,O B-X,1\nc d,\"O O\",2\n";
        let (new, _) = mended("a.csv", table, &TAGS, ListForm::default(), &[tag(2, 1, "O"), tag(3, 0, "B-X")]).unwrap();
        assert_eq!(new, "tokens,tags,id\na b,O O,1\nc d,\"B-X O\",2\n");
        let lines =
            "{\"tokens\": [\"a\", \"b\"], \"tags\": [\"O\",  \"B-X\"]}\n{\"tokens\": [\"c\"], \"tags\": [\"O\"]}\n";
        let (new, _) =
            mended("a.jsonl", lines, &TAGS, ListForm::default(), &[tag(1, 0, "B-X"), tag(1, 1, "O")]).unwrap();
        assert_eq!(new, lines.replace("[\"O\",  \"B-X\"]", "[\"B-X\",  \"O\"]"));
    }

    #[test]
    fn spans_are_not_written_again() {
        let lines = "{\"text\": \"in Rome\", \"tags\": [{\"start\": 3, \"end\": 7, \"label\": \"X\"}]}\n";
        let refused = mended("a.jsonl", &lines.repeat(3), &TAGS, ListForm::default(), &[tag(1, 1, "O")]).unwrap_err();
        assert_eq!(refused.code, "labels.task");
    }

    #[test]
    fn labels_change_in_lists_and_in_columns_of_flags() {
        let lists = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1] };
        let form = ListForm { separator: Some(';'), ..ListForm::default() };
        let table = "text,labels\nso good,a;b\nso bad,a\n";
        let (new, _) = mended("a.csv", table, &lists, form, &[labels(2, &["b"]), labels(3, &["a", "c"])]).unwrap();
        assert_eq!(new, "text,labels\nso good,b\nso bad,a; c\n");
        let lines = "{\"text\": \"so good\", \"labels\": [\"a\"]}\n{\"text\": \"so bad\", \"labels\": []}\n";
        let (new, _) = mended("a.jsonl", lines, &lists, ListForm::default(), &[labels(2, &["a", "b"])]).unwrap();
        assert_eq!(new, lines.replace("[]", "[\"a\",\"b\"]"));
        let flags = Mapping::MultiLabel { text: 0, pair: None, labels: vec![1, 2] };
        let table = "text;a;b\nso good;1;0\nso bad;0;1\n";
        let (new, _) =
            mended("a.csv", table, &flags, ListForm::default(), &[labels(2, &["b"]), labels(3, &[])]).unwrap();
        assert_eq!(new, "text;a;b\nso good;0;1\nso bad;0;0\n");
    }
}
