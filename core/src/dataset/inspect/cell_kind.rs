//! Kinds of cells, by which columns are recognized.

use serde_json::Value;

use crate::dataset::cell::{SPAN_LABELS, parse_flag};
use crate::dataset::literal;
use crate::dataset::tag_scheme::{is_bio, separator_of};

/// Kind of a cell's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellKind {
    /// A text or a number.
    Text,
    /// `0` or `1`, `true` or `false`.
    Flag,
    /// BIO tags separated by spaces, commas or bars.
    Tags,
    /// A list of texts or numbers: a JSON array, or as Python and numpy print it.
    List,
    /// A list of labeled spans.
    Spans,
    /// Answers as in SQuAD or in Hugging Face's data sets.
    Answers,
    /// A conversation.
    Messages,
    /// Other JSON: objects, and arrays such as an embedding.
    Nested,
}

impl CellKind {
    /// Returns true if the cell is JSON, and so never a text.
    pub(crate) fn is_json(self) -> bool {
        !matches!(self, Self::Text | Self::Flag | Self::Tags)
    }

    /// Kind of a column with cells of both kinds.
    pub(crate) fn merge(self, other: Self) -> Self {
        match (self, other) {
            _ if self == other => self,
            _ if self.is_json() && other.is_json() => Self::Nested,
            _ => Self::Text,
        }
    }
}

/// Kind of a cell. None if it could be of several kinds: an empty cell, an empty array or a missing value.
pub(crate) fn cell_kind(cell: &str) -> Option<CellKind> {
    let cell = cell.trim();
    if ["", "[]", "{}", "()", "set()", "nan", "NaN", "<NA>"].contains(&cell) {
        return None;
    }
    if parse_flag(cell).is_some() {
        return Some(CellKind::Flag);
    }
    if cell.split(' ').all(is_bio) || separator_of(cell).is_some() {
        return Some(CellKind::Tags);
    }
    if !cell.starts_with(['[', '{', '(']) && !cell.contains('(') {
        return Some(CellKind::Text);
    }
    let has_fraction = |value: &Value| value.as_f64().is_some_and(|number| number.fract() != 0.0);
    Some(match literal::value(cell) {
        Some(Ok(Value::Object(members))) if members.contains_key("answer_start") => CellKind::Answers,
        Some(Ok(Value::Array(values))) if values.iter().any(has_fraction) => CellKind::Nested,
        Some(Ok(Value::Array(values))) => values.first().map_or(CellKind::Nested, array_kind),
        Some(Ok(_)) => CellKind::Nested,
        // A list that lost values when it was printed. Reading it names the reason.
        Some(Err(_)) => CellKind::List,
        None => CellKind::Text,
    })
}

/// Returns true if a program wrote the cell rather than a person: a link, an address, an id, a time or markup.
pub(crate) fn is_machine_made(cell: &str) -> bool {
    const MIN_LEN: usize = 10;
    if cell.starts_with('<') && cell.ends_with('>') {
        return true;
    }
    let (mut letters, mut digits, mut has_mark, mut has_space) = (0, 0, false, false);
    for c in cell.chars() {
        letters += usize::from(c.is_alphabetic());
        digits += usize::from(c.is_ascii_digit());
        has_mark |= "/@_:".contains(c);
        has_space |= c.is_whitespace();
    }
    let is_code = !has_space && cell.is_ascii() && (digits > 0 || has_mark);
    cell.len() >= MIN_LEN && (is_code || digits > letters)
}

/// Returns true if a cell is a date, a time, a link or an address: it may come again and is still no label.
pub(crate) fn is_date_or_link(cell: &str) -> bool {
    const MIN_LEN: usize = 8;
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    let is_date = digits > letters && cell.contains(['-', '/', ':']) && !cell.starts_with('-');
    let is_link = cell.contains("://") || cell.starts_with("www.") || (cell.contains('@') && cell.contains('.'));
    cell.len() >= MIN_LEN && (is_date || is_link && !cell.contains(' '))
}

