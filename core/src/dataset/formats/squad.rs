//! SQuAD's JSON, v1.1 and v2: paragraphs with their questions, grouped in articles or in one list.
//!
//! Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of Text", 2016, and "Know What You Don't
//! Know", 2018.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::dataset::formats::json::{NEVER_ENDS, json_error, string_len, value_len};
use crate::dataset::formats::record::Record;
use crate::dataset::formats::step::ReadStep;
use crate::dataset::literal::without_nan;
use crate::limits::MAX_ROW_BYTES;

/// Columns of a question's record.
pub(crate) const COLUMNS: [&str; 5] = ["id", "question", "context", "answers", "is_impossible"];

#[derive(Deserialize)]
struct SquadParagraph {
    context: String,
    qas: Vec<SquadQuestion>,
}

#[derive(Deserialize)]
struct SquadQuestion {
    #[serde(default)]
    id: Value,
    question: String,
    #[serde(default)]
    answers: Vec<Value>,
    #[serde(default)]
    is_impossible: bool,
}

/// Reads questions, paragraph by paragraph.
#[derive(Default)]
pub(crate) struct SquadReader {
    /// The current paragraph, and its questions that have not been returned yet.
    context: String,
    questions: VecDeque<SquadQuestion>,
    /// Size of the current paragraph in the file, in bytes.
    len: usize,
    /// True after a value whose end was not found.
    is_over: bool,
}

/// Kind of an object, by its members.
enum ObjectKind {
    Paragraph,
    /// Contains paragraphs, from this byte on.
    Container(usize),
    /// Something else, of this length.
    Other(usize),
    Unknown,
}

impl SquadReader {
    /// Reads the next question. `is_end` is true if no more text will come.
    pub(crate) fn step(&mut self, rest: &str, is_end: bool, record: &mut Record) -> ReadStep {
        if self.is_over {
            return ReadStep::Skip(rest.len());
        }
        if let Some(question) = self.questions.pop_front() {
            return self.write_question(question, record);
        }
        let bytes = rest.as_bytes();
        let len = match bytes.first() {
            Some(b'"') => string_len(bytes),
            Some(b'{') => match object_kind(bytes) {
                ObjectKind::Paragraph => match value_len(bytes) {
                    Some(len) => return self.begin_paragraph(&rest[..len], record),
                    None => None,
                },
                ObjectKind::Container(len) | ObjectKind::Other(len) => Some(len),
                ObjectKind::Unknown => None,
            },
            _ => Some(rest.find(['{', '"']).unwrap_or(rest.len())),
        };
        match len {
            Some(len) => ReadStep::Skip(len),
            None if is_end || rest.len() > MAX_ROW_BYTES => {
                self.is_over = true;
                ReadStep::Invalid(rest.len(), NEVER_ENDS.into())
            }
            None => ReadStep::NeedMore,
        }
    }

    fn begin_paragraph(&mut self, json: &str, record: &mut Record) -> ReadStep {
        let SquadParagraph { context, qas } = match serde_json::from_str(&without_nan(json)) {
            Ok(paragraph) => paragraph,
            Err(error) if error.is_data() => {
                return ReadStep::Invalid(json.len(), format!("not a paragraph of SQuAD: {error}"));
            }
            Err(error) => return ReadStep::Invalid(json.len(), json_error(&error)),
        };
        (self.context, self.questions, self.len) = (context, qas.into(), json.len());
        match self.questions.pop_front() {
            Some(question) => self.write_question(question, record),
            None => ReadStep::Invalid(json.len(), "the paragraph has no questions".into()),
        }
    }

    /// Writes a question's cells. The paragraph is consumed with its last question.
    fn write_question(&mut self, question: SquadQuestion, record: &mut Record) -> ReadStep {
        let SquadQuestion { id, question, answers, is_impossible } = question;
        let id = id.as_str().map_or_else(|| if id.is_null() { String::new() } else { id.to_string() }, str::to_owned);
        let answers = if is_impossible { json!([]) } else { json!(answers) };
        for cell in [&id, &question, &self.context, &answers.to_string(), &is_impossible.to_string()] {
            record.push_cell(cell);
        }
        ReadStep::Record(if self.questions.is_empty() { self.len } else { 0 })
    }
}

