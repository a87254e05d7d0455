//! Detects how the cells of a table are quoted.

use crate::dataset::inspect::header::has_typical_name;
use crate::dataset::layout::Quoting;
use crate::diagnostic::Diagnostic;
use crate::limits::SNIFF_ROWS;
use crate::phrases::excerpt;

/// Ways of quoting to try: the one that the user set, or those that fit the sample.
pub(crate) fn quotings(sample: &str, delimiters: &[u8], set: Option<Quoting>) -> Vec<Quoting> {
    match (set, has_doubled_quotes(sample, delimiters), sample.contains("\\\"")) {
        (Some(quoting), ..) => vec![quoting],
        (None, false, false) if has_single_quotes(sample, delimiters) => vec![Quoting::Single],
        (None, true, _) => vec![Quoting::Double],
        (None, false, true) => vec![Quoting::Backslash, Quoting::Double],
        (None, false, false) => vec![Quoting::Backslash],
    }
}

/// Returns true if a quoted cell contains doubled quotes.
fn has_doubled_quotes(sample: &str, delimiters: &[u8]) -> bool {
    let bytes = sample.as_bytes();
    let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| b"\r\n".contains(byte) || delimiters.contains(byte));
    sample.match_indices("\"\"").any(|(at, _)| {
        let (before, after) = (at.checked_sub(1).and_then(|at| bytes.get(at)), bytes.get(at + 2));
        let is_empty_cell = is_border(before) && is_border(after);
        !is_empty_cell && before != Some(&b'\\')
    })
}

/// Returns true if nearly every line has a cell in single quotes, which are next to a delimiter on one side at least.
fn has_single_quotes(sample: &str, delimiters: &[u8]) -> bool {
    let is_quoted = |line: &&str| {
        let is_border = |byte: Option<&u8>| byte.is_none_or(|byte| delimiters.contains(byte));
        let bytes = line.as_bytes();
        let quotes = |at: usize, by: usize| bytes.get(at) == Some(&b'\'') && is_border(bytes.get(by));
        let opens = (0..bytes.len()).find(|&at| quotes(at, at.wrapping_sub(1)));
        opens.is_some_and(|open| {
            let close = (open + 1..bytes.len()).find(|&at| quotes(at, at + 1));
            close.is_some_and(|close| open > 0 || close + 1 < bytes.len())
        })
    };
    // The first line may name the columns.
    let lines: Vec<&str> = sample.lines().skip(1).filter(|line| !line.trim().is_empty()).take(SNIFF_ROWS).collect();
    let quoted = lines.iter().filter(|line| is_quoted(line)).count();
    quoted > 1 && quoted * 10 >= lines.len() * 9
}

/// Returns true if each line is one quoted cell that holds a row: names of columns, and cells for them.
pub(crate) fn are_quoted_rows(rows: &[Vec<String>]) -> bool {
    let names =
        |row: &Vec<String>| row.join(",").split([',', ';']).map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let Some(header) = rows.first().map(names).filter(|names| names.len() > 1 && has_typical_name(names)) else {
        return false;
    };
    header.iter().all(|name| !name.contains(' ')) && rows.iter().all(|row| names(row).len() >= header.len())
}

/// The error for such a file.
pub(crate) fn quoted_rows(header: &str) -> Diagnostic {
    let what =
        format!("Each line is in quotes as a whole, so that there is one column named \"{}\".", excerpt(header, 60));
    Diagnostic::new("data.quoted-rows", what).done("The file was not read.").remedy(
        "Remove the quotes around the lines, and write each doubled quote in them once. Spreadsheets add them when they save a \
         file whose rows they have put into one column.",
    )
}