/// Kind of a JSON array, by its first element.
fn array_kind(first: &Value) -> CellKind {
    match first {
        Value::String(_) | Value::Number(_) => CellKind::List,
        Value::Array(parts) => match parts.as_slice() {
            [Value::Number(_), Value::Number(_), Value::String(_)] => CellKind::Spans,
            _ => CellKind::Nested,
        },
        Value::Object(members) => {
            let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
            if has(&["answer_start"]) {
                CellKind::Answers
            } else if has(&["role", "from", "speaker"]) && has(&["content", "value", "text", "parts"]) {
                CellKind::Messages
            } else if has(&["start", "start_offset", "begin", "offset"]) && has(&SPAN_LABELS) {
                CellKind::Spans
            } else if members.get("name").is_some_and(Value::is_string) {
                CellKind::List
            } else {
                CellKind::Nested
            }
        }
        _ => CellKind::Nested,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_links_are_no_labels() {
        for cell in ["2023-01-01", "31/12/2023 10:00", "https://example.org/a", "ann@example.org", "www.example.org"] {
            assert!(is_date_or_link(cell), "{cell}");
        }
        for cell in [
            "card_arrival",
            "rec.sport.hockey",
            "comp.sys.ibm.pc",
            "0.12345678",
            "-1.5e-12",
            "12345678901",
            "Sci-fi/horror",
        ] {
            assert!(!is_date_or_link(cell), "{cell}");
        }
    }

    #[test]
    fn cell_kinds_are_recognized() {
        for (cell, expected) in [
            ("some words", Some(CellKind::Text)),
            ("3.5", Some(CellKind::Text)),
            ("[1", Some(CellKind::Text)),
            ("True", Some(CellKind::Flag)),
            ("O B-X", Some(CellKind::Tags)),
            ("O, B-X", Some(CellKind::Tags)),
            ("O|B-X", Some(CellKind::Tags)),
            ("O, so it is", Some(CellKind::Text)),
            (r#"["a"]"#, Some(CellKind::List)),
            ("[3, 0]", Some(CellKind::List)),
            ("['a', 'b']", Some(CellKind::List)),
            ("['a' 'b']", Some(CellKind::List)),
            ("('a', 'b')", Some(CellKind::List)),
            ("[0 1 ... 8 9]", Some(CellKind::List)),
            ("(5)", Some(CellKind::Text)),
            ("[(0, 2, 'X')]", Some(CellKind::Spans)),
            ("{'text': array(['a'], dtype=object), 'answer_start': array([2])}", Some(CellKind::Answers)),
            ("[{'role': 'user', 'content': 'a'}]", Some(CellKind::Messages)),
            ("{}", None),
            (r#"[[0,2,"X"]]"#, Some(CellKind::Spans)),
            (r#"[{"start":0,"end":2,"label":"X"}]"#, Some(CellKind::Spans)),
            (r#"[{"text":"a","answer_start":2}]"#, Some(CellKind::Answers)),
            (r#"{"text":[],"answer_start":[]}"#, Some(CellKind::Answers)),
            (r#"[{"role":"user","content":"a"}]"#, Some(CellKind::Messages)),
            (r#"[{"from":"human","value":"a"}]"#, Some(CellKind::Messages)),
            (r#"[{"start":0,"end":2,"labels":["X"]}]"#, Some(CellKind::Spans)),
            ("[0, 0.5]", Some(CellKind::Nested)),
            (r#"{"a":1}"#, Some(CellKind::Nested)),
            (r#"[{"a":1}]"#, Some(CellKind::Nested)),
            ("[[1,2]]", Some(CellKind::Nested)),
            ("[]", None),
            ("  ", None),
        ] {
            assert_eq!(cell_kind(cell), expected, "{cell}");
        }
    }
}
