//! A JSON document that is read as a whole: an object of arrays, one per column, whose second column begins after the last
//! row of the first, and the forms of [`json_document`].

use serde_json::{Map, Value};

use crate::dataset::formats::json::{NOT_AN_OBJECT, json_error, parsed, string_len, value_len, write_value};
use crate::dataset::formats::json_document;
use crate::dataset::formats::json_shapes::flat_row;
use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::limits::MAX_JSON_BYTES;
use crate::phrases::{count, names};

/// Converts columns to rows, once all of them have been read.
#[derive(Default)]
pub(crate) struct JsonColumnsReader {
    keys: Vec<String>,
    columns: Vec<Vec<Value>>,
    /// Number of rows returned so far. None until the columns have been read.
    row: Option<usize>,
    /// True if nothing more can be read.
    is_over: bool,
}

impl JsonColumnsReader {
    pub(crate) fn new(keys: Vec<String>) -> Self {
        Self { keys, ..Self::default() }
    }

    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Number of the row that was returned last, from 1.
    pub(crate) fn row_number(&self) -> u32 {
        self.row.unwrap_or_default() as u32
    }

    /// Reads the next row. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        if self.is_over {
            return ReadStep::Skip(rest.len());
        }
        if self.row.is_none() {
            if rest.len() > MAX_JSON_BYTES {
                self.is_over = true;
                let what = format!(
                    "columns of more than {} MB cannot be read: write one object per line",
                    MAX_JSON_BYTES >> 20
                );
                return ReadStep::Invalid(rest.len(), what);
            }
            if !is_end {
                return ReadStep::NeedMore;
            }
            if let Err(reason) = self.read(rest) {
                self.is_over = true;
                return ReadStep::Invalid(rest.len(), reason);
            }
        }
        let row = self.row.unwrap_or_default();
        let rows = self.columns.first().map_or(0, Vec::len);
        if row >= rows {
            self.is_over = true;
            return ReadStep::Skip(rest.len());
        }
        for column in &self.columns {
            write_value(column.get(row), record);
        }
        self.row = Some(row + 1);
        ReadStep::Record(0)
    }

    fn read(&mut self, json: &str) -> Result<(), String> {
        let Value::Object(mut object) = parsed(json).map_err(|error| json_error(&error))? else {
            return Err(NOT_AN_OBJECT.into());
        };
        if let Some(rows) = json_document::rows(&object) {
            let rows: Vec<_> = rows.into_iter().map(flat_row).collect();
            object = Map::new();
            for key in rows.iter().flat_map(Map::keys) {
                if !object.contains_key(key) {
                    let cells = rows.iter().map(|row| row.get(key).cloned().unwrap_or_default());
                    object.insert(key.clone(), Value::Array(cells.collect()));
                }
            }
        }
        if self.keys.is_empty() {
            self.keys = object.keys().cloned().collect();
        }
        for key in &self.keys {
            match object.remove(key) {
                Some(Value::Array(column)) => self.columns.push(column),
                _ => return Err(format!("{} is not an array", names(&[key]))),
            }
        }
        let longest = self.columns.iter().map(Vec::len).max().unwrap_or_default();
        if let Some(short) = self.columns.iter().position(|column| column.len() < longest) {
            let len = self.columns[short].len();
            return Err(format!(
                "column {} has {}, another one has {longest}",
                names(&[&self.keys[short]]),
                count(len, "value")
            ));
        }
        self.row = Some(0);
        Ok(())
    }
}

/// Returns true if the beginning of a file looks like an object whose members are all arrays, none of them of objects.
pub(crate) fn are_columns(sample: &str) -> bool {
    let bytes = sample.as_bytes();
    let Some(open) = bytes.iter().position(|&byte| byte == b'{') else { return false };
    let mut at = open + 1;
    let mut columns = 0;
    loop {
        let gap = |at: usize, also: u8| {
            bytes[at..].iter().take_while(|&&byte| byte.is_ascii_whitespace() || byte == also).count()
        };
        at += gap(at, b',');
        match bytes.get(at) {
            Some(b'"') => {}
            Some(b'}') => return columns > 0 && sample[at + 1..].trim().is_empty(),
            // The sample may be cut here.
            None => return columns > 0,
            Some(_) => return false,
        }
        let Some(len) = string_len(&bytes[at..]) else { return columns > 0 };
        at += len;
        at += gap(at, b':');
        if bytes.get(at).is_none() {
            return columns > 0;
        }
        let first = at + 1 + gap(at + 1, b' ');
        if bytes[at] != b'[' || bytes.get(first) == Some(&b'{') {
            return false;
        }
        columns += 1;
        match value_len(&bytes[at..]) {
            Some(len) => at += len,
            None => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_columns_are_told_from_rows_and_documents() {
        for sample in [r#"{"a":["x"],"b":[1]}"#, "{\n \"a\" : [ [\"x\"], []", r#"{"a":["x"],"b"#] {
            assert!(are_columns(sample), "{sample}");
        }
        for sample in
            [r#"{"a":["x"]}{"a":["y"]}"#, r#"{"a":[{}]}"#, r#"{"a":["x"],"b":1}"#, "{}", "{", r#"{"a""#, r#"{"a":[ {"#]
        {
            assert!(!are_columns(sample), "{sample}");
        }
    }

    #[test]
    fn columns_must_have_equal_lengths() {
        let reason = |json: &str| match JsonColumnsReader::default().step(json, true, &mut Record::default()) {
            ReadStep::Invalid(_, reason) => reason,
            _ => panic!("{json}"),
        };
        assert_eq!(reason(r#"{"a":[1,2],"b":[1]}"#), "column \"b\" has 1 value, another one has 2");
        assert_eq!(reason(r#"{"a":[1,2],"b":3}"#), "\"b\" is not an array");
    }
}
