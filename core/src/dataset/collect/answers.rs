//! Locates answers in their passages.

use serde_json::Value;

use crate::dataset::collect::offsets::OffsetUnit;
use crate::dataset::collect::repairs::AnswerRepairs;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_targets::ByteSpan;
use crate::dataset::literal;
use crate::dataset::literal::{parse_whole, whole_value};
use crate::phrases::{excerpt, names};

/// An answer of the file.
#[derive(Debug, PartialEq)]
pub(crate) struct FileAnswer {
    pub text: String,
    /// Start in the passage, in characters.
    pub start: Option<i64>,
}

/// Parses the answers of a cell: SQuAD's list, an object of arrays as Hugging Face's data sets store it, a list of texts, or
/// one plain text. The starts of plain texts are in another cell. An empty cell or list means that the passage has no
/// answer.
pub(crate) fn parse(cell: &str, start: Option<&str>) -> Result<Vec<FileAnswer>, RowError> {
    let trimmed = cell.trim();
    let start = start.map(str::trim).filter(|start| !is_missing(start));
    if trimmed.is_empty() || (is_missing(trimmed) && start.is_none_or(|start| parse_whole(start) == Some(-1))) {
        return Ok(Vec::new());
    }
    let listed_starts = || match start.and_then(literal::value) {
        Some(Ok(Value::Array(starts))) => starts,
        _ => start.map(|start| vec![Value::String(start.into())]).unwrap_or_default(),
    };
    match literal::value(trimmed) {
        Some(Ok(Value::Object(members))) => {
            if let Some(answers) = members.get("text").and_then(|texts| zipped(texts, members.get("answer_start"))) {
                return Ok(answers);
            }
        }
        Some(Ok(Value::Array(values))) => {
            if let Some(answers) = values.iter().map(answer).collect::<Option<Vec<_>>>() {
                return Ok(answers);
            }
            let starts = Value::Array(listed_starts());
            if let Some(answers) = zipped(&Value::Array(values), Some(&starts)) {
                return Ok(answers);
            }
        }
        Some(Err(reason)) => return Err(reason.into()),
        _ => {}
    }
    let number = |start: &str| {
        parse_whole(start).ok_or_else(|| format!("the start of the answer is not a whole number: {}", names(&[start])))
    };
    Ok(vec![FileAnswer { text: trimmed.to_owned(), start: start.map(number).transpose()? }])
}

/// An object of a text and its start.
fn answer(value: &Value) -> Option<FileAnswer> {
    let text = value.get("text")?.as_str()?.to_owned();
    let start = value.get("answer_start").or_else(|| value.get("start"));
    Some(FileAnswer { text, start: start.and_then(whole_value) })
}

/// Texts with their starts: both are arrays, or both are single values.
fn zipped(texts: &Value, starts: Option<&Value>) -> Option<Vec<FileAnswer>> {
    let many = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let starts = starts.map(many).unwrap_or_default();
    let starts = starts.iter().map(whole_value).chain(std::iter::repeat(None));
    let answer = |(text, start): (Value, Option<i64>)| Some(FileAnswer { text: text.as_str()?.to_owned(), start });
    many(texts).into_iter().filter(|text| !text.is_null()).zip(starts).map(answer).collect()
}

/// Returns true for an empty cell and for the names by which programs write a missing value.
fn is_missing(cell: &str) -> bool {
    ["", "nan", "NaN", "None", "null", "NULL", "NA", "<NA>", "N/A"].contains(&cell)
}

/// Byte spans of the answers in the passage. Answers that are not found are counted.
///
/// # Errors
/// Skips the row if there are answers and none is found.
pub(crate) fn locate_all(
    context: &str,
    answers: &[FileAnswer],
    repairs: &mut AnswerRepairs,
) -> Result<Vec<ByteSpan>, RowError> {
    let mut spans = Vec::with_capacity(answers.len());
    let mut counts = AnswerRepairs::default();
    let mut first_reason = None;
    for answer in answers {
        match locate(context, answer) {
            Ok((start, matched_by)) => {
                counts.byte_offsets += u32::from(matched_by == MatchedBy::Offset(OffsetUnit::Bytes));
                counts.utf16_offsets += u32::from(matched_by == MatchedBy::Offset(OffsetUnit::Utf16));
                counts.found_by_text += u32::from(matched_by == MatchedBy::Text);
                spans.push(ByteSpan { start: start as u32, end: (start + answer.text.len()) as u32 });
            }
            Err(reason) => {
                counts.not_found += 1;
                first_reason.get_or_insert(reason);
            }
        }
    }
    match first_reason {
        Some(reason) if spans.is_empty() => Err(reason.into()),
        _ => {
            repairs.byte_offsets += counts.byte_offsets;
            repairs.utf16_offsets += counts.utf16_offsets;
            repairs.found_by_text += counts.found_by_text;
            repairs.not_found += counts.not_found;
            Ok(spans)
        }
    }
}

/// Method by which an answer was located.
#[derive(Debug, PartialEq)]
enum MatchedBy {
    Offset(OffsetUnit),
    Text,
}

