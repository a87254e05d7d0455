//! Detects the format of a file.

use crate::dataset::formats::conll_columns::ConllColumns;
use crate::dataset::formats::delimited::Dialect;
use serde_json::Value;

use crate::dataset::formats::json::{are_objects_in_a_row, is_object, is_spacy_example, parsed, value_len};
use crate::dataset::formats::json_columns::are_columns;
use crate::dataset::formats::labeled_lines::LabeledLines;
use crate::dataset::formats::word_table::WordColumns;
use crate::dataset::formats::{json_arrays, json_document, squad, text};
use crate::dataset::inspect::header::{column_names, looks_like_header};
use crate::dataset::inspect::table::{Table, table};
use crate::dataset::layout::{Delimiter, Format, Hints};
use crate::diagnostic::Diagnostic;

/// The detected layout.
#[derive(Debug, PartialEq)]
pub(crate) struct Sniffed {
    pub format: Format,
    /// Delimiter and quoting of a table.
    pub dialect: Option<Dialect>,
    pub has_header: bool,
    /// Column names. Empty for objects, whose keys are not known yet.
    pub columns: Vec<String>,
    /// Number of lines before the table.
    pub skipped_lines: u32,
    /// Number of rows below the header that belong to it.
    pub described_rows: u32,
    /// Warnings about the header.
    pub warnings: Vec<Diagnostic>,
}

impl Sniffed {
    fn new(format: Format, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| column.to_string()).collect();
        Self {
            format,
            dialect: None,
            has_header: false,
            columns,
            skipped_lines: 0,
            described_rows: 0,
            warnings: vec![],
        }
    }

    /// Returns true if there is only a text, without a name for it.
    pub(crate) fn is_running_text(&self) -> bool {
        self.columns.len() == 1 && !self.has_header
    }

    /// A text on each line, and its name on the first line if the user says so.
    fn lines(sample: &str, has_header: Option<bool>) -> Self {
        let first = sample.lines().map(str::trim).find(|line| !line.is_empty()).filter(|_| has_header == Some(true));
        match first {
            Some(name) => {
                let (columns, _) = column_names(&[name.to_owned()]);
                Self { columns, has_header: true, ..Self::new(Format::Text, &[]) }
            }
            None => Self::new(Format::Text, &[text::COLUMN]),
        }
    }

    /// Arrays of cells, with the names of the columns in the first one or without.
    fn arrays(format: Format, rows: &[Vec<String>], has_header: Option<bool>) -> Self {
        let first = rows.first().map(Vec::as_slice).unwrap_or_default();
        let (named, _) = column_names(first);
        // The reader recognizes the header by its names, so it has a different one for each column.
        let has_header = named == first && has_header.unwrap_or_else(|| looks_like_header(rows, first.len()));
        let columns = if has_header { named } else { column_names(&vec![String::new(); first.len()]).0 };
        Self { columns, has_header, ..Self::new(format, &[]) }
    }

    /// The layout of a spreadsheet's rows.
    pub(crate) fn sheet(table: Table) -> Self {
        Self { format: Format::Sheet, dialect: None, ..Self::table(table) }
    }

    /// The layout of texts in folders.
    pub(crate) fn folder() -> Self {
        Self::new(Format::Folder, &["text", "label", "file"])
    }

    /// The layout of a document's paragraphs.
    pub(crate) fn document() -> Self {
        Self::new(Format::Document, &[text::COLUMN])
    }

    /// The layout of rows that arrive as lines of JSON.
    pub(crate) fn objects(format: Format) -> Self {
        Self::new(format, &[])
    }

    fn table(table: Table) -> Self {
        let Table { dialect, has_header, columns, skipped_lines, described_rows, warnings } = table;
        let dialect = Some(dialect);
        Self { format: Format::Delimited, dialect, has_header, columns, skipped_lines, described_rows, warnings }
    }
}

