//! Questions with several choices, as prompts with the choices and completions with the right one: CommonsenseQA, ARC, OpenBookQA,
//! MMLU, and RACE where a row has one question.

use serde_json::{Map, Value};

/// Names of the members with the question, the choices, the answer, and a passage that the question is about.
const QUESTIONS: [&str; 4] = ["question", "question_stem", "ctx", "query"];
const CHOICES: [&str; 3] = ["choices", "options", "endings"];
const ANSWERS: [&str; 5] = ["answerKey", "answer_key", "answer_idx", "answer", "label"];
const PASSAGES: [&str; 4] = ["article", "passage", "context", "fact1"];

/// The choices of a question.
struct Choices {
    /// Names such as A and B.
    names: Vec<String>,
    texts: Vec<String>,
}

impl Choices {
    /// `{"label": ["A", …], "text": ["…", …]}`, `{"A": "…", …}`, `[{"label": "A", "text": "…"}, …]` or `["…", …]`.
    fn of(value: &Value) -> Option<Self> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let texts = |value: &Value| value.as_array()?.iter().map(text).collect::<Option<Vec<_>>>();
        let (names, texts): (Vec<String>, Vec<String>) = match value {
            Value::Object(members) if members.contains_key("text") => {
                (texts(members.get("label")?)?, texts(members.get("text")?)?)
            }
            Value::Object(members) if members.keys().all(|name| name.len() == 1) => {
                members.iter().map(|(name, it)| Some((name.clone(), text(it)?))).collect::<Option<_>>()?
            }
            Value::Array(all) if all.iter().all(Value::is_object) => {
                all.iter().map(|it| Some((text(it.get("label")?)?, text(it.get("text")?)?))).collect::<Option<_>>()?
            }
            other => ('A'..='Z').map(String::from).zip(texts(other)?).unzip(),
        };
        (texts.len() > 1 && names.len() == texts.len()).then_some(Self { names, texts })
    }

    /// The text of the right choice, which an answer names by its letter, its text or its place from 0 on.
    fn right(&self, answer: &Value) -> Option<&String> {
        let name = answer.as_str().unwrap_or_default().trim();
        let number = answer.as_u64().or_else(|| name.parse().ok());
        let place = self.names.iter().position(|it| it == name).or_else(|| self.texts.iter().position(|it| it == name));
        self.texts.get(place.or_else(|| usize::try_from(number?).ok())?)
    }
}

/// The object with a question and its choices as a prompt and a completion. None for other objects.
pub(crate) fn choice_row(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let find =
        |object: &Map<String, Value>, names: &[&'static str]| names.iter().copied().find(|it| object.contains_key(*it));
    let key = find(object, &ANSWERS)?;
    // CommonsenseQA's own files have the choices within the question.
    let inner = object.get("question").and_then(Value::as_object);
    let from = inner.unwrap_or(object);
    let choices = find(from, &CHOICES)?;
    let question = inner.and_then(|it| it.get("stem")).or_else(|| object.get(find(object, &QUESTIONS)?))?.as_str()?;
    if ["prompt", "completion", "_task_hash"].iter().any(|taken| object.contains_key(*taken)) {
        return None;
    }
    let listed = Choices::of(from.get(choices)?)?;
    let answer = object.get(key)?;
    if !answer.is_string() && !answer.is_u64() {
        return None;
    }
    let passage = find(object, &PASSAGES).and_then(|name| object.get(name)?.as_str());
    let mut prompt: Vec<String> = passage.into_iter().map(|passage| format!("{}\n", passage.trim())).collect();
    prompt.push(question.trim().to_owned());
    prompt.extend(listed.names.iter().zip(&listed.texts).map(|(name, text)| format!("{name}. {text}")));
    let completion = listed.right(answer).cloned().map_or(Value::Null, Value::String);
    let cells = [("prompt", Value::String(prompt.join("\n"))), ("completion", completion)];
    let rest = object.iter().filter(|(name, value)| *name != choices && !value.is_object());
    let rest = rest.map(|(name, value)| (name.clone(), value.clone()));
    Some(cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Option<(String, Value)> {
        let row = choice_row(&serde_json::from_str(json).unwrap())?;
        Some((row["prompt"].as_str().unwrap().to_owned(), row["completion"].clone()))
    }

    #[test]
    fn questions_with_choices_become_prompts_with_the_right_choice() {
        let expected = Some(("Which?\nA. red\nB. blue".to_owned(), Value::from("blue")));
        for json in [
            r#"{"id":"1","question":"Which?","choices":{"label":["A","B"],"text":["red","blue"]},"answerKey":"B"}"#,
            r#"{"question_stem":"Which?","choices":{"text":["red","blue"],"label":["A","B"]},"answerKey":"B"}"#,
            r#"{"question":{"stem":"Which?","choices":[{"label":"A","text":"red"},{"label":"B","text":"blue"}]},"answerKey":"B"}"#,
            r#"{"question":"Which?","choices":["red","blue"],"answer":1}"#,
            r#"{"ctx":"Which?","endings":["red","blue"],"label":"1"}"#,
            r#"{"question":"Which?","options":{"A":"red","B":"blue"},"answer":"blue","answer_idx":"B"}"#,
            r#"{"question":"Which?","options":["red","blue"],"answer":"blue"}"#,
        ] {
            assert_eq!(row(json), expected, "{json}");
        }
        let race = r#"{"article":"Red is old.","question":"Which?","options":["red","blue"],"answer":"A"}"#;
        assert_eq!(row(race), Some(("Red is old.\n\nWhich?\nA. red\nB. blue".into(), "red".into())));
        let numbers = r#"{"question":"Which?","choices":["0","4"],"answer":1}"#;
        assert_eq!(row(numbers), Some(("Which?\nA. 0\nB. 4".into(), "4".into())));
        let test = r#"{"question":"Which?","choices":{"label":["A","B"],"text":["red","blue"]},"answerKey":""}"#;
        assert_eq!(row(test), Some(("Which?\nA. red\nB. blue".into(), Value::Null)));
    }

    #[test]
    fn other_rows_stay_as_they_are() {
        for json in [
            r#"{"text":"a","options":[{"id":"x","text":"X"}],"accept":["x"],"_task_hash":1}"#,
            r#"{"question":"a","answer":"b"}"#,
            r#"{"question":"a","choices":["b"],"answer":"b"}"#,
            r#"{"text":"a","choices":["b","c"],"label":"b"}"#,
            r#"{"question":"a","options":[{"x":1}],"answer":"b"}"#,
        ] {
            assert_eq!(row(json), None, "{json}");
        }
    }
}
