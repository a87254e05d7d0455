//! Detects the delimiter, the quoting and the header of a table.

use std::collections::{HashMap, HashSet};

use crate::dataset::formats::decode::line_ends;
use crate::dataset::formats::delimited::{DelimitedReader, Dialect};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::sheet::{CELL_END, SheetReader};
use crate::dataset::formats::step::ReadStep;
use crate::dataset::inspect::columns::{has_word, is_typical_name};
use crate::dataset::inspect::described_rows::{described_rows, described_warning};
use crate::dataset::inspect::header::{column_names, has_typical_name, looks_like_header};
use crate::dataset::inspect::quotes::{are_quoted_rows, quoted_rows, quotings};
use crate::dataset::layout::{Delimiter, Hints, Quoting};
use crate::dataset::separator::separator_name;
use crate::diagnostic::Diagnostic;
use crate::limits::{MAX_COLUMNS, SNIFF_ROWS};
use crate::phrases::{count, excerpt, names, thousands};

/// Ratio of a .txt file's lines that must have the same number of cells for it to be a table.
const MIN_TXT_RATIO: f64 = 0.9;
/// Most rows before a header that are taken for titles and notes.
const MAX_TITLE_ROWS: usize = 20;

/// The detected layout of a table.
pub(crate) struct Table {
    /// Delimiter and quoting.
    pub dialect: Dialect,
    pub has_header: bool,
    /// Column names.
    pub columns: Vec<String>,
    /// Number of lines before the table.
    pub skipped_lines: u32,
    /// Number of rows below the header that belong to it.
    pub described_rows: u32,
    /// Warnings about the header.
    pub warnings: Vec<Diagnostic>,
}

/// The first rows of a table.
#[derive(Default)]
struct SampleRows {
    cells: Vec<Vec<String>>,
    /// Start of each row in the sample, in bytes.
    starts: Vec<usize>,
}

/// Detects the layout of a table. Returns none if the text is not a table.
///
/// # Errors
/// `data.too-many-columns`, `data.header-width`, and `data.delimiter` if the delimiter that the user set is not between
/// the cells.
pub(crate) fn table(name: &str, sample: &str, is_whole: bool, hints: &Hints) -> Result<Option<Table>, Diagnostic> {
    let separator = separator_line(sample);
    let body = &sample[separator.map_or(0, |(_, len)| len)..];
    // Tab-separated files often have stray quotes and rarely delimiters in quoted cells; for the others, the reverse is
    // true.
    let set_delimiter = match hints.delimiter {
        Some(Delimiter::Character(delimiter)) => {
            Some(Delimiter::Character(delimiter).byte().ok_or_else(|| no_delimiter(delimiter))?)
        }
        Some(Delimiter::Absent) | None => None,
    };
    let only_delimiter = set_delimiter.or(separator.map(|(delimiter, _)| delimiter));
    let delimiters = only_delimiter.map_or_else(|| b"\t,;|".to_vec(), |delimiter| vec![delimiter]);
    let quotings = quotings(body, &delimiters, hints.quoting);
    let mut best = None;
    let mut best_ratio = 0.0;
    for &delimiter in &delimiters {
        for multiline in if delimiter == b'\t' { [false, true] } else { [true, false] } {
            for &quoting in &quotings {
                let dialect = Dialect { delimiter, multiline, quoting };
                let rows = sample_rows(body, is_whole, dialect);
                let (width, ratio) = consistency(&rows.cells);
                if ratio > best_ratio {
                    best_ratio = ratio;
                    best = Some((dialect, width, rows));
                }
            }
        }
    }
    // R's write.table puts spaces between quoted cells.
    if best.is_none() && only_delimiter.is_none() && body.lines().all(|line| line.is_empty() || line.starts_with('"')) {
        let dialect = Dialect { delimiter: b' ', multiline: true, quoting: Quoting::Backslash };
        let rows = sample_rows(body, is_whole, dialect);
        // The header may lack a name for the names of the rows.
        let (width, ratio) = consistency(rows.cells.get(1..).unwrap_or_default());
        if width > 1 && ratio >= MIN_TXT_RATIO {
            (best_ratio, best) = (ratio, Some((dialect, width, rows)));
        }
    }
    if let (Some(delimiter), None) = (set_delimiter, &best) {
        return Err(no_delimiter(char::from(delimiter)));
    }
    let name = name.to_lowercase();
    // Prose has commas too, but only by chance the same number in most lines.
    let is_prose = name.ends_with(".txt") && best_ratio < MIN_TXT_RATIO && only_delimiter.is_none();
    if best.is_none() && (separator.is_some() || name.ends_with(".csv")) {
        let delimiter = separator.map_or(b',', |(delimiter, _)| delimiter);
        let dialect = Dialect { delimiter, multiline: true, quoting: quotings[0] };
        best = Some((dialect, 1, sample_rows(body, is_whole, dialect)));
    }
    let Some((dialect, width, rows)) = best.filter(|_| !is_prose) else {
        return Ok(None);
    };
    if width == 1 && hints.delimiter.is_none() && are_quoted_rows(&rows.cells) {
        return Err(quoted_rows(&rows.cells[0][0]));
    }
    let separator_lines = usize::from(separator.is_some());
    described(body, separator_lines, dialect, width, &rows, hints.has_header).map(Some)
}