/// Start of an answer in the passage, in bytes.
fn locate(context: &str, answer: &FileAnswer) -> Result<(usize, MatchedBy), String> {
    let FileAnswer { text, start: answer_start } = answer;
    if text.trim().is_empty() {
        return Err("an answer is empty".into());
    }
    if let Some(start) = answer_start.and_then(|start| usize::try_from(start).ok()) {
        let is_at = |at: usize| context.get(at..).is_some_and(|rest| rest.starts_with(text.as_str()));
        for unit in OffsetUnit::ALL {
            if let Some(at) = unit.position(context, start).filter(|&at| is_at(at)) {
                return Ok((at, MatchedBy::Offset(unit)));
            }
        }
    }
    let mut matches = context.match_indices(text.as_str());
    match (matches.next(), matches.next()) {
        (Some((at, _)), None) => Ok((at, MatchedBy::Text)),
        (Some(_), Some(_)) => Err(match answer_start {
            Some(start) => format!("the answer {} is not at {start} and occurs more than once", quoted(text)),
            None => format!(
                "the answer {} occurs more than once, and there is no start to tell which one is meant",
                quoted(text)
            ),
        }),
        (None, _) => Err(format!("the answer {} is not in the passage", quoted(text))),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", excerpt(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(context: &str, text: &str, start: Option<i64>) -> Result<(usize, MatchedBy), String> {
        locate(context, &FileAnswer { text: text.into(), start })
    }

    #[test]
    fn answers_are_located_by_offset_or_text() {
        assert_eq!(located("é a b a", "a", Some(6)), Ok((7, MatchedBy::Offset(OffsetUnit::Characters))));
        assert_eq!(located("😀 a b a", "b", Some(5)), Ok((7, MatchedBy::Offset(OffsetUnit::Utf16))));
        assert_eq!(located("é a b c", "c", Some(7)), Ok((7, MatchedBy::Offset(OffsetUnit::Bytes))));
        assert_eq!(located("é a b", "b", Some(0)), Ok((5, MatchedBy::Text)));
        assert_eq!(located("é a b", "b", Some(-1)), Ok((5, MatchedBy::Text)));
        assert_eq!(located("é a b", "b", None), Ok((5, MatchedBy::Text)));
    }

    #[test]
    fn answers_that_cannot_be_located_give_a_reason() {
        for (text, start, reason) in [
            ("a", Some(1), "the answer \"a\" is not at 1 and occurs more than once"),
            ("a", None, "the answer \"a\" occurs more than once, and there is no start to tell which one is meant"),
            ("x", Some(0), "the answer \"x\" is not in the passage"),
            (" ", Some(0), "an answer is empty"),
        ] {
            assert_eq!(located("é a b a", text, start), Err(reason.into()));
        }
    }

    #[test]
    fn one_located_answer_is_enough() {
        let answers = [("b", 3), ("x", 0)].map(|(text, start)| FileAnswer { text: text.into(), start: Some(start) });
        let mut repairs = AnswerRepairs::default();
        let found = locate_all("é ab", &answers, &mut repairs);
        assert!(matches!(found.as_deref(), Ok([ByteSpan { start: 4, end: 5 }])));
        assert_eq!((repairs.byte_offsets, repairs.found_by_text, repairs.not_found), (0, 0, 1));
        assert!(matches!(locate_all("é ab", &answers[1..], &mut repairs), Err(RowError::Skip(_))));
    }

    #[test]
    fn every_way_of_writing_answers_is_read() {
        let texts = |cell, start| match parse(cell, start) {
            Ok(answers) => answers.into_iter().map(|answer| (answer.text, answer.start)).collect::<Vec<_>>(),
            Err(_) => vec![("skipped".into(), None)],
        };
        let one = |text: &str, start| vec![(text.to_owned(), start)];
        assert_eq!(texts(r#"[{"text":"a","answer_start":3}]"#, None), one("a", Some(3)));
        assert_eq!(texts(r#"{"text":["a"],"answer_start":[3]}"#, None), one("a", Some(3)));
        assert_eq!(texts(" a ", Some(" 3 ")), one("a", Some(3)));
        assert_eq!(texts("12", None), one("12", None));
        assert_eq!(texts("a", Some("3.0")), one("a", Some(3)));
        assert_eq!(texts("{'text': ['a'], 'answer_start': [3]}", None), one("a", Some(3)));
        let arrays = "{'text': array(['a'], dtype=object), 'answer_start': array([3], dtype=int32)}";
        assert_eq!(texts(arrays, None), one("a", Some(3)));
        assert_eq!(texts("{'answer_start': 3.0, 'text': \"it's\"}", None), one("it's", Some(3)));
        assert_eq!(texts("[{'text': 'a', 'answer_start': 3}]", None), one("a", Some(3)));
        assert_eq!(texts("['a']", Some("[3]")), one("a", Some(3)));
        assert_eq!(texts("{'text': [], 'answer_start': []}", None), []);
        assert_eq!(texts("nan", Some("nan")), []);
        assert_eq!(texts("None", Some("-1")), []);
        assert_eq!(texts("None", Some("4")), one("None", Some(4)));
        assert_eq!(texts("a", Some("3.5")), one("skipped", None));
        assert_eq!(texts("a", Some("x")), one("skipped", None));
        assert_eq!(texts("[]", None), []);
        assert_eq!(texts(r#"{"text":[],"answer_start":[]}"#, None), []);
        assert_eq!(texts("", Some("")), []);
    }
}
