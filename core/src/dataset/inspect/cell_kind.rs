//! What the cells of a column are made of.

use serde_json::Value;

use crate::dataset::cell::flag;
use crate::dataset::tag_scheme::is_bio;

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text or number.
    Plain,
    /// `0` or `1`, `true` or `false`.
    Flag,
    /// BIO tags apart by spaces.
    Tags,
    /// A JSON array of texts or numbers.
    Words,
    /// A JSON array of spans with labels.
    Spans,
    /// Answers as SQuAD or Hugging Face's data sets have them.
    Answers,
    /// A conversation.
    Messages,
}

/// The shape of a cell; none where it tells nothing: empty, or an empty array.
pub(crate) fn shape(cell: &str) -> Option<Shape> {
    let cell = cell.trim();
    if cell.is_empty() || cell == "[]" {
        return None;
    }
    if flag(cell).is_some() {
        return Some(Shape::Flag);
    }
    if cell.split(' ').all(is_bio) {
        return Some(Shape::Tags);
    }
    if !cell.starts_with(['[', '{']) {
        return Some(Shape::Plain);
    }
    Some(match serde_json::from_str(cell) {
        Ok(Value::Object(members)) if members.contains_key("answer_start") => Shape::Answers,
        Ok(Value::Array(values)) => values.first().map_or(Shape::Plain, element),
        _ => Shape::Plain,
    })
}

/// The shape of a JSON array, by its first element.
fn element(first: &Value) -> Shape {
    match first {
        Value::String(_) | Value::Number(_) => Shape::Words,
        Value::Array(parts) => match parts.as_slice() {
            [Value::Number(_), Value::Number(_), Value::String(_)] => Shape::Spans,
            _ => Shape::Plain,
        },
        Value::Object(members) => {
            let has = |names: &[&str]| names.iter().any(|name| members.contains_key(*name));
            if has(&["answer_start"]) {
                Shape::Answers
            } else if has(&["role", "from"]) && has(&["content", "value"]) {
                Shape::Messages
            } else if has(&["start", "start_offset", "begin"]) && has(&["label", "type", "entity"]) {
                Shape::Spans
            } else {
                Shape::Plain
            }
        }
        _ => Shape::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tell_what_they_are_made_of() {
        for (cell, expected) in [
            ("some words", Some(Shape::Plain)),
            ("3.5", Some(Shape::Plain)),
            ("[1", Some(Shape::Plain)),
            ("True", Some(Shape::Flag)),
            ("O B-X", Some(Shape::Tags)),
            (r#"["a"]"#, Some(Shape::Words)),
            ("[3, 0]", Some(Shape::Words)),
            (r#"[[0,2,"X"]]"#, Some(Shape::Spans)),
            (r#"[{"start":0,"end":2,"label":"X"}]"#, Some(Shape::Spans)),
            (r#"[{"text":"a","answer_start":2}]"#, Some(Shape::Answers)),
            (r#"{"text":[],"answer_start":[]}"#, Some(Shape::Answers)),
            (r#"[{"role":"user","content":"a"}]"#, Some(Shape::Messages)),
            (r#"[{"from":"human","value":"a"}]"#, Some(Shape::Messages)),
            ("[]", None),
            ("  ", None),
        ] {
            assert_eq!(shape(cell), expected, "{cell}");
        }
    }
}
