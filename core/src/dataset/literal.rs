//! Lists and dictionaries as Python and numpy print them, read as JSON: what pandas writes into a CSV cell that held a
//! list. The grammar is that of Python's literals
//! (<https://docs.python.org/3/library/ast.html#ast.literal_eval>) and of `numpy.array2string`, with the sets of Python
//! and the vectors of R, `c("a", "b")`.

use std::borrow::Cow;
use std::str::CharIndices;

use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

/// Deepest nesting that is read: no data set here needs more than a handful.
const MAX_DEPTH: usize = 32;

/// The value of a cell that holds a list or an object: JSON, or a literal of Python or numpy. None for any other text.
///
/// # Errors
/// A reason if the list lost values when it was printed.
pub(crate) fn value(cell: &str) -> Option<Result<Value, &'static str>> {
    let cell = cell.trim();
    if !cell.starts_with(['[', '{']) {
        return parse(cell);
    }
    match serde_json::from_str(cell) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => Some(Ok(value)),
        Ok(_) => None,
        Err(_) => match serde_json::from_str(&without_nan(cell)) {
            Ok(value @ (Value::Array(_) | Value::Object(_))) => Some(Ok(value)),
            _ => parse(cell),
        },
    }
}

/// A cell as a typed list or object; see [`value`]. None if it has another shape.
///
/// # Errors
/// As [`value`].
pub(crate) fn typed<T: DeserializeOwned>(cell: &str) -> Option<Result<T, &'static str>> {
    match value(cell)? {
        Ok(value) => serde_json::from_value(value).ok().map(Ok),
        Err(reason) => Some(Err(reason)),
    }
}

/// A number without a fraction, such as 12 or 12.0, which pandas makes of whole numbers in a column with empty cells.
pub(crate) fn whole(number: &Number) -> Option<i64> {
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < 9.0e15;
    number.as_i64().or_else(|| number.as_f64().filter(|&value| is_whole(value)).map(|value| value as i64))
}

/// As [`whole`], of a text.
pub(crate) fn parse_whole(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| whole(&Number::from_f64(text.parse().ok()?)?))
}

/// As [`whole`], of a number or a text.
pub(crate) fn whole_value(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => whole(number),
        Value::String(text) => parse_whole(text),
        _ => None,
    }
}

/// JSON with null in place of NaN and the infinities, which Python's `json` and others write though JSON has no such
/// numbers.
pub(crate) fn without_nan(json: &str) -> Cow<'_, str> {
    const NAMES: [&str; 8] = ["-Infinity", "Infinity", "-NaN", "NaN", "-nan", "nan", "-inf", "inf"];
    let mut out = String::new();
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    let bytes = json.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 2,
            b'"' => {
                in_string = !in_string;
                at += 1;
            }
            b'-' | b'I' | b'N' | b'i' | b'n' if !in_string => {
                let name = NAMES.into_iter().find(|name| {
                    let end = bytes.get(at + name.len());
                    bytes[at..].starts_with(name.as_bytes()) && end.is_none_or(|byte| !byte.is_ascii_alphanumeric())
                });
                let Some(name) = name else {
                    at += 1;
                    continue;
                };
                out.push_str(&json[copied..at]);
                out.push_str("null");
                at += name.len();
                copied = at;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return json.into();
    }
    out.push_str(&json[copied..]);
    out.into()
}

/// The value of a Python or numpy literal: a list, tuple, set, dictionary or array of texts, numbers, booleans and None.
///
/// # Errors
/// `None` where the text is no such literal; a reason where it is one that lost values when it was printed.
pub(crate) fn parse(text: &str) -> Option<Result<Value, &'static str>> {
    let mut reader = Reader { rest: text.trim() };
    let is_call = ["array(", "np.array(", "set(", "frozenset(", "list(", "tuple(", "c("];
    if !reader.rest.starts_with(['[', '{', '(']) && !is_call.iter().any(|call| reader.rest.starts_with(call)) {
        return None;
    }
    let value = match reader.value(MAX_DEPTH) {
        Ok(value) => value,
        Err(Fault::Shortened) => return Some(Err("numpy shortened the list to … when it was printed")),
        Err(Fault::NotALiteral) => return None,
    };
    reader.rest.trim_start().is_empty().then_some(Ok(value))
}

enum Fault {
    NotALiteral,
    Shortened,
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, Fault> {
        if depth == 0 {
            return Err(Fault::NotALiteral);
        }
        self.rest = self.rest.trim_start();
        match self.rest.bytes().next().ok_or(Fault::NotALiteral)? {
            b'[' => self.after_bracket().list(Vec::new(), ']', depth),
            b'(' => self.after_bracket().tuple(depth),
            b'{' => self.after_bracket().braces(depth),
            b'\'' | b'"' => self.string().map(Value::String),
            _ => self.word(depth),
        }
    }

