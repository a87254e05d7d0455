//! Rows as JSON objects, or as arrays of cells: one per line, all in one array, or one after another.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::dataset::formats::json_shapes::{flat_row, flattened, spacy_row};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::literal;
use crate::limits::{MAX_COLUMNS, MAX_ROW_BYTES};
use crate::phrases::{count, thousands};

/// Reason to skip everything after a value whose end is missing.
pub(crate) const NEVER_ENDS: &str = "what begins here never ends, so nothing after it could be read";

/// Reason to skip a value of another kind.
pub(crate) const NOT_AN_OBJECT: &str = "not a JSON object";

/// Number of objects by which converted columns are found.
const CHECKED_OBJECTS: usize = 50;

/// Converts objects to records. The columns are the union of all keys, in order of appearance. Arrays have one cell for each of the
/// known columns.
struct ObjectColumns {
    keys: Vec<String>,
    known: HashSet<String>,
    rows_are_arrays: bool,
    /// Number of objects so far, up to [`CHECKED_OBJECTS`].
    checked: usize,
    /// Columns whose cells are no members of the objects.
    converted: Vec<String>,
}

impl ObjectColumns {
    fn new(keys: Vec<String>, rows_are_arrays: bool) -> Self {
        let known = keys.iter().cloned().collect();
        Self { keys, known, rows_are_arrays, checked: 0, converted: Vec::new() }
    }

    /// Writes the cells of an object or an array. Returns false for the names of the columns, which are no row.
    ///
    /// # Errors
    /// The reason why it cannot be read.
    fn write(&mut self, json: &str, record: &mut Record) -> Result<bool, String> {
        let value = parsed(json).map_err(|error| json_error(&error))?;
        if self.rows_are_arrays {
            return self.write_array(&value, record);
        }
        let members = match &value {
            Value::Object(object) if self.checked < CHECKED_OBJECTS => flattened(object.clone()),
            _ => Map::new(),
        };
        let object = match value {
            Value::Object(object) => flat_row(object),
            other => flat_row(spacy_row(other).ok_or(NOT_AN_OBJECT)?),
        };
        if self.checked < CHECKED_OBJECTS {
            self.checked += 1;
            let is_new =
                |(key, value): &(&String, &Value)| members.get(*key) != Some(value) && !self.converted.contains(key);
            let converted: Vec<String> = object.iter().filter(is_new).map(|(key, _)| key.clone()).collect();
            self.converted.extend(converted);
        }
        for key in object.keys() {
            if !self.known.contains(key) && self.keys.len() <= MAX_COLUMNS {
                self.known.insert(key.clone());
                self.keys.push(key.clone());
            }
        }
        // The scan refuses the file. Until then, no object writes a cell for each of ever more keys.
        if self.keys.len() > MAX_COLUMNS {
            return Err(format!("more than {} different keys so far", thousands(MAX_COLUMNS)));
        }
        for key in &self.keys {
            write_value(object.get(key), record);
        }
        Ok(true)
    }

    fn write_array(&self, value: &Value, record: &mut Record) -> Result<bool, String> {
        let cells = cells(value).ok_or("not an array of cells")?;
        if cells.len() != self.keys.len() {
            return Err(format!("{} instead of {}", count(cells.len(), "cell"), self.keys.len()));
        }
        for cell in &cells {
            record.push_cell(cell);
        }
        Ok(cells != self.keys)
    }
}

/// Writes a value as a cell: a string without quotes, nothing for null, and JSON for anything else.
pub(crate) fn write_value(value: Option<&Value>, record: &mut Record) {
    match value {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => record.write(text),
        Some(other) => record.write(&other.to_string()),
    }
    record.end_cell();
}

/// The cells of an array of simple values. None for other values.
pub(crate) fn cells(value: &Value) -> Option<Vec<String>> {
    let cell = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    };
    value.as_array()?.iter().map(cell).collect()
}

/// Reason why JSON cannot be parsed.
pub(crate) fn json_error(error: &serde_json::Error) -> String {
    // serde_json has no category for this error, only the message.
    if error.to_string().starts_with("recursion limit") {
        "nested too deeply".into()
    } else if error.is_data() {
        NOT_AN_OBJECT.into()
    } else if error.is_eof() {
        "the JSON ends in the middle".into()
    } else {
        format!("not valid JSON at character {}", error.column())
    }
}

