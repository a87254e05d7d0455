//! Passages with several questions in other forms than SQuAD's, as a row for each question: CoQA, ReCoRD, DROP and NewsQA.

use serde_json::{Map, Value, json};

/// Reads the questions of a passage. None if it has another form.
type Form = fn(&Map<String, Value>) -> Option<Vec<Value>>;

/// The rows of passages that all have one of these forms. None for other rows.
pub(crate) fn question_rows(passages: &[Map<String, Value>]) -> Option<Vec<Map<String, Value>>> {
    let forms: [Form; 4] = [coqa, record, drop, newsqa];
    let read = |form: Form| passages.iter().map(form).collect::<Option<Vec<_>>>().map(|all| all.concat());
    let questions = forms.into_iter().find_map(read).filter(|questions| !questions.is_empty())?;
    questions.into_iter().map(|question| question.as_object().cloned()).collect()
}

/// Joins a passage of paragraphs with titles, as in HotpotQA: `"context": [["Title", ["A sentence.", …]], …]`.
pub(crate) fn join_context(object: &mut Map<String, Value>) {
    let Some(context) = object.get_mut("context") else { return };
    let paragraph = |paragraph: &Value| {
        let [Value::String(title), Value::Array(sentences)] = paragraph.as_array()?.as_slice() else { return None };
        let sentences: Vec<&str> = sentences.iter().map(Value::as_str).collect::<Option<_>>()?;
        Some(format!("{title}\n{}", sentences.concat()))
    };
    let paragraphs = context.as_array().map(|all| all.iter().map(paragraph).collect::<Option<Vec<_>>>());
    if let Some(Some(paragraphs)) = paragraphs
        && !paragraphs.is_empty()
    {
        *context = paragraphs.join("\n\n").into();
    }
}

/// Renames the answers of DROP's rows, of which each is one of several: `"answers_spans": {"spans": ["Anna"], "types": […]}`.
pub(crate) fn listed_answers(object: &mut Map<String, Value>) {
    let spans = object.get("answers_spans").and_then(|it| it.get("spans")?.as_array());
    let Some(spans) = spans.filter(|_| !object.contains_key("answers")) else { return };
    let answers: Vec<Value> = spans.iter().map(|span| json!({"text": span})).collect();
    object.shift_remove("answers_spans");
    object.insert("answers".into(), answers.into());
}

fn list<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Vec<Value>> {
    object.get(key)?.as_array()
}

/// `{"story", "questions": [{"input_text"}], "answers": [{"span_text", "span_start"}]}`. An answer that nothing in the story
/// shows starts at -1.
fn coqa(passage: &Map<String, Value>) -> Option<Vec<Value>> {
    let story = passage.get("story")?.as_str()?;
    let row = |(question, answer): (&Value, &Value)| {
        let start = answer.get("span_start")?.as_i64()?;
        // The span may begin with white space, which is no part of the answer.
        let span = answer.get("span_text")?.as_str()?;
        let text = span.trim_start();
        let skipped = span.chars().count() - text.chars().count();
        let start = usize::try_from(start).ok().map(|start| start + skipped);
        let answers =
            start.map_or_else(|| json!([]), |start| json!([{"text": text.trim_end(), "answer_start": start}]));
        Some(json!({"question": question.get("input_text")?, "context": story, "answers": answers}))
    };
    list(passage, "questions")?.iter().zip(list(passage, "answers")?).map(row).collect()
}

/// `{"passage": {"text"}, "qas": [{"query", "answers": [{"text", "start"}]}]}`.
fn record(passage: &Map<String, Value>) -> Option<Vec<Value>> {
    let text = passage.get("passage")?.get("text")?.as_str()?;
    let row = |question: &Value| {
        let answers = question.get("answers").cloned().unwrap_or_else(|| json!([]));
        Some(json!({"question": question.get("query")?, "context": text, "answers": answers}))
    };
    list(passage, "qas")?.iter().map(row).collect()
}

/// `{"passage", "qa_pairs": [{"question", "answer": {"number", "date", "spans"}}]}`. A number or a date is computed from the
/// passage: the question has an empty answer, with which it is skipped.
fn drop(passage: &Map<String, Value>) -> Option<Vec<Value>> {
    let text = passage.get("passage")?.as_str()?;
    let row = |pair: &Value| {
        let spans = pair.get("answer")?.get("spans")?.as_array()?.iter();
        let mut answers: Vec<Value> = spans.map(|span| json!({"text": span})).collect();
        if answers.is_empty() {
            answers.push(json!({"text": ""}));
        }
        Some(json!({"question": pair.get("question")?, "context": text, "answers": answers}))
    };
    list(passage, "qa_pairs")?.iter().map(row).collect()
}