    /// The elements of a list, tuple or set after `items`: separated by commas, as Python prints them, or by white space,
    /// as numpy does.
    fn list(&mut self, mut items: Vec<Value>, close: char, depth: usize) -> Result<Value, Fault> {
        let mut has_commas = None;
        loop {
            if self.take(close) {
                return Ok(Value::Array(items));
            }
            if !items.is_empty() {
                let comma = self.take(',');
                if *has_commas.get_or_insert(comma) != comma {
                    return Err(Fault::NotALiteral);
                }
                if comma && self.take(close) {
                    return Ok(Value::Array(items));
                }
            }
            if self.rest.starts_with("...") {
                return Err(Fault::Shortened);
            }
            items.push(self.value(depth - 1)?);
        }
    }

    /// A tuple. One value in brackets is a tuple only if a comma follows it.
    fn tuple(&mut self, depth: usize) -> Result<Value, Fault> {
        let start = self.rest;
        let value = self.list(Vec::new(), ')', depth)?;
        let inside = &start[..start.len() - self.rest.len()];
        let has_comma = inside.trim_end_matches(')').trim_end().ends_with(',');
        match &value {
            Value::Array(items) if items.len() == 1 && !has_comma => Err(Fault::NotALiteral),
            _ => Ok(value),
        }
    }

    /// A dictionary, or a set: its first element has no colon behind it.
    fn braces(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut members = Map::new();
        loop {
            if self.take('}') {
                return Ok(Value::Object(members));
            }
            if !members.is_empty() {
                if !self.take(',') {
                    return Err(Fault::NotALiteral);
                }
                if self.take('}') {
                    return Ok(Value::Object(members));
                }
            }
            let key = self.value(depth - 1)?;
            if !self.take(':') {
                return if members.is_empty() { self.list(vec![key], '}', depth) } else { Err(Fault::NotALiteral) };
            }
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            members.insert(key, self.value(depth - 1)?);
        }
    }

    /// A number, a constant, a string with a prefix, or a call that numpy prints around a value.
    fn word(&mut self, depth: usize) -> Result<Value, Fault> {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._<>".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "u" | "b" | "r" | "U" | "B" | "R" if rest.starts_with(['\'', '"']) => self.string().map(Value::String),
            "None" | "null" | "NaT" | "NA" | "<NA>" => Ok(Value::Null),
            "nan" | "NaN" | "inf" | "-inf" | "Infinity" | "-Infinity" => Ok(Value::Null),
            "True" | "true" => Ok(Value::Bool(true)),
            "False" | "false" => Ok(Value::Bool(false)),
            "" => Err(Fault::NotALiteral),
            name if rest.starts_with('(') && name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.call(name, depth)
            }
            number => parsed(number).ok_or(Fault::NotALiteral),
        }
    }

    /// `array([…], dtype=…)`, `np.int64(3)`: the first argument is the value.
    fn call(&mut self, name: &str, depth: usize) -> Result<Value, Fault> {
        let kind = name.rsplit('.').next().unwrap_or(name);
        let is_known = kind == "array" || ["str_", "bool_", "bool"].contains(&kind) || {
            let digits = kind.trim_start_matches(|c: char| c.is_ascii_lowercase());
            ["int", "uint", "float"].iter().any(|it| kind.starts_with(it)) && digits.chars().all(|c| c.is_ascii_digit())
        };
        match kind {
            "set" | "frozenset" | "list" | "tuple" => {
                let inside = self.after_bracket();
                if inside.take(')') {
                    return Ok(Value::Array(Vec::new()));
                }
                let value = inside.value(depth - 1)?;
                return if inside.take(')') { Ok(value) } else { Err(Fault::NotALiteral) };
            }
            "c" => return self.after_bracket().list(Vec::new(), ')', depth),
            _ if !is_known => return Err(Fault::NotALiteral),
            _ => {}
        }
        let value = self.after_bracket().value(depth - 1)?;
        let end = self.rest.find(')').ok_or(Fault::NotALiteral)?;
        let rest = self.rest[..end].trim();
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(Fault::NotALiteral);
        }
        self.rest = &self.rest[end + 1..];
        Ok(value)
    }

    fn string(&mut self) -> Result<String, Fault> {
        let mut chars = self.rest.char_indices();
        let (_, quote) = chars.next().ok_or(Fault::NotALiteral)?;
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Ok(text);
                }
                '\\' => escape(&mut chars, &mut text).ok_or(Fault::NotALiteral)?,
                c => text.push(c),
            }
        }
        Err(Fault::NotALiteral)
    }

    fn after_bracket(&mut self) -> &mut Self {
        self.rest = &self.rest[1..];
        self
    }

    /// Takes a character, after white space.
    fn take(&mut self, wanted: char) -> bool {
        let trimmed = self.rest.trim_start();
        let rest = trimmed.strip_prefix(wanted);
        self.rest = rest.unwrap_or(trimmed);
        rest.is_some()
    }
}