/// Detects the header of a spreadsheet's rows.
///
/// # Errors
/// As [`table`], except for the delimiter.
pub(crate) fn sheet_table(sample: &str, is_whole: bool, has_header: Option<bool>) -> Result<Table, Diagnostic> {
    let mut reader = SheetReader::new(None);
    let mut rows = sampled(sample, is_whole, &mut |rest, is_end, record| reader.step(rest, is_end, record));
    let filled = |row: &Vec<String>| row.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    // Rows have no cells after their last filled one, so that the longest row shows the columns.
    let width = rows.cells.iter().map(filled).max().unwrap_or_default().max(1);
    rows.cells.iter_mut().for_each(|row| row.resize(width, String::new()));
    let dialect = Dialect { delimiter: CELL_END as u8, multiline: false, quoting: Quoting::Never };
    described(sample, 0, dialect, width, &rows, has_header)
}

/// Finds the header of a table whose cells are known.
fn described(
    body: &str,
    separator_lines: usize,
    dialect: Dialect,
    width: usize,
    rows: &SampleRows,
    has_header: Option<bool>,
) -> Result<Table, Diagnostic> {
    if width > MAX_COLUMNS {
        // Only the beginning of the file was looked at.
        let what = format!("The rows have more than {} columns.", thousands(MAX_COLUMNS));
        return Err(Diagnostic::new("data.too-many-columns", what)
            .done("The file was not read.")
            .remedy("Save it with a text column and a label column, separated by commas or tabs."));
    }
    let fits = rows.cells.first().is_some_and(|row| row.len() + 1 >= width);
    let first = match has_header {
        Some(false) => 0,
        // The user means the first line, unless it cannot be the header.
        Some(true) if fits => 0,
        _ => title_rows(&rows.cells, width),
    };
    let mut warnings = Vec::new();
    let before = &body[..rows.starts.get(first).copied().unwrap_or_default()];
    let mut skipped_lines = separator_lines;
    if first > 0 {
        skipped_lines += line_ends(before.as_bytes());
        warnings.push(titles_warning(before));
    }
    let described_rows = if has_header == Some(false) { 0 } else { described_rows(&rows.cells[first..]) };
    if described_rows > 0 {
        warnings.push(described_warning(&rows.cells[first + 1..=first + described_rows]));
    }
    let named = has_header.or((described_rows > 0).then_some(true));
    let header = header(&rows.cells[first..], width, named, skipped_lines + 1)?;
    let has_header = header.is_some();
    let Header { names: given, warning } = header.unwrap_or_else(|| Header::unnamed(width));
    warnings.extend(warning);
    let (columns, repeated) = column_names(&given);
    if !repeated.is_empty() {
        let what = format!("More than one column is named {}.", names(&repeated));
        warnings.push(Diagnostic::new("data.same-columns", what).done("The duplicates were numbered."));
    }
    let (skipped_lines, described_rows) = (skipped_lines as u32, described_rows as u32);
    Ok(Table { dialect, has_header, columns, skipped_lines, described_rows, warnings })
}