/// Kind of the object at the beginning. The first known member decides.
fn object_kind(bytes: &[u8]) -> ObjectKind {
    let mut at = 1;
    loop {
        let gap = |at: usize| bytes[at..].iter().take_while(|byte| b" \t\r\n,:".contains(byte)).count();
        at += gap(at);
        match bytes.get(at) {
            None => return ObjectKind::Unknown,
            Some(b'"') => {}
            // Up to this character, which may take several bytes.
            Some(_) => return ObjectKind::Other(at),
        }
        let Some(len) = string_len(&bytes[at..]) else { return ObjectKind::Unknown };
        let key = &bytes[at + 1..at + len - 1];
        at += len;
        at += gap(at);
        match key {
            b"qas" | b"context" => return ObjectKind::Paragraph,
            b"paragraphs" | b"data" => return ObjectKind::Container(at),
            _ => {}
        }
        match value_len(&bytes[at..]) {
            Some(len) => at += len,
            None => return ObjectKind::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn questions(text: &str) -> Vec<Result<Vec<String>, String>> {
        let (mut squad, mut rest, mut found) = (SquadReader::default(), text, Vec::new());
        while !rest.is_empty() {
            let mut record = Record::default();
            let used = match squad.step(rest, true, &mut record) {
                ReadStep::Record(used) => {
                    found.push(Ok(record.iter().map(str::to_owned).collect()));
                    used
                }
                ReadStep::Invalid(used, reason) => {
                    found.push(Err(reason));
                    used
                }
                ReadStep::Skip(used) => used,
                ReadStep::NeedMore => panic!("{rest:?}"),
            };
            rest = &rest[used..];
        }
        found
    }

    const PARAGRAPH: &str = r#"{"qas":[{"question":"q?","id":"7","answers":[{"text":"c","answer_start":0}]},
        {"question":"r?","id":8,"is_impossible":true,"answers":[],"plausible_answers":[{}]}],"context":"c \"d\" }"}"#;

    #[test]
    fn articles_and_lists_give_the_same_questions() {
        let row = |record: [&str; 5]| Ok(record.map(str::to_owned).to_vec());
        let expected = [
            row(["7", "q?", "c \"d\" }", r#"[{"text":"c","answer_start":0}]"#, "false"]),
            row(["8", "r?", "c \"d\" }", "[]", "true"]),
        ];
        for text in [
            format!(r#"{{"version":"1.1","data":[{{"title":"data","paragraphs":[{PARAGRAPH}]}}]}}"#),
            format!(r#"{{"data":[{{"paragraphs":[{PARAGRAPH}],"title":"a {{"}}],"version":2}}"#),
            format!(r#"{{"data":[{PARAGRAPH}]}}"#),
            format!("[{PARAGRAPH}]"),
        ] {
            assert_eq!(questions(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_letter_between_members_is_never_cut() {
        let text = "{\"data\": [{\"title\": \"T\"Ź \"paragraphs\": []}]}";
        let mut reader = SquadReader::default();
        let mut at = 0;
        while at < text.len() {
            match reader.step(&text[at..], true, &mut Record::default()) {
                ReadStep::Skip(used) | ReadStep::Invalid(used, _) => at += used.max(1),
                _ => panic!("there is no question"),
            }
            assert!(text.is_char_boundary(at));
        }
    }

    #[test]
    fn invalid_paragraphs_are_skipped() {
        let found = questions(&format!(r#"[{{"context":"c"}},{{"context":"c","qas":[]}},{PARAGRAPH},{{"qas":[oops"#));
        assert_eq!(found.len(), 5);
        let reasons: Vec<_> = found.into_iter().filter_map(Result::err).collect();
        assert_eq!(reasons[0], "not a paragraph of SQuAD: missing field `qas` at line 1 column 15");
        assert_eq!(reasons[1], "the paragraph has no questions");
        assert!(reasons[2].starts_with("what begins here"));
    }
}