/// Appends what the escape behind a backslash means.
fn escape(chars: &mut CharIndices, text: &mut String) -> Option<()> {
    let (_, escaped) = chars.next()?;
    let digits = match escaped {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    let meant = match escaped {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '\\' | '\'' | '"' => escaped,
        'x' | 'u' | 'U' => {
            let hex: String = chars.take(digits).map(|(_, digit)| digit).collect();
            char::from_u32(u32::from_str_radix(&hex, 16).ok()?).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        // Python keeps a backslash that begins no escape.
        other => {
            text.push('\\');
            other
        }
    };
    text.push(meant);
    Some(())
}

/// A number as Python or numpy prints it: `3`, `-0.5`, `1.`, `1e-05`.
fn parsed(number: &str) -> Option<Value> {
    if !number.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    match number.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => Number::from_f64(number.parse().ok()?).map(Value::Number),
    }
}

/// The text in a list that has nothing else, as tools write the only label of a text: `["good"]`, `['good']`.
pub(crate) fn only_element(cell: &str) -> Option<String> {
    let cell = cell.trim();
    // Long lists of words are not parsed for nothing.
    if !cell.starts_with('[') || !cell.ends_with(']') || cell.contains(',') {
        return None;
    }
    match value(cell)?.ok()? {
        Value::Array(values) => match values.as_slice() {
            [Value::String(only)] => Some(only.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The first text in a list of texts.
pub(crate) fn first_text(cell: &str) -> Option<String> {
    let cell = cell.trim();
    if !cell.starts_with("[\"") && !cell.starts_with("['") {
        return None;
    }
    let Value::Array(values) = value(cell)?.ok()? else { return None };
    values.iter().all(Value::is_string).then(|| values.first()?.as_str().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Option<Value> {
        parse(text).and_then(Result::ok)
    }

    #[test]
    fn python_lists_tuples_sets_and_dictionaries_are_read() {
        for (text, expected) in [
            ("['joy', 'calm']", json!(["joy", "calm"])),
            (r#"["it's", 'say "hi"', 'a\'b\\n']"#, json!(["it's", "say \"hi\"", "a'b\\n"])),
            ("('a',)", json!(["a"])),
            ("{'a', 'b'}", json!(["a", "b"])),
            ("[]", json!([])),
            ("{}", json!({})),
            ("{'text': ['x'], 'answer_start': [12.0]}", json!({"text": ["x"], "answer_start": [12.0]})),
            ("{1: True, 'b': None,}", json!({"1": true, "b": null})),
            ("[(0, 4, 'PER'), (5, 9, 'LOC')]", json!([[0, 4, "PER"], [5, 9, "LOC"]])),
            (r"['caf\xe9', '\u4e2d']", json!(["café", "中"])),
            ("[u'a', b'b']", json!(["a", "b"])),
            ("set()", json!([])),
            ("frozenset({'a'})", json!(["a"])),
            (r#"c("a", "b")"#, json!(["a", "b"])),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn numpy_arrays_are_read() {
        for (text, expected) in [
            ("['a' 'b']", json!(["a", "b"])),
            ("[1 2\n 3]", json!([1, 2, 3])),
            ("[0.5 1. nan]", json!([0.5, 1.0, null])),
            ("array(['a', 'b'], dtype=object)", json!(["a", "b"])),
            (
                "{'text': array(['x'], dtype=object), 'answer_start': array([3])}",
                json!({"text": ["x"], "answer_start": [3]}),
            ),
            ("[np.int64(3), np.str_('a')]", json!([3, "a"])),
            ("[['a' 'b'] ['c' 'd']]", json!([["a", "b"], ["c", "d"]])),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_shortened_array_is_refused_with_its_reason() {
        assert!(parse("[0 1 2 ... 97 98 99]").is_some_and(|read| read.is_err()));
    }

    #[test]
    fn json_may_have_numbers_that_are_none() {
        let json = r#"{"a": NaN, "NaN": "-Infinity NaN \" nan", "b": [-Infinity, Infinity], "n": null, "i": -1}"#;
        let expected = r#"{"a": null, "NaN": "-Infinity NaN \" nan", "b": [null, null], "n": null, "i": -1}"#;
        assert_eq!(without_nan(json), expected);
        assert!(matches!(without_nan(expected), Cow::Borrowed(_)));
        assert_eq!(super::value("[NaN, 1]"), Some(Ok(json!([null, 1]))));
        assert_eq!(super::value("12"), None);
        assert_eq!(typed::<Vec<String>>("['a', 'b']"), Some(Ok(vec!["a".into(), "b".into()])));
        assert_eq!(typed::<Vec<String>>("[1]"), None);
    }

    #[test]
    fn other_text_is_no_literal() {
        for text in [
            "plain",
            "[sic] he left",
            "['a' 'b', 'c']",
            "['open",
            "[f(x)]",
            "(c) 2020",
            "(5)",
            "('a')",
            "c(x)",
            "{a}",
            "['a'] and more",
            "",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value(&"[".repeat(10_000)), None);
    }
}
