//! Turns the objects that annotation tools and training libraries write into flat rows.

use serde_json::{Map, Value, json};

use crate::dataset::formats::json_annotations::annotated_row;
use crate::dataset::formats::json_chats::chat_row;
use crate::dataset::formats::json_choices::choice_row;
use crate::dataset::formats::json_dialogs::dialog_row;
use crate::dataset::formats::json_questions::join_context;

/// Columns with the first of several texts that belong to a query, and that do not: `pos` and `neg` of FlagEmbedding.
pub(crate) const FIRST_POSITIVE: &str = "pos[0]";
pub(crate) const FIRST_NEGATIVE: &str = "neg[0]";

/// A row as an object of cells. Nested objects become columns of their own (`translation.en`), a prompt and a completion
/// of messages become one conversation, and a task of Label Studio becomes its data with its first annotation.
pub(crate) fn flat_row(object: Map<String, Value>) -> Map<String, Value> {
    let mut object = match annotated_row(&object)
        .or_else(|| choice_row(&object))
        .or_else(|| chat_row(&object))
        .or_else(|| dialog_row(&object))
    {
        Some(row) => row,
        None if is_label_studio(&object) => label_studio_row(&object),
        None => object,
    };
    accept_choices(&mut object);
    join_context(&mut object);
    first_texts(&mut object);
    first_answer(&mut object);
    // An answer that people liked or not, as TRL's KTO trainer takes it.
    if object.contains_key("prompt")
        && object.contains_key("completion")
        && let Some(Value::Bool(is_good)) = object.get("label")
    {
        let verdict = if *is_good { "accept" } else { "reject" };
        object.insert("answer".into(), verdict.into());
        object.shift_remove("label");
    }
    if object.get("conversation").is_some_and(are_exchanges) {
        split_exchanges(&mut object);
    }
    // Prodigy leaves the spans out of some rows without entities.
    if object.contains_key("tokens") && object.contains_key("_task_hash") && !object.contains_key("spans") {
        object.insert("spans".into(), json!([]));
    }
    flattened(joined_conversation(object))
}

/// Puts the choices that an annotator of Prodigy accepted into the column `label`.
fn accept_choices(object: &mut Map<String, Value>) {
    if object.contains_key("options") && object.contains_key("_task_hash") && !object.contains_key("label") {
        object.shift_remove("options");
        if let Some(accepted) = object.shift_remove("accept") {
            object.insert("label".into(), choice(&accepted));
        }
    }
}

/// Replaces the lists of texts of a query by the first of each.
fn first_texts(object: &mut Map<String, Value>) {
    let are_texts = |key: &str| {
        let texts = object.get(key).and_then(Value::as_array);
        texts.is_some_and(|texts| texts.iter().all(Value::is_string))
    };
    if !object.contains_key("query") || !are_texts("pos") || !are_texts("neg") {
        return;
    }
    for (key, first) in [("pos", FIRST_POSITIVE), ("neg", FIRST_NEGATIVE)] {
        let texts = object.shift_remove(key);
        object.insert(first.into(), texts.and_then(|texts| texts.get(0).cloned()).unwrap_or_default());
    }
}

/// Replaces several answers to a question without a passage, which all say the same, by the first of them, as in NQ-Open and
/// TriviaQA.
fn first_answer(object: &mut Map<String, Value>) {
    for (key, value, aliases) in [("answer", "value", "aliases"), ("Answer", "Value", "Aliases")] {
        let main = object.get(key).filter(|answer| answer.get(aliases).is_some()).and_then(|answer| answer.get(value));
        if let Some(main) = main.cloned() {
            object.insert(key.to_owned(), main);
        }
    }
    const OTHERS: [&str; 6] = ["context", "passage", "paragraph", "choices", "options", "article"];
    if !object.get("question").is_some_and(Value::is_string) || OTHERS.iter().any(|key| object.contains_key(*key)) {
        return;
    }
    let Some(answer) = object.get_mut("answer") else { return };
    let first = answer.as_array().filter(|all| all.iter().all(Value::is_string)).and_then(|all| all.first().cloned());
    if let Some(first) = first {
        *answer = first;
    }
}

/// Returns true for a list of exchanges, each with an input and an output, as XTuner takes them.
fn are_exchanges(value: &Value) -> bool {
    let is_exchange = |it: &Value| ["input", "output"].iter().all(|key| it.get(key).is_some_and(Value::is_string));
    value.as_array().is_some_and(|exchanges| !exchanges.is_empty() && exchanges.iter().all(is_exchange))
}

/// Splits each exchange of a conversation into two messages.
fn split_exchanges(object: &mut Map<String, Value>) {
    let Some(Value::Array(exchanges)) = object.get_mut("conversation") else { return };
    let turns = |exchange: &Value| {
        [("system", "system"), ("input", "user"), ("output", "assistant")]
            .into_iter()
            .filter_map(|(key, role)| Some(json!({"role": role, "content": exchange.get(key)?})))
            .collect::<Vec<_>>()
    };
    *exchanges = exchanges.iter().flat_map(turns).collect();
}

