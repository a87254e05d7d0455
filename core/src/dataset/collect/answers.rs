//! Answers found in their passages.

use serde::Deserialize;

use crate::dataset::collect::row_error::RowError;
use crate::dataset::phrases::{excerpt, names};

/// An answer as it stands in the file.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Answer {
    pub text: String,
    /// Where it begins, in characters of the passage.
    #[serde(default, alias = "start")]
    pub answer_start: Option<i64>,
}

/// Answers as Hugging Face's data sets hold them: columns of arrays.
#[derive(Deserialize)]
struct Columns {
    text: Vec<String>,
    #[serde(default)]
    answer_start: Vec<i64>,
}

/// How many answers were found where.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// By a start that counts bytes.
    pub in_bytes: u32,
    /// By their text alone.
    pub elsewhere: u32,
    /// Not at all, while another answer to the question was.
    pub lost: u32,
}

/// The answers of a cell: SQuAD's list, columns of arrays, or the plain text beside its start. An empty cell or list
/// says that the passage holds no answer.
pub(crate) fn parse(cell: &str, start: Option<&str>) -> Result<Vec<Answer>, RowError> {
    let trimmed = cell.trim();
    if let Ok(answers) = serde_json::from_str::<Vec<Answer>>(trimmed) {
        return Ok(answers);
    }
    if let Ok(Columns { text, answer_start }) = serde_json::from_str(trimmed) {
        let starts = answer_start.into_iter().map(Some).chain(std::iter::repeat(None));
        return Ok(text.into_iter().zip(starts).map(|(text, answer_start)| Answer { text, answer_start }).collect());
    }
    if trimmed.is_empty() {
        return Ok(Vec::new());
    }
    let start = start.map(str::trim).filter(|start| !start.is_empty());
    let number = |start: &str| {
        start.parse().map_err(|_| format!("the start of the answer is no whole number: {}", names(&[start])))
    };
    Ok(vec![Answer { text: trimmed.to_owned(), answer_start: start.map(number).transpose()? }])
}

/// Where the answers stand in the passage, in bytes; those that cannot be found are counted, and a reason where none
/// can.
pub(crate) fn locate_all(context: &str, answers: &[Answer], placed: &mut Placed) -> Result<Vec<[u32; 2]>, RowError> {
    let mut found = Vec::with_capacity(answers.len());
    let (mut first_reason, mut lost, mut in_bytes, mut elsewhere) = (None, 0, 0, 0);
    for answer in answers {
        match locate(context, answer) {
            Ok((start, way)) => {
                in_bytes += u32::from(way == Way::Bytes);
                elsewhere += u32::from(way == Way::Text);
                found.push([start as u32, (start + answer.text.len()) as u32]);
            }
            Err(reason) => {
                lost += 1;
                first_reason.get_or_insert(reason);
            }
        }
    }
    match first_reason {
        Some(reason) if found.is_empty() => Err(reason.into()),
        _ => {
            placed.in_bytes += in_bytes;
            placed.elsewhere += elsewhere;
            placed.lost += lost;
            Ok(found)
        }
    }
}

/// By what an answer was found.
#[derive(Debug, PartialEq)]
enum Way {
    Characters,
    Bytes,
    Text,
}

/// Where an answer begins, in bytes.
fn locate(context: &str, answer: &Answer) -> Result<(usize, Way), String> {
    let Answer { text, answer_start } = answer;
    if text.trim().is_empty() {
        return Err("an answer is empty".into());
    }
    if let Some(start) = answer_start.and_then(|start| usize::try_from(start).ok()) {
        let by_characters = context.char_indices().nth(start).map(|(at, _)| at);
        let stands_at = |at: usize| context.get(at..).is_some_and(|rest| rest.starts_with(text.as_str()));
        if let Some(at) = by_characters.filter(|&at| stands_at(at)) {
            return Ok((at, Way::Characters));
        }
        if stands_at(start) {
            return Ok((start, Way::Bytes));
        }
    }
    let mut places = context.match_indices(text.as_str());
    match (places.next(), places.next()) {
        (Some((at, _)), None) => Ok((at, Way::Text)),
        (Some(_), Some(_)) => Err(match answer_start {
            Some(start) => format!("the answer {} is not at {start} and stands more than once", shown(text)),
            None => format!("the answer {} stands more than once, and no start says which is meant", shown(text)),
        }),
        (None, _) => Err(format!("the answer {} is not in the passage", shown(text))),
    }
}

fn shown(text: &str) -> String {
    format!("\"{}\"", excerpt(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(context: &str, text: &str, start: Option<i64>) -> Result<(usize, Way), String> {
        locate(context, &Answer { text: text.into(), answer_start: start })
    }

    #[test]
    fn an_answer_is_where_the_file_says_it_is() {
        assert_eq!(located("é a b a", "a", Some(6)), Ok((7, Way::Characters)));
        assert_eq!(located("é a b c", "c", Some(7)), Ok((7, Way::Bytes)));
        assert_eq!(located("é a b", "b", Some(0)), Ok((5, Way::Text)));
        assert_eq!(located("é a b", "b", Some(-1)), Ok((5, Way::Text)));
        assert_eq!(located("é a b", "b", None), Ok((5, Way::Text)));
    }

    #[test]
    fn an_answer_that_cannot_be_placed_says_why() {
        for (text, start, reason) in [
            ("a", Some(1), "the answer \"a\" is not at 1 and stands more than once"),
            ("a", None, "the answer \"a\" stands more than once, and no start says which is meant"),
            ("x", Some(0), "the answer \"x\" is not in the passage"),
            (" ", Some(0), "an answer is empty"),
        ] {
            assert_eq!(located("é a b a", text, start), Err(reason.into()));
        }
    }

    #[test]
    fn one_answer_that_is_found_is_enough() {
        let answers = [("b", 3), ("x", 0)].map(|(text, start)| Answer { text: text.into(), answer_start: Some(start) });
        let mut placed = Placed::default();
        let found = locate_all("é ab", &answers, &mut placed);
        assert!(matches!(found.as_deref(), Ok([[4, 5]])));
        assert_eq!((placed.in_bytes, placed.elsewhere, placed.lost), (0, 0, 1));
        assert!(matches!(locate_all("é ab", &answers[1..], &mut placed), Err(RowError::Row(_))));
    }

    #[test]
    fn answers_are_read_in_every_shape() {
        let texts = |cell, start| match parse(cell, start) {
            Ok(answers) => answers.into_iter().map(|answer| (answer.text, answer.answer_start)).collect::<Vec<_>>(),
            Err(_) => vec![("refused".into(), None)],
        };
        let one = |text: &str, start| vec![(text.to_owned(), start)];
        assert_eq!(texts(r#"[{"text":"a","answer_start":3}]"#, None), one("a", Some(3)));
        assert_eq!(texts(r#"{"text":["a"],"answer_start":[3]}"#, None), one("a", Some(3)));
        assert_eq!(texts(" a ", Some(" 3 ")), one("a", Some(3)));
        assert_eq!(texts("12", None), one("12", None));
        assert_eq!(texts("a", Some("x")), one("refused", None));
        assert_eq!(texts("[]", None), []);
        assert_eq!(texts(r#"{"text":[],"answer_start":[]}"#, None), []);
        assert_eq!(texts("", Some("")), []);
    }
}