/// Parses a row: JSON, in which NaN and the infinities are read as null, or what Python prints.
///
/// # Errors
/// The error of the JSON if it is neither.
pub(crate) fn parsed(json: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(json).or_else(|error| {
        if let Ok(value) = serde_json::from_str(&literal::without_nan(json)) {
            return Ok(value);
        }
        match literal::parse(json) {
            Some(Ok(value)) => Ok(value),
            _ => Err(error),
        }
    })
}

/// Returns true if a text is a training example of spaCy: a text with an object of its annotations.
pub(crate) fn is_spacy_example(json: &str) -> bool {
    parsed(json).is_ok_and(|value| spacy_row(value).is_some())
}

/// Returns true if a text is one object; see [`parsed`].
pub(crate) fn is_object(json: &str) -> bool {
    matches!(parsed(json), Ok(Value::Object(_)))
}

/// Reads JSON Lines.
pub(crate) struct JsonLinesReader {
    columns: ObjectColumns,
    /// True inside a line that is too long to keep.
    is_skipping: bool,
}

impl JsonLinesReader {
    pub(crate) fn new(keys: Vec<String>, rows_are_arrays: bool) -> Self {
        Self { columns: ObjectColumns::new(keys, rows_are_arrays), is_skipping: false }
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.columns.keys
    }

    pub(crate) fn converted(&self) -> &[String] {
        &self.columns.converted
    }

    /// Reads the line at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        let line_end = rest.find('\n');
        let used = line_end.map_or(rest.len(), |at| at + 1);
        if self.is_skipping {
            self.is_skipping = line_end.is_none();
            return ReadStep::Skip(used);
        }
        if line_end.is_none() && !is_end {
            if rest.len() <= MAX_ROW_BYTES {
                return ReadStep::NeedMore;
            }
            self.is_skipping = true;
            return ReadStep::Invalid(used, format!("the line is longer than {} MB", MAX_ROW_BYTES >> 20));
        }
        let line = rest[..used].trim();
        if line.is_empty() {
            return ReadStep::Skip(used);
        }
        match self.columns.write(line, record) {
            Ok(true) => ReadStep::Record(used),
            Ok(false) => ReadStep::Skip(used),
            Err(reason) => ReadStep::Invalid(used, reason),
        }
    }
}

/// Reads a JSON array of objects, or objects one after another.
pub(crate) struct JsonArrayReader {
    columns: ObjectColumns,
    position: ArrayPosition,
}

#[derive(PartialEq)]
enum ArrayPosition {
    Before,
    Inside,
    /// After the array, or after an element whose end was not found.
    Over,
}

impl JsonArrayReader {
    pub(crate) fn new(keys: Vec<String>, rows_are_arrays: bool) -> Self {
        Self { columns: ObjectColumns::new(keys, rows_are_arrays), position: ArrayPosition::Before }
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.columns.keys
    }

    pub(crate) fn converted(&self) -> &[String] {
        &self.columns.converted
    }

    /// Reads the element at the beginning of `rest`. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        if self.position == ArrayPosition::Over {
            return ReadStep::Skip(rest.len());
        }
        if self.position == ArrayPosition::Before {
            let Some(at) = rest.find(['[', '{']) else { return ReadStep::Skip(rest.len()) };
            self.position = ArrayPosition::Inside;
            return ReadStep::Skip(at + usize::from(rest[at..].starts_with('[')));
        }
        let gap = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', ',']).len();
        if gap > 0 {
            return ReadStep::Skip(gap);
        }
        if rest.starts_with(']') {
            self.position = ArrayPosition::Over;
            return ReadStep::Skip(1);
        }
        match element_len(rest.as_bytes()) {
            Some(len) => match self.columns.write(&rest[..len], record) {
                Ok(true) => ReadStep::Record(len),
                Ok(false) => ReadStep::Skip(len),
                Err(reason) => ReadStep::Invalid(len, reason),
            },
            None if is_end || rest.len() > MAX_ROW_BYTES => {
                self.position = ArrayPosition::Over;
                ReadStep::Invalid(rest.len(), NEVER_ENDS.into())
            }
            None => ReadStep::NeedMore,
        }
    }
}