fn no_delimiter(delimiter: char) -> Diagnostic {
    let name = separator_name(delimiter);
    Diagnostic::new("data.delimiter", format!("Most lines have no {name} between cells."))
        .done("The file was not read that way.")
        .remedy("Choose another delimiter, or let Hone detect it.")
}

/// The delimiter that Excel names in a first line such as `sep=;`, and the length of that line.
fn separator_line(sample: &str) -> Option<(u8, usize)> {
    let len = sample.find('\n').map_or(sample.len(), |end| end + 1);
    let line = sample[..len].trim_end_matches(['\r', '\n']);
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    match (key.eq_ignore_ascii_case("sep="), value.as_bytes()) {
        (true, &[delimiter, ..])
            if value.bytes().all(|byte| byte == delimiter)
                && delimiter.is_ascii()
                && !delimiter.is_ascii_alphanumeric()
                && delimiter != b'"' =>
        {
            Some((delimiter, len))
        }
        _ => None,
    }
}

fn sample_rows(sample: &str, is_whole: bool, dialect: Dialect) -> SampleRows {
    let mut reader = DelimitedReader::new(dialect);
    sampled(sample, is_whole, &mut |rest, is_end, record| reader.step(rest, is_end, record))
}

/// The first rows, by the steps of a reader.
fn sampled(sample: &str, is_whole: bool, step: &mut dyn FnMut(&str, bool, &mut Record) -> ReadStep) -> SampleRows {
    // If the first line is longer than the sample, the sample has to do.
    let is_end = is_whole || !sample.trim_end_matches('\n').contains('\n');
    let mut record = Record::default();
    let mut at = 0;
    let mut rows = SampleRows::default();
    while at < sample.len() && rows.cells.len() < SNIFF_ROWS {
        record.clear();
        at += match step(&sample[at..], is_end, &mut record) {
            ReadStep::NeedMore => break,
            ReadStep::Record(used) => {
                rows.cells.push(record.iter().map(str::to_owned).collect());
                rows.starts.push(at);
                used
            }
            ReadStep::Skip(used) | ReadStep::Invalid(used, _) => used,
        };
    }
    rows
}

/// The most frequent number of cells, and the ratio of rows that have it. The ratio is 0 if that number is 1.
fn consistency(rows: &[Vec<String>]) -> (usize, f64) {
    let mut counts = HashMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0usize) += 1;
    }
    match counts.into_iter().max_by_key(|&(width, rows)| (rows, width)) {
        Some((width, fitting)) if width > 1 => (width, fitting as f64 / rows.len() as f64),
        _ => (1, 0.0),
    }
}

/// Number of rows before the header: titles, notes and comments.
fn title_rows(rows: &[Vec<String>], width: usize) -> usize {
    let is_title = |row: &Vec<String>| {
        row.len() != width
            || row.first().is_some_and(|cell| cell.starts_with('#'))
            || (width > 1 && row.iter().skip(1).all(|cell| cell.trim().is_empty()))
    };
    // A sentence may have as many commas as the rows. Then, the header must consist of typical names.
    let is_sentence = |row: &Vec<String>| row.iter().any(|cell| cell.trim().contains(' ')) && !has_typical_name(row);
    let is_word = |cell: &String| !cell.trim().is_empty() && !cell.trim().contains(' ');
    let is_typical = |row: &Vec<String>| row.len() == width && has_typical_name(row) && row.iter().all(is_word);
    let first = rows.iter().take(MAX_TITLE_ROWS + 1).position(is_typical).unwrap_or_default();
    // Merged cells above a header name groups of columns.
    let is_group = |row: &Vec<String>| {
        let blank = row.iter().filter(|cell| cell.trim().is_empty()).count();
        blank > 1 && blank * 2 >= width
    };
    let are_titles = rows[..first].iter().all(|row| is_title(row) || is_sentence(row) || is_group(row));
    if first > 0 && are_titles && looks_like_header(&rows[first..], width) {
        return first;
    }
    let titles = rows.iter().take(MAX_TITLE_ROWS + 1).take_while(|row| is_title(row)).count();
    if titles == 0 || titles > MAX_TITLE_ROWS || !looks_like_header(&rows[titles..], width) {
        return 0;
    }
    // A header that lacks a name is no title, even if the first row of data differs from the others.
    let is_names = |row: &Vec<String>| row.len() + 1 >= width && has_typical_name(row);
    if rows[..titles].iter().any(is_names) && !has_typical_name(&rows[titles]) { 0 } else { titles }
}

