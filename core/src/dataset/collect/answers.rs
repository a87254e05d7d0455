//! Locates answers in their passages.

use serde::Deserialize;

use crate::dataset::collect::repairs::AnswerRepairs;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_targets::ByteSpan;
use crate::dataset::phrases::{excerpt, names};

/// An answer of the file, with the keys of SQuAD.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct SquadAnswer {
    pub text: String,
    /// Start in the passage, in characters.
    #[serde(default, alias = "start")]
    pub answer_start: Option<i64>,
}

/// The answers to a question as Hugging Face's data sets store them: one array per key.
#[derive(Deserialize)]
struct AnswerArrays {
    text: Vec<String>,
    #[serde(default)]
    answer_start: Vec<i64>,
}

/// Parses the answers of a cell: SQuAD's list, an object of arrays, or a plain text with its `start` in another cell. An
/// empty cell or list means that the passage has no answer.
pub(crate) fn parse(cell: &str, start: Option<&str>) -> Result<Vec<SquadAnswer>, RowError> {
    let trimmed = cell.trim();
    if let Ok(answers) = serde_json::from_str::<Vec<SquadAnswer>>(trimmed) {
        return Ok(answers);
    }
    if let Ok(AnswerArrays { text, answer_start }) = serde_json::from_str(trimmed) {
        let starts = answer_start.into_iter().map(Some).chain(std::iter::repeat(None));
        let answers = text.into_iter().zip(starts);
        return Ok(answers.map(|(text, answer_start)| SquadAnswer { text, answer_start }).collect());
    }
    if trimmed.is_empty() {
        return Ok(Vec::new());
    }
    let start = start.map(str::trim).filter(|start| !start.is_empty());
    let number = |start: &str| {
        start.parse().map_err(|_| format!("the start of the answer is not a whole number: {}", names(&[start])))
    };
    Ok(vec![SquadAnswer { text: trimmed.to_owned(), answer_start: start.map(number).transpose()? }])
}

/// Byte spans of the answers in the passage. Answers that are not found are counted.
///
/// # Errors
/// Skips the row if there are answers and none is found.
pub(crate) fn locate_all(
    context: &str,
    answers: &[SquadAnswer],
    repairs: &mut AnswerRepairs,
) -> Result<Vec<ByteSpan>, RowError> {
    let mut spans = Vec::with_capacity(answers.len());
    let mut counts = AnswerRepairs::default();
    let mut first_reason = None;
    for answer in answers {
        match locate(context, answer) {
            Ok((start, matched_by)) => {
                counts.byte_offsets += u32::from(matched_by == MatchedBy::ByteOffset);
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
            repairs.found_by_text += counts.found_by_text;
            repairs.not_found += counts.not_found;
            Ok(spans)
        }
    }
}

/// Method by which an answer was located.
#[derive(Debug, PartialEq)]
enum MatchedBy {
    CharOffset,
    ByteOffset,
    Text,
}

/// Start of an answer in the passage, in bytes.
fn locate(context: &str, answer: &SquadAnswer) -> Result<(usize, MatchedBy), String> {
    let SquadAnswer { text, answer_start } = answer;
    if text.trim().is_empty() {
        return Err("an answer is empty".into());
    }
    if let Some(start) = answer_start.and_then(|start| usize::try_from(start).ok()) {
        let by_characters = context.char_indices().nth(start).map(|(at, _)| at);
        let is_at = |at: usize| context.get(at..).is_some_and(|rest| rest.starts_with(text.as_str()));
        if let Some(at) = by_characters.filter(|&at| is_at(at)) {
            return Ok((at, MatchedBy::CharOffset));
        }
        if is_at(start) {
            return Ok((start, MatchedBy::ByteOffset));
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
        locate(context, &SquadAnswer { text: text.into(), answer_start: start })
    }

    #[test]
    fn answers_are_located_by_offset_or_text() {
        assert_eq!(located("é a b a", "a", Some(6)), Ok((7, MatchedBy::CharOffset)));
        assert_eq!(located("é a b c", "c", Some(7)), Ok((7, MatchedBy::ByteOffset)));
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
        let answers =
            [("b", 3), ("x", 0)].map(|(text, start)| SquadAnswer { text: text.into(), answer_start: Some(start) });
        let mut repairs = AnswerRepairs::default();
        let found = locate_all("é ab", &answers, &mut repairs);
        assert!(matches!(found.as_deref(), Ok([ByteSpan { start: 4, end: 5 }])));
        assert_eq!((repairs.byte_offsets, repairs.found_by_text, repairs.not_found), (0, 0, 1));
        assert!(matches!(locate_all("é ab", &answers[1..], &mut repairs), Err(RowError::Skip(_))));
    }

    #[test]
    fn every_way_of_writing_answers_is_read() {
        let texts = |cell, start| match parse(cell, start) {
            Ok(answers) => answers.into_iter().map(|answer| (answer.text, answer.answer_start)).collect::<Vec<_>>(),
            Err(_) => vec![("skipped".into(), None)],
        };
        let one = |text: &str, start| vec![(text.to_owned(), start)];
        assert_eq!(texts(r#"[{"text":"a","answer_start":3}]"#, None), one("a", Some(3)));
        assert_eq!(texts(r#"{"text":["a"],"answer_start":[3]}"#, None), one("a", Some(3)));
        assert_eq!(texts(" a ", Some(" 3 ")), one("a", Some(3)));
        assert_eq!(texts("12", None), one("12", None));
        assert_eq!(texts("a", Some("x")), one("skipped", None));
        assert_eq!(texts("[]", None), []);
        assert_eq!(texts(r#"{"text":[],"answer_start":[]}"#, None), []);
        assert_eq!(texts("", Some("")), []);
    }
}