/// Returns true if a text begins with an object that is not alone on its lines, and another one: `{…} {…}`, or as jq prints rows.
pub(crate) fn are_objects_in_a_row(text: &str) -> bool {
    let text = text.trim_start();
    let Some(len) = element_len(text.as_bytes()).filter(|len| is_object(&text[..*len])) else { return false };
    let (first, rest) = text.split_at(len);
    let next = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    let is_on_one_line = !first.contains('\n') && rest[..rest.len() - next.len()].contains('\n');
    next.starts_with('{') && !is_on_one_line
}

/// Returns true if the first two elements of an array, or the first two objects, begin on one line.
pub(crate) fn has_rows_on_one_line(sample: &str) -> bool {
    let Some(at) = sample.find(['[', '{']) else { return false };
    let first = sample[at..].strip_prefix('[').unwrap_or(&sample[at..]).trim_start();
    element_len(first.as_bytes()).is_some_and(|len| {
        let gap: String = first[len..].chars().take_while(|&c| c == ',' || c.is_whitespace()).collect();
        !gap.contains('\n') && !first[..len].contains('\n') && first[len + gap.len()..].starts_with(['{', '['])
    })
}

/// Length of the value at the beginning, if it is complete.
pub(crate) fn value_len(bytes: &[u8]) -> Option<usize> {
    match bytes.first()? {
        b'"' => string_len(bytes),
        b'{' | b'[' => element_len(bytes),
        _ => bytes.iter().position(|byte| b",]} \t\r\n".contains(byte)),
    }
}