fn titles_warning(before: &str) -> Diagnostic {
    let is_mark = |c: char| c == CELL_END || c.is_whitespace();
    let first = before.lines().map(|line| line.trim_matches(is_mark)).find(|line| !line.is_empty());
    let first = first.unwrap_or_default().replace(CELL_END, " ");
    let what = match line_ends(before.as_bytes()) {
        1 => format!("The line before the header does not belong to the table: \"{}\".", excerpt(&first, 60)),
        lines => {
            format!(
                "The {lines} lines before the header do not belong to the table. First: \"{}\".",
                excerpt(&first, 60)
            )
        }
    };
    Diagnostic::new("data.title-lines", what)
        .done("Skipped.")
        .remedy("To read them as rows, say that there is no header.")
}

/// A header that fits the rows.
struct Header {
    /// One name for each column; empty for a column without a name.
    names: Vec<String>,
    warning: Option<Diagnostic>,
}

impl Header {
    /// No names for `width` columns.
    fn unnamed(width: usize) -> Self {
        Self { names: vec![String::new(); width], warning: None }
    }
}

/// The header in the first of these rows, if it is one. `line` is its line in the file.
///
/// # Errors
/// `data.header-width` if it is not clear which columns its names belong to.
fn header(
    rows: &[Vec<String>],
    width: usize,
    has_header: Option<bool>,
    line: usize,
) -> Result<Option<Header>, Diagnostic> {
    let Some((first, rest)) = rows.split_first() else {
        return Ok(None);
    };
    if !has_header.unwrap_or_else(|| looks_like_header(rows, width)) {
        return Ok(None);
    }
    let rest: Vec<&[String]> = rest.iter().filter(|row| row.len() == width).map(Vec::as_slice).collect();
    let mut names = first.clone();
    while names.len() > width && names.last().is_some_and(|name| name.trim().is_empty()) {
        names.pop();
    }
    // Rows may end in a delimiter though the header does not.
    let is_blank = |column: usize| rest.iter().all(|row| row[column].trim().is_empty());
    let mut filled = width;
    while filled > names.len() && is_blank(filled - 1) {
        filled -= 1;
    }
    if names.len() == filled {
        return Ok(Some(Header { names, warning: None }));
    }
    let distinct: HashSet<&str> = rest.iter().map(|row| row[0].trim()).collect();
    // A name that the header has is missing somewhere else, and so is one if a text was split.
    let is_named = has_word(&names[0], &["id", "index"]) || is_typical_name(&names[0]) && are_sentences(&rest);
    if names.len() + 1 == filled && distinct.len() == rest.len() && !is_named {
        let what = format!("The header has {}, one fewer than the rows have cells.", count(names.len(), "name"));
        let warning = Diagnostic::new("data.row-names", what).done(
            "The first column was read as row names, as R writes them, so that each name is above its own column.",
        );
        names.insert(0, String::new());
        return Ok(Some(Header { names, warning: Some(warning) }));
    }
    let what = format!(
        "The header on line {line} has {}, but most rows have {}.",
        count(names.len(), "name"),
        count(filled, "cell")
    );
    Err(Diagnostic::new("data.header-width", what)
        .done("The file was not read, because names could be put above the wrong columns.")
        .remedy(
            "Give each column one name. If a text contains the delimiter, put the text in double quotes. If the first line is \
             a row, say so.",
        ))
}