/// Detects the layout from the file's name and its beginning. `is_whole` is true if `sample` is the whole file.
///
/// # Errors
/// `data.json-shape` for JSON that is not a list of objects, `data.json-delimiter` if the user set a delimiter for JSON,
/// and as [`table`].
pub(crate) fn sniff(name: &str, sample: &str, is_whole: bool, hints: &Hints) -> Result<Sniffed, Diagnostic> {
    match (json_format(sample, is_whole), hints.delimiter) {
        (Ok(Some(_)), Some(_)) => Err(json_delimiter()),
        (Ok(Some(Format::Squad)), None) => Ok(Sniffed::new(Format::Squad, &squad::COLUMNS)),
        (Ok(Some(format)), None) => {
            let is_one_array = format == Format::JsonArray;
            let is_list = is_one_array || format == Format::JsonLines;
            let rows = is_list.then(|| json_arrays::rows(sample, is_one_array)).flatten();
            Ok(rows.map_or_else(|| Sniffed::new(format, &[]), |rows| Sniffed::arrays(format, &rows, hints.has_header)))
        }
        (Err(diagnostic), None) => Err(diagnostic),
        (_, Some(Delimiter::Absent)) => Ok(Sniffed::lines(sample, hints.has_header)),
        (_, Some(Delimiter::Character(_))) => {
            let table = table(name, sample, is_whole, hints)?;
            Ok(table.map_or_else(|| Sniffed::lines(sample, hints.has_header), Sniffed::table))
        }
        (Ok(None), None) => {
            if let Some(columns) = ConllColumns::detect(sample).filter(|columns| columns.fit(name, sample)) {
                return Ok(Sniffed { columns: columns.names().to_vec(), ..Sniffed::new(Format::Conll, &[]) });
            }
            let labeled = LabeledLines::detect(sample);
            let labeled = labeled.map(|lines| (lines, Sniffed::new(Format::Text, lines.columns())));
            if let Some((
                LabeledLines::Single
                | LabeledLines::Several
                | LabeledLines::Trec
                | LabeledLines::AtEnd
                | LabeledLines::Tree
                | LabeledLines::Tagged,
                sniffed,
            )) = labeled
            {
                return Ok(sniffed);
            }
            if is_chat_log(sample) {
                return Ok(Sniffed::lines(sample, hints.has_header));
            }
            let Some(table) = table(name, sample, is_whole, hints)? else {
                let lines = || Sniffed::lines(sample, hints.has_header);
                return Ok(labeled.map_or_else(lines, |(_, sniffed)| sniffed));
            };
            let start: usize = sample.split_inclusive('\n').take(table.skipped_lines as usize).map(str::len).sum();
            match WordColumns::detect(&sample[start..], table.dialect) {
                Some(words) if table.has_header => {
                    let columns = words.names().to_vec();
                    Ok(Sniffed { format: Format::Conll, columns, ..Sniffed::table(table) })
                }
                _ => Ok(Sniffed::table(table)),
            }
        }
    }
}

/// Returns true if most lines begin with a date, a time and a name, as WhatsApp exports a chat: its commas are no delimiters.
fn is_chat_log(sample: &str) -> bool {
    let is_message = |line: &&str| {
        let line = line.trim_start_matches(['[', '\u{200e}', '\u{feff}']);
        let stamp = line.split_once(" - ").or_else(|| line.split_once("] "));
        let is_stamp = |stamp: &str| {
            let marks = stamp.matches(['/', '.', '-']).count();
            stamp.len() < 30 && marks >= 2 && stamp.contains(':') && stamp.starts_with(|c: char| c.is_ascii_digit())
        };
        stamp.is_some_and(|(stamp, message)| is_stamp(stamp) && message.contains(": "))
    };
    let lines: Vec<&str> = sample.lines().filter(|line| !line.trim().is_empty()).take(50).collect();
    lines.len() > 2 && lines.iter().filter(|line| is_message(line)).count() * 2 > lines.len()
}

fn json_format(sample: &str, is_whole: bool) -> Result<Option<Format>, Diagnostic> {
    let text = sample.trim_start();
    let second = text.get(1..).unwrap_or_default().trim_start().chars().next();
    match (text.chars().next(), second) {
        (Some('[' | '{'), Some('{' | '"')) if is_squad(text) => Ok(Some(Format::Squad)),
        (Some('{'), _) if are_objects_in_a_row(text) => Ok(Some(Format::JsonArray)),
        (Some('{'), Some('"')) if are_columns(text) => Ok(Some(Format::JsonColumns)),
        (Some('['), Some('{')) => Ok(Some(Format::JsonArray)),
        (Some('{'), Some('\'')) => Ok(text.lines().next().is_some_and(is_object).then_some(Format::JsonLines)),
        (Some('{'), Some('"' | '}')) => {
            // The last line may be cut.
            let mut lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            if !is_whole && lines.len() > 1 {
                lines.pop();
            }
            let is_one_cut_line = !is_whole && lines.len() == 1;
            if is_document(text, is_whole, lines.len()) {
                return Ok(Some(Format::JsonColumns));
            }
            let objects = lines.iter().filter(|line| is_object(line)).count();
            // A document on several lines starts with a line that is not an object, though others may be.
            let is_lines =
                is_one_cut_line || lines.first().is_some_and(|line| is_object(line)) || objects * 2 >= lines.len();
            if is_lines { Ok(Some(Format::JsonLines)) } else { Err(json_shape()) }
        }
        (Some('['), Some('[')) if has_spacy_examples(text) => Ok(Some(Format::JsonArray)),
        (Some('['), Some('"')) if text.lines().next().is_some_and(is_spacy_example) => Ok(Some(Format::JsonLines)),
        (Some('['), Some('[')) if json_arrays::rows(text, true).is_some() => Ok(Some(Format::JsonArray)),
        (Some('['), _) if json_arrays::rows(text, false).is_some() => Ok(Some(Format::JsonLines)),
        (Some('['), Some('"' | '[' | '0'..='9' | '-' | ']')) if is_json_list(text) => Err(json_shape()),
        // Notes may come before the objects.
        (Some(first), _) if !"[{".contains(first) && has_objects_after_notes(text) => Ok(Some(Format::JsonLines)),
        _ => Ok(None),
    }
}

