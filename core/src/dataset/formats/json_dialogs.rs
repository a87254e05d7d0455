//! Conversations without messages: lists of texts by two speakers in turn, and texts with the marks of two speakers.

use serde_json::{Map, Value, json};

/// Names of members that list the texts of a dialog.
const DIALOGS: [&str; 4] = ["dialog", "dialogue", "conversation", "conversations"];
/// Marks of the speakers in Anthropic's texts, with their roles.
const MARKS: [(&str, &str); 2] = [("\n\nHuman:", "user"), ("\n\nAssistant:", "assistant")];

/// The object with its conversation as a list of messages in the column `messages`. None if it has another form.
pub(crate) fn dialog_row(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (key, messages) = listed(object).or_else(|| marked(object))?;
    let mut row = object.clone();
    row.shift_remove(key);
    row.insert("messages".to_owned(), messages.into());
    Some(row)
}

/// DailyDialog's `{"dialog": ["Hi", "Hello", …]}` and UltraChat's `{"id", "data": ["Hi", "Hello", …]}`, in which two speakers
/// take turns.
fn listed(object: &Map<String, Value>) -> Option<(&'static str, Vec<Value>)> {
    let is_ultrachat = object.len() == 2 && object.contains_key("id");
    let named = DIALOGS.into_iter().find(|key| object.contains_key(*key));
    let key = named.or(Some("data").filter(|_| is_ultrachat))?;
    let texts: Vec<&str> = object.get(key)?.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let turns = texts.into_iter().zip(["user", "assistant"].into_iter().cycle());
    let messages: Vec<Value> = turns.map(|(text, role)| json!({"role": role, "content": text})).collect();
    (!messages.is_empty()).then_some((key, messages))
}

/// Anthropic's `{"chosen": "\n\nHuman: …\n\nAssistant: …", "rejected"}`.
fn marked(object: &Map<String, Value>) -> Option<(&'static str, Vec<Value>)> {
    object.get("rejected")?;
    let text = format!("\n\n{}", object.get("chosen")?.as_str()?.trim());
    let mut marks: Vec<(usize, usize, &str)> = Vec::new();
    for (mark, role) in MARKS {
        marks.extend(text.match_indices(mark).map(|(at, _)| (at, at + mark.len(), role)));
    }
    marks.sort_unstable();
    let has_answer = marks.iter().any(|(_, _, role)| *role == "assistant");
    if !has_answer || marks.first()?.0 != 0 {
        return None;
    }
    let ends = marks.iter().skip(1).map(|mark| mark.0).chain([text.len()]);
    let turn = |(&(_, start, role), end): (&(usize, usize, &str), usize)| json!({"role": role, "content": text[start..end].trim()});
    Some(("chosen", marks.iter().zip(ends).map(turn).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(json: &str) -> Option<String> {
        dialog_row(&serde_json::from_str(json).expect("JSON")).map(|row| row["messages"].to_string())
    }

    #[test]
    fn two_speakers_take_turns() {
        let expected = r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]"#;
        for json in [
            r#"{"dialog":["Hi","Hello"],"act":[1,2]}"#,
            r#"{"conversation":["Hi","Hello"]}"#,
            r#"{"id":"0","data":["Hi","Hello"]}"#,
            r#"{"chosen":"\n\nHuman: Hi\n\nAssistant: Hello","rejected":"x"}"#,
        ] {
            assert_eq!(messages(json).as_deref(), Some(expected), "{json}");
        }
        for json in [
            r#"{"id":"0","data":[{"text":"Hi"}]}"#,
            r#"{"text":"a","data":["Hi","Hello"]}"#,
            r#"{"chosen":"Hi","rejected":"x"}"#,
            r#"{"chosen":"Human: Hi","rejected":"x"}"#,
            r#"{"dialog":[]}"#,
        ] {
            assert_eq!(messages(json), None, "{json}");
        }
    }
}