/// `{"text", "questions": [{"q", "consensus": {"s", "e"}}]}`. Bad questions have a `badQuestion` in its place.
fn newsqa(passage: &Map<String, Value>) -> Option<Vec<Value>> {
    let text = passage.get("text")?.as_str()?;
    let chars: Vec<char> = text.chars().collect();
    let row = |question: &Value| {
        let consensus = question.get("consensus")?;
        let place = |key: &str| consensus.get(key)?.as_u64().and_then(|at| usize::try_from(at).ok());
        let answers = match place("s").zip(place("e")) {
            Some((start, end)) => {
                let answer: String = chars.get(start..end.min(chars.len()))?.iter().collect();
                let start = start + answer.chars().take_while(|c| c.is_whitespace()).count();
                json!([{"text": answer.trim(), "answer_start": start}])
            }
            None if consensus.get("noAnswer").is_some() => json!([]),
            None => return Some(Value::Null),
        };
        Some(json!({"question": question.get("q")?, "context": text, "answers": answers}))
    };
    let rows: Vec<Value> = list(passage, "questions")?.iter().map(row).collect::<Option<_>>()?;
    Some(rows.into_iter().filter(|row| !row.is_null()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(json: &str) -> Option<String> {
        question_rows(&[serde_json::from_str(json).expect("JSON")]).map(|rows| json!(rows).to_string())
    }

    #[test]
    fn each_question_is_a_row_with_its_answer() {
        let row =
            |answers: &str| Some(format!(r#"[{{"question":"Who?","context":"Anna left.","answers":{answers}}}]"#));
        let coqa = |start: i32| {
            format!(
                r#"{{"source":"x","story":"Anna left.","questions":[{{"input_text":"Who?"}}],"answers":[{{"span_start":{start},"span_text":" Anna","input_text":"anna"}}]}}"#
            )
        };
        assert_eq!(rows(&coqa(-1)), row("[]"));
        assert_eq!(rows(&coqa(0)), row(r#"[{"text":"Anna","answer_start":1}]"#));
        let record = r#"{"passage":{"text":"Anna left.","entities":[]},"qas":[{"query":"Who?","answers":[{"text":"Anna","start":0,"end":3}]}]}"#;
        assert_eq!(rows(record), row(r#"[{"text":"Anna","start":0,"end":3}]"#));
        let drop =
            r#"{"passage":"Anna left.","qa_pairs":[{"question":"Who?","answer":{"number":"","spans":["Anna"]}}]}"#;
        assert_eq!(rows(drop), row(r#"[{"text":"Anna"}]"#));
        let newsqa = r#"{"text":"Anna left.","questions":[{"q":"Who?","consensus":{"s":0,"e":5}},{"q":"?","consensus":{"badQuestion":true}}]}"#;
        assert_eq!(rows(newsqa), row(r#"[{"text":"Anna","answer_start":0}]"#));
    }

    #[test]
    fn paragraphs_with_titles_are_joined() {
        let joined = |json: &str| {
            let mut object = serde_json::from_str(json).expect("JSON");
            join_context(&mut object);
            json!(object).to_string()
        };
        let hotpot = r#"{"context":[["T",["Anna left."," Bob too."]],["U",["No."]]]}"#;
        assert_eq!(joined(hotpot), r#"{"context":"T\nAnna left. Bob too.\n\nU\nNo."}"#);
        for kept in [r#"{"context":[["a","b"]]}"#, r#"{"context":["a"]}"#, r#"{"context":[]}"#] {
            assert_eq!(joined(kept), kept);
        }
    }

    #[test]
    fn answers_that_are_listed_by_field_become_answers() {
        let mut object =
            serde_json::from_str(r#"{"passage":"Anna left.","answers_spans":{"spans":["Anna"],"types":["span"]}}"#)
                .expect("JSON");
        listed_answers(&mut object);
        assert_eq!(json!(object).to_string(), r#"{"passage":"Anna left.","answers":[{"text":"Anna"}]}"#);
    }

    #[test]
    fn other_rows_stay_as_they_are() {
        for json in [r#"{"text":"a","questions":["b"]}"#, r#"{"passage":"a","label":"b"}"#, "{}"] {
            assert_eq!(rows(json), None, "{json}");
        }
    }
}