/// Returns true if nearly all lines after the first one are objects.
fn has_objects_after_notes(text: &str) -> bool {
    let lines = || text.lines().skip(1).filter(|line| !line.trim().is_empty()).take(20);
    let objects = lines().filter(|line| is_object(line)).count();
    objects > 1 && objects * 10 >= lines().count() * 8
}

/// Returns true if a text is one object that holds all rows; see [`json_document`]. If the sample is cut, the beginning of
/// the first member that is no simple value decides.
fn is_document(text: &str, is_whole: bool, lines: usize) -> bool {
    if is_whole {
        let is_one = lines == 1 || !text.lines().next().is_some_and(is_object);
        return is_one && matches!(parsed(text), Ok(Value::Object(object)) if json_document::rows(&object).is_some());
    }
    if text.lines().next().is_some_and(is_object) {
        return false;
    }
    let compact: String = text.chars().take(400).filter(|c| !c.is_whitespace()).collect();
    let nested = compact.match_indices(':').find(|(at, _)| compact[at + 1..].starts_with(['[', '{']));
    nested.is_some_and(|(at, _)| {
        let (before, value) = (&compact[..at], &compact[at + 1..]);
        let is_list = value.starts_with("[{\"") || value.starts_with("[[\"");
        let has_numbers = ["{\"0\"", "{\"1\""].iter().any(|key| value.starts_with(key) || before.starts_with(key));
        let is_named = json_document::LISTS.iter().any(|name| before.ends_with(&format!("\"{name}\"")));
        // A document on several lines is no list of rows, but a single line may be the first of them.
        let is_any = lines > 1 && (is_list || value.starts_with("{\""));
        compact.starts_with("{\"columns\":[") || has_numbers || (is_named && is_list) || is_any
    })
}

/// Returns true if JSON contains questions of SQuAD, and not as one object per line.
fn is_squad(text: &str) -> bool {
    let is_first_line_whole =
        text.lines().next().is_some_and(|line| is_object(line) && line.len() < text.trim_end().len());
    let has = |key: &str| text.match_indices(key).any(|(at, _)| text[at + key.len()..].trim_start().starts_with(':'));
    !is_first_line_whole && has("\"qas\"") && has("\"context\"")
}

/// Returns true if an array begins with a training example of spaCy.
fn has_spacy_examples(text: &str) -> bool {
    let first = text.get(1..).unwrap_or_default().trim_start();
    value_len(first.as_bytes()).is_some_and(|len| is_spacy_example(&first[..len]))
}

/// Returns true if a text that begins with `[` is JSON, possibly cut at the end.
fn is_json_list(text: &str) -> bool {
    match serde_json::from_str::<Vec<serde::de::IgnoredAny>>(text) {
        Ok(_) => true,
        Err(error) => error.is_eof(),
    }
}

fn json_delimiter() -> Diagnostic {
    Diagnostic::new("data.json-delimiter", "The file is JSON, which has no delimiter between cells.")
        .done("The file was not read that way.")
        .remedy("Let Hone detect the delimiter.")
}