/// A training example of spaCy as an object, if `value` is one: `["text", {"entities": [[0, 4, "PER"]]}]`.
pub(crate) fn spacy_row(value: Value) -> Option<Map<String, Value>> {
    let Value::Array(parts) = value else { return None };
    let [Value::String(text), Value::Object(annotations)] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    Some([("text".to_owned(), Value::String(text))].into_iter().chain(annotations).collect())
}

/// Replaces objects by their members, if none of them is an array.
fn flattened(object: Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in object {
        match value {
            Value::Object(members) if !members.is_empty() && !members.values().any(has_array) => {
                let inner = flattened(members).into_iter().map(|(name, value)| (format!("{key}.{name}"), value));
                flat.extend(inner);
            }
            Value::Object(members) => {
                let choices = members.get("choices").filter(|_| members.len() == 1).map(choice);
                flat.insert(key, choices.unwrap_or(Value::Object(members)));
            }
            value => {
                flat.insert(key, value);
            }
        }
    }
    flat
}

fn has_array(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(members) => members.is_empty() || members.values().any(has_array),
        _ => false,
    }
}

/// Joins a prompt and a completion of messages, as TRL's trainers take them. Of preferences, the chosen answer is joined.
fn joined_conversation(mut object: Map<String, Value>) -> Map<String, Value> {
    let has_messages = ["messages", "conversations", "conversation"].iter().any(|key| object.contains_key(*key));
    let completion = ["completion", "chosen"].into_iter().find(|key| object.contains_key(*key));
    let Some(completion) = completion.filter(|_| !has_messages) else { return object };
    let get = |key: &str| object.get(key).unwrap_or(&Value::Null);
    if !is_conversation(get("prompt")) && !is_conversation(get(completion)) {
        return object;
    }
    let turns = |value: &Value, role: &str| match value {
        Value::String(text) if !text.trim().is_empty() => vec![json!({"role": role, "content": text})],
        Value::Array(messages) => messages.clone(),
        _ => Vec::new(),
    };
    let answer = turns(get(completion), "assistant");
    // A chosen conversation may repeat its prompt.
    let has_prompt = answer.len() > 1 && answer.iter().any(|message| speaker(message) == "user");
    let prompt = if has_prompt { Vec::new() } else { turns(get("prompt"), "user") };
    let messages = Value::Array(prompt.into_iter().chain(answer).collect());
    for key in ["prompt", completion] {
        object.shift_remove(key);
    }
    [("messages".to_owned(), messages)].into_iter().chain(object).collect()
}

fn is_conversation(value: &Value) -> bool {
    value.as_array().is_some_and(|messages| !messages.is_empty() && messages.iter().all(|it| !speaker(it).is_empty()))
}

fn speaker(message: &Value) -> &str {
    ["role", "from"].iter().find_map(|key| message.get(key)?.as_str()).unwrap_or_default()
}

fn is_label_studio(object: &Map<String, Value>) -> bool {
    object.get("data").is_some_and(Value::is_object) && annotations(object).is_some()
}

fn annotations(object: &Map<String, Value>) -> Option<&Vec<Value>> {
    ["annotations", "completions"].iter().find_map(|key| object.get(*key)?.as_array())
}

/// A task of Label Studio with its first annotation that was not cancelled: spans in the column `label`, and choices,
/// ratings and texts in columns that are named as in the project. A task without annotation has only its data.
///
/// <https://labelstud.io/guide/export>
fn label_studio_row(object: &Map<String, Value>) -> Map<String, Value> {
    let mut row = object.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_valid = |annotation: &&Value| annotation.get("was_cancelled").and_then(Value::as_bool) != Some(true);
    let results =
        annotations(object).into_iter().flatten().find(is_valid).and_then(|annotation| annotation.get("result"));
    let Some(results) = results.and_then(Value::as_array) else { return row };
    let mut spans = Vec::new();
    let mut has_spans = results.is_empty();
    for result in results {
        let (Some(value), Some(kind)) = (result.get("value"), result.get("type").and_then(Value::as_str)) else {
            continue;
        };
        let column = result.get("from_name").and_then(Value::as_str).unwrap_or(kind);
        match (kind, value.get(kind)) {
            ("labels" | "hypertextlabels", Some(labels)) => {
                has_spans = true;
                spans.push(json!({"start": value.get("start"), "end": value.get("end"), "label": choice(labels)}));
            }
            ("textarea", _) => {
                row.insert(column.to_owned(), value.get("text").map(choice).unwrap_or_default());
            }
            (_, Some(content)) => {
                row.insert(column.to_owned(), choice(content));
            }
            _ => {}
        }
    }
    if has_spans {
        row.insert("label".to_owned(), Value::Array(spans));
    }
    row
}