/// Returns true if most rows begin with a cell of several words.
fn are_sentences(rows: &[&[String]]) -> bool {
    rows.iter().filter(|row| row[0].trim().contains(' ')).count() * 2 > rows.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sample: &str) -> Table {
        table("file.csv", sample, true, &Hints::default()).unwrap().unwrap()
    }

    #[test]
    fn row_names_without_a_name_leave_each_name_above_its_column() {
        let table = found("\"text\",\"toxic\",\"rude\"\n\"1\",\"so good\",0,1\n\"2\",\"so bad\",1,0\n");
        assert_eq!(table.columns, ["column 1", "text", "toxic", "rude"]);
        assert_eq!(table.warnings[0].code, "data.row-names");
        let rows: String =
            (0..6).map(|nth| format!("doc{nth},so good {nth},{}\n", ["rare", "x"][nth.min(1)])).collect();
        assert_eq!(found(&format!("text,label\n{rows}")).columns, ["column 1", "text", "label"]);
    }

    #[test]
    fn delimiters_at_the_end_of_lines_add_no_column() {
        let table = found("text,label\nso good,pos,\nso bad,neg,\n");
        assert_eq!((table.columns.len(), table.warnings), (2, vec![]));
        assert_eq!(found("text,label,\nso good,pos\nso bad,neg\n").columns, ["text", "label"]);
        assert_eq!(found("text,label,\nso good,pos,\nso bad,neg,\n").columns.len(), 3);
    }

    #[test]
    fn headers_that_do_not_fit_are_rejected() {
        for sample in ["id,text,label\nso good,pos\nso bad,neg\n", "text,label\nx,so good,pos\nx,so bad,neg\n"] {
            let diagnostic = table("file.csv", sample, true, &Hints::default()).err().unwrap();
            assert_eq!(diagnostic.code, "data.header-width", "{sample}");
        }
    }

    #[test]
    fn the_separator_line_of_excel_is_skipped() {
        for line in ["sep=;", "SEP=;\r", "\"sep=;\"", "sep=;;"] {
            let table = found(&format!("{line}\ntext;label\nso good, really;pos\nso bad, really;neg\n"));
            assert_eq!((table.dialect.delimiter, table.skipped_lines), (b';', 1), "{line}");
            assert_eq!(table.columns, ["text", "label"]);
        }
        assert_eq!(found("sep=^\ntext^label\nso good^pos\n").columns, ["text", "label"]);
        assert!(separator_line("sep=a\n").is_none() && separator_line("separate,x\n").is_none());
    }

    #[test]
    fn titles_before_the_header_are_skipped_with_a_warning() {
        for title in [
            "Reviews of 2024\n",
            "Reviews of 2024\n\nSource: us\n",
            "Reviews of 2024,\n,\n",
            "# one, two, three\n",
            "# one, two\n",
            "Data set: reviews, version 2\n",
        ] {
            let table = found(&format!("{title}text,label\nso good,pos\nso bad,neg\nfine,pos\ndull,neg\n"));
            assert_eq!(table.columns, ["text", "label"], "{title}");
            assert_eq!(table.skipped_lines as usize, title.lines().count());
            assert_eq!(table.warnings[0].code, "data.title-lines");
        }
        let table = found("Export\nmood,phrase\ngood,so warm\nbad,so cold\ngood,so kind\nbad,so dull\n");
        assert_eq!((table.skipped_lines, table.columns.join(" ")), (1, "mood phrase".into()));
        assert_eq!(found("#id,text,label\n1,so good,pos\n2,so bad,neg\n").skipped_lines, 0);
        assert_eq!(found("so good\nso bad,neg\nfine,pos\n").skipped_lines, 0);
    }

    #[test]
    fn backslashes_escape_quotes_where_none_is_doubled() {
        let is_escaped = |sample: &str| found(sample).dialect.quoting == Quoting::Backslash;
        let escaped = "text,label\n\"he said \\\"good, food\\\", and left\",pos\n\"he \\\"left\\\"\",neg\n";
        assert!(is_escaped(escaped));
        assert_eq!(found(escaped).columns.len(), 2);
        assert!(!is_escaped("text,label\n\"a \"\"b\"\" c\",pos\n\"C:\\\",neg\n"));
    }
}