/// The error for JSON that is not a list of objects.
pub(crate) fn json_shape() -> Diagnostic {
    Diagnostic::new("data.json-shape", "This JSON is not a list of rows.").done("The file was not read.").remedy(
        r#"Use one object per line, {"text": "…", "label": "…"}, one array of such objects, one array of cells per line, one object of arrays, or SQuAD."#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sample: &str) -> (char, bool, usize) {
        let sniffed = sniff("file", sample, true, &Hints::default()).unwrap();
        (char::from(sniffed.dialect.unwrap().delimiter), sniffed.has_header, sniffed.columns.len())
    }

    #[test]
    fn the_most_consistent_delimiter_wins() {
        assert_eq!(found("text,label\n\"a; b\",x\nc|d,y\n"), (',', true, 2));
        assert_eq!(found("spam\tone, two\nham\tthree, four\n"), ('\t', false, 2));
        assert_eq!(found("text;label\ngut, sehr gut;1\nschlecht;0\n"), (';', true, 2));
        assert_eq!(found("good|1\nbad|0\n"), ('|', false, 2));
    }

    #[test]
    fn headers_differ_from_the_rows() {
        assert!(found("v1,v2\nham,see you\nham,on my way\nspam,you won\nspam,claim it\n").1);
        assert!(found("phrase,mood\nso good,1\nso bad,0\n").1);
        assert!(found("words,mood\nso good,yes\nso bad,no\n").1);
        assert!(!found("ham,see you\nham,on my way\nspam,you won\nspam,claim it\nham,bye\n").1);
        assert!(!found("so good,1\nso bad,0\n").1);
        assert!(
            !sniff("file", "text,label\na,b\n", true, &Hints { has_header: Some(false), ..Hints::default() })
                .unwrap()
                .has_header
        );
    }

    #[test]
    fn prose_is_not_a_table() {
        let prose = "First, a line.\nThen, another.\nNo comma here.\n";
        assert_eq!(sniff("a.txt", prose, true, &Hints::default()).unwrap().format, Format::Text);
        assert_eq!(sniff("a.csv", prose, true, &Hints::default()).unwrap().format, Format::Delimited);
        let column = sniff("a.csv", "text\n\"one, two\"\nthree\n", true, &Hints::default()).unwrap();
        assert_eq!((column.format, column.columns.len(), column.has_header), (Format::Delimited, 1, true));
    }

    #[test]
    fn exported_chats_are_lines_of_text() {
        let format = |log: &str| sniff("chat.txt", log, true, &Hints::default()).unwrap().format;
        assert_eq!(
            format("12/1/20, 9:15 PM - Ann: Hi, Bob\n12/1/20, 9:16 PM - Bob: So, well\n12/1/20, 9:17 PM - Ann: Yes\n"),
            Format::Text
        );
        assert_eq!(
            format(
                "[01.12.20, 21:15:02] Ann: Hi, Bob\n[01.12.20, 21:16:02] Bob: So, so\n[01.12.20, 21:16:05] Bob: a, b\n"
            ),
            Format::Text
        );
        assert_eq!(
            format("2020-12-01 09:15,so good,pos\n2020-12-01 09:16,so bad,neg\n2020-12-01 09:17,a - b: c,neg\n"),
            Format::Delimited
        );
    }

    #[test]
    fn repeated_and_missing_column_names_become_distinct() {
        let sniffed = sniff("file", "text,text,,label\na b,c,d,x\n", true, &Hints::default()).unwrap();
        assert_eq!(sniffed.columns, ["text", "text (2)", "column 3", "label"]);
        assert_eq!(sniffed.warnings[0].what, "More than one column is named \"text\".");
    }

    #[test]
    fn json_is_told_from_text_with_brackets() {
        let format = |sample| {
            sniff("file", sample, true, &Hints::default())
                .map(|sniffed| sniffed.format)
                .map_err(|diagnostic| diagnostic.code)
        };
        assert_eq!(format("{\"a\":1}\noops\n{\"a\":2}\n"), Ok(Format::JsonLines));
        assert_eq!(format(" [\n {\"a\":1}]"), Ok(Format::JsonArray));
        assert_eq!(format("[gone],x\n{name},y\n"), Ok(Format::Delimited));
        assert_eq!(format("{\n \"a\": [\n{}]\n}"), Err("data.json-shape".into()));
        assert_eq!(format("[[1,2],[3,4]]"), Err("data.json-shape".into()));
        assert_eq!(format("just words\nin lines\n"), Ok(Format::Text));
        assert_eq!(format("{'a': 'it', 'b': 1}\n{'a': \"it's\", 'b': 0}\n"), Ok(Format::JsonLines));
        assert_eq!(format("{'quoted' words},x\n{more},y\n"), Ok(Format::Delimited));
        assert_eq!(format("{\"a\":NaN}\n{\"a\":1}\n"), Ok(Format::JsonLines));
        assert_eq!(format("{\"a\":[1,2],\"b\":[3,4]}\n"), Ok(Format::JsonColumns));
        assert_eq!(format("{\"a\":[1]}\n{\"a\":[2]}\n"), Ok(Format::JsonLines));
        assert_eq!(format("{\"data\":[{\"paragraphs\":[{\"context\":\"c\",\"qas\": []}]}]}"), Ok(Format::Squad));
        assert_eq!(format("{\"context\":\"c\",\"qas\":[]}\n{\"context\":\"d\",\"qas\":[]}\n"), Ok(Format::JsonLines));
    }
}