/// The only element of an array; the array itself if there are others.
fn choice(value: &Value) -> Value {
    match value.as_array().map(Vec::as_slice) {
        Some([only]) => only.clone(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> String {
        Value::Object(flat_row(serde_json::from_str(json).unwrap())).to_string()
    }

    #[test]
    fn nested_objects_become_columns() {
        assert_eq!(
            row(r#"{"id":1,"translation":{"en":"a","fr":"b"},"meta":{"a":{"b":null}}}"#),
            r#"{"id":1,"translation.en":"a","translation.fr":"b","meta.a.b":null}"#
        );
        for kept in [r#"{"a":{"text":["b"],"answer_start":[0]}}"#, r#"{"a":{}}"#, r#"{"a":[{"b":1}]}"#] {
            assert_eq!(row(kept), kept);
        }
    }

    #[test]
    fn prompts_and_completions_of_messages_become_one_conversation() {
        let (user, bot) = (r#"{"role":"user","content":"a"}"#, r#"{"role":"assistant","content":"b"}"#);
        let both = format!(r#"{{"messages":[{user},{bot}]}}"#);
        assert_eq!(row(&format!(r#"{{"prompt":[{user}],"completion":[{bot}]}}"#)), both);
        assert_eq!(row(&format!(r#"{{"prompt":"a","chosen":[{bot}]}}"#)), both);
        assert_eq!(row(&format!(r#"{{"prompt":[{user}],"completion":"b"}}"#)), both);
        let preferences = row(&format!(r#"{{"chosen":[{user},{bot}],"rejected":[],"prompt":"a"}}"#));
        assert_eq!(preferences, format!(r#"{{"messages":[{user},{bot}],"rejected":[]}}"#));
        let texts = r#"{"prompt":"a","completion":"b"}"#;
        assert_eq!(row(texts), texts);
    }

    #[test]
    fn the_first_answer_to_a_question_without_a_passage_counts() {
        assert_eq!(row(r#"{"question":"a","answer":["b","c"]}"#), r#"{"question":"a","answer":"b"}"#);
        let trivia = row(r#"{"question":"a","answer":{"aliases":["b","c"],"value":"b","type":"x"}}"#);
        assert_eq!(trivia, r#"{"question":"a","answer":"b"}"#);
        let original = row(r#"{"Question":"a","Answer":{"Aliases":["b","c"],"Value":"b"}}"#);
        assert_eq!(original, r#"{"Question":"a","Answer":"b"}"#);
        for kept in [
            r#"{"question":"a","answer":["b"],"context":"b"}"#,
            r#"{"question":"a","answer":[]}"#,
            r#"{"text":"a","answer":["b"]}"#,
        ] {
            assert_eq!(row(kept), kept);
        }
    }

    #[test]
    fn tasks_of_label_studio_become_rows() {
        let task = |results: &str| {
            row(&format!(
                r#"{{"id":3,"data":{{"text":"Anna left"}},"annotations":[{{"was_cancelled":true,"result":[]}},{{"result":[{results}]}}]}}"#
            ))
        };
        let span = r#"{"type":"labels","from_name":"x","value":{"start":0,"end":4,"text":"Anna","labels":["PER"]}}"#;
        assert_eq!(task(span), r#"{"text":"Anna left","label":[{"start":0,"end":4,"label":"PER"}]}"#);
        assert_eq!(task(""), r#"{"text":"Anna left","label":[]}"#);
        let choices = r#"{"type":"choices","from_name":"mood","value":{"choices":["good"]}}"#;
        assert_eq!(task(choices), r#"{"text":"Anna left","mood":"good"}"#);
        assert_eq!(row(r#"{"data":{"text":"a"},"annotations":[]}"#), r#"{"text":"a"}"#);
        assert_eq!(row(r#"{"text":"a","mood":{"choices":["b","c"]}}"#), r#"{"text":"a","mood":["b","c"]}"#);
    }

    #[test]
    fn rows_of_prodigy_without_spans_have_no_entities() {
        assert_eq!(row(r#"{"tokens":[],"_task_hash":1}"#), r#"{"tokens":[],"_task_hash":1,"spans":[]}"#);
        assert_eq!(row(r#"{"tokens":[]}"#), r#"{"tokens":[]}"#);
    }

    #[test]
    fn spacy_examples_become_rows() {
        let row = |json: &str| spacy_row(serde_json::from_str(json).unwrap()).map(|row| Value::Object(row).to_string());
        assert_eq!(
            row(r#"["Anna left",{"entities":[[0,4,"PER"]]}]"#).as_deref(),
            Some(r#"{"text":"Anna left","entities":[[0,4,"PER"]]}"#)
        );
        assert_eq!(row(r#"["a","b"]"#), None);
        assert_eq!(row("[1,2]"), None);
    }
}