/// Length of the string at the beginning including its quotes, if it is complete.
pub(crate) fn string_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Length of the array element at the beginning, if it is complete.
pub(crate) fn element_len(bytes: &[u8]) -> Option<usize> {
    let is_nested = matches!(bytes.first(), Some(b'{' | b'['));
    // The quote that closes the string at `at`. Python's single quotes never occur between the strings of JSON.
    let mut open_quote = None;
    let (mut depth, mut at) = (0usize, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if open_quote.is_some() => at += 1,
            b'"' | b'\'' if open_quote.is_none() => open_quote = Some(byte),
            _ if open_quote == Some(byte) => open_quote = None,
            _ if open_quote.is_some() => {}
            b',' | b']' if depth == 0 => return Some(at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && is_nested {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place of a column's value in the text of an object; none if the object has no such member, or is not plain JSON. The
/// column `a.b` may be the member `b` of the member `a`.
pub(crate) fn value_range(object: &str, column: &str) -> Option<Range<usize>> {
    member_range(object, column).or_else(|| {
        column.match_indices('.').find_map(|(dot, _)| {
            let outer = member_range(object, &column[..dot])?;
            let inner = value_range(&object[outer.clone()], &column[dot + 1..])?;
            Some(outer.start + inner.start..outer.start + inner.end)
        })
    })
}

fn member_range(object: &str, key: &str) -> Option<Range<usize>> {
    let space = |at: usize| at + (object[at..].len() - object[at..].trim_start().len());
    let mut at = space(space(0) + usize::from(object.trim_start().starts_with('{')));
    let mut found = None;
    while object[at..].starts_with('"') {
        let name_end = at + json_len(&object[at..])?;
        let name: String = serde_json::from_str(&object[at..name_end]).ok()?;
        let colon = space(name_end);
        let start = space(colon + object[colon..].starts_with(':').then_some(1)?);
        let end = start + json_len(&object[start..])?;
        if name == key {
            found = Some(start..end);
        }
        at = space(end);
        if !object[at..].starts_with(',') {
            break;
        }
        at = space(at + 1);
    }
    found
}

/// The place at which an object may get a member with this key; none if the member would be read as part of something else,
/// or not at all.
pub(crate) fn new_member(object: &str, key: &str) -> Option<usize> {
    let end = object.trim_end().strip_suffix('}')?.len();
    let longer = format!("{}, {}: \"x\"{}", &object[..end], serde_json::json!(key), &object[end..]);
    let Ok(Value::Object(read)) = serde_json::from_str(&longer) else { return None };
    let is_read = flat_row(read).get(key).is_some_and(|value| value == "x");
    (is_read && !key.contains('.')).then_some(end)
}

/// Length of the JSON value at the beginning of a text.
fn json_len(text: &str) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    Some(values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_write_no_cells_once_there_are_too_many_keys() {
        let (mut columns, mut cells) = (ObjectColumns::new(Vec::new(), false), 0);
        for row in 0..2 * MAX_COLUMNS {
            let mut record = Record::default();
            let result = columns.write(&format!("{{\"k{row}\": 1}}"), &mut record);
            assert_eq!(result.is_err(), row >= MAX_COLUMNS, "{row}");
            cells += record.len();
        }
        assert_eq!(cells, (1..=MAX_COLUMNS).sum::<usize>());
        assert_eq!(columns.keys.len(), MAX_COLUMNS + 1, "one too many, by which the scan refuses the file");
    }

    #[test]
    fn elements_end_at_their_closing_bracket() {
        for (text, len) in [
            (r#"{"a":"}\"]"},"#, Some(12)),
            (r#"[[1],2]]"#, Some(7)),
            ("12,", Some(2)),
            ("\"a,b\"]", Some(5)),
            (r#"{'a':"it's",'b':'}"'}]"#, Some(21)),
            (r#"{"a":1"#, None),
            ("}", None),
        ] {
            assert_eq!(element_len(text.as_bytes()), len, "{text}");
        }
    }

    #[test]
    fn values_of_nested_objects_are_found() {
        let object = r#"{"a": {"b": 1, "c": {"d": "x"}}, "a.b": 2}"#;
        let value = |column: &str| value_range(object, column).map(|range| &object[range]);
        assert_eq!(["a.b", "a.c.d", "a.d", "b"].map(value), [Some("2"), Some("\"x\""), None, None]);
    }

    #[test]
    fn columns_that_are_no_members_are_noted() {
        let mut columns = ObjectColumns::new(Vec::new(), false);
        for json in [
            r#"{"id": 1, "a": {"b": "x"}, "l": [1]}"#,
            r#"{"id": 1, "prompt": "a", "chosen": [{"role": "assistant"}]}"#,
        ] {
            columns.write(json, &mut Record::default()).unwrap();
        }
        assert_eq!(columns.converted, ["messages"]);
    }

    #[test]
    fn objects_in_a_row_are_no_lines_and_no_document() {
        for joined in
            ["{\n\"a\": 1\n}\n{\n\"a\"", " {\"a\": 1}{\"a\": 2}", "{\"a\": 1}, {\"a\": 2}", "{\n\"a\": [1]},\n{"]
        {
            assert!(are_objects_in_a_row(joined), "{joined}");
        }
        for other in [
            "{\"a\": 1}\n{\"a\": 2}",
            "{\"a\": 1},\n{\"a\": 2}",
            "{\n\"a\": {}\n}",
            "{\n\"a\": 1\n} x",
            "[{\"a\": 1}, {}]",
        ] {
            assert!(!are_objects_in_a_row(other), "{other}");
        }
    }

    #[test]
    fn values_become_cells() {
        let mut columns = ObjectColumns::new(vec!["z".into()], false);
        let mut record = Record::default();
        columns.write(r#"{"a":"x","n":1.5,"b":true,"o":null,"l":[1,{"k":2}]}"#, &mut record).unwrap();
        assert_eq!(columns.keys, ["z", "a", "n", "b", "o", "l"]);
        assert_eq!(record.iter().collect::<Vec<_>>(), ["", "x", "1.5", "true", "", r#"[1,{"k":2}]"#]);
        assert_eq!(columns.write("{\"a\": }", &mut record).unwrap_err(), "not valid JSON at character 7");
        record.clear();
        columns.write(r#"{"a":NaN,"n":-Infinity,"o":"NaN"}"#, &mut record).unwrap();
        assert_eq!(record.iter().collect::<Vec<_>>(), ["", "", "", "", "NaN", ""]);
        record.clear();
        columns.write("{'a': \"it's\", 'b': True, 'l': ['x'], 'o': None}", &mut record).unwrap();
        assert_eq!(record.iter().collect::<Vec<_>>(), ["", "it's", "", "true", "", "[\"x\"]"]);
    }
}
