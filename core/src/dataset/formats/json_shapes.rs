//! Turns the objects that annotation tools and training libraries write into flat rows.

use serde_json::{Map, Value, json};

use crate::dataset::formats::json_annotations::annotated_row;
use crate::dataset::formats::json_chats::chat_row;
use crate::dataset::formats::json_choices::choice_row;
use crate::dataset::formats::json_dialogs::dialog_row;
use crate::dataset::formats::json_questions::{join_context, listed_answers};

/// Columns with the first of several texts that belong to a query, and that do not: `pos` and `neg` of FlagEmbedding.
pub(crate) const FIRST_POSITIVE: &str = "pos[0]";
pub(crate) const FIRST_NEGATIVE: &str = "neg[0]";
/// Columns with two texts of a set that mean the same, as in the embedding data of sentence-transformers.
pub(crate) const FIRST_OF_SET: &str = "set[0]";
pub(crate) const SECOND_OF_SET: &str = "set[1]";
/// Names of the two parts of an exchange.
const EXCHANGES: [(&str, &str); 5] =
    [("input", "output"), ("human", "assistant"), ("user", "assistant"), ("human", "gpt"), ("prompt", "response")];
/// Names of the column of exchanges.
const CONVERSATIONS: [&str; 3] = ["conversation", "conversations", "messages"];

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
    listed_answers(&mut object);
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
    split_exchanges(&mut object);
    system_of_parts(&mut object);
    // Prodigy leaves the spans out of some rows without entities.
    if object.contains_key("tokens") && object.contains_key("_task_hash") && !object.contains_key("spans") {
        object.insert("spans".into(), json!([]));
    }
    choices_of_objects(&mut object);
    flattened(joined_conversation(object))
}

/// Replaces what an annotator of Label Studio chose, `{"choices": ["good"]}`, by the only choice or the list of them.
fn choices_of_objects(object: &mut Map<String, Value>) {
    for value in object.values_mut() {
        if let Some(choices @ Value::Array(_)) =
            value.as_object().filter(|it| it.len() == 1).and_then(|it| it.get("choices"))
        {
            *value = choice(choices);
        }
    }
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

/// Replaces the lists of texts of a query, or the passages of MS MARCO of which people selected some, by the first text of each
/// kind, and a set of texts that mean the same by its first two.
fn first_texts(object: &mut Map<String, Value>) {
    if let Some((positive, negative)) = object.get("passages").and_then(selected_passages) {
        object.shift_remove("passages");
        object.insert(FIRST_POSITIVE.into(), positive);
        object.insert(FIRST_NEGATIVE.into(), negative);
        return;
    }
    if let Some([first @ Value::String(_), second @ Value::String(_), ..]) =
        object.get("set").and_then(Value::as_array).map(Vec::as_slice)
    {
        let (first, second) = (first.clone(), second.clone());
        object.shift_remove("set");
        object.insert(FIRST_OF_SET.into(), first);
        object.insert(SECOND_OF_SET.into(), second);
        return;
    }
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

/// The first passage that people selected, and the first that they did not: `{"is_selected": [0, 1], "passage_text": […]}`, or a list
/// of such passages. A cell is null if there is none.
///
/// <https://huggingface.co/datasets/microsoft/ms_marco>
fn selected_passages(passages: &Value) -> Option<(Value, Value)> {
    let listed = |key: &str| passages.get(key)?.as_array().cloned();
    let of_each = |key: &str| passages.as_array()?.iter().map(|passage| passage.get(key).cloned()).collect();
    let of = |key: &str| listed(key).or_else(|| of_each(key));
    let (texts, selected): (Vec<Value>, Vec<Value>) = (of("passage_text")?, of("is_selected")?);
    let first = |wanted: u64| {
        let place = selected.iter().position(|it| it.as_u64() == Some(wanted) || it.as_bool() == Some(wanted == 1));
        place.and_then(|place| texts.get(place).cloned()).unwrap_or_default()
    };
    Some((first(1), first(0)))
}

/// The names of the two parts of all exchanges of a conversation, as XTuner and others write them. None for other lists.
fn exchange_names(value: &Value) -> Option<(&'static str, &'static str)> {
    let exchanges = value.as_array().filter(|exchanges| !exchanges.is_empty())?;
    let is_text = |exchange: &Value, key: &str| exchange.get(key).is_some_and(Value::is_string);
    EXCHANGES.into_iter().find(|&(input, output)| exchanges.iter().all(|it| is_text(it, input) && is_text(it, output)))
}

/// Splits each exchange of a conversation into two messages.
fn split_exchanges(object: &mut Map<String, Value>) {
    let found = CONVERSATIONS.into_iter().find_map(|key| Some((key, exchange_names(object.get(key)?)?)));
    let Some((key, (input, output))) = found else { return };
    let Some(Value::Array(exchanges)) = object.get_mut(key) else { return };
    let turns = |exchange: &Value| {
        [("system", "system"), (input, "user"), (output, "assistant")]
            .into_iter()
            .filter_map(|(key, role)| Some(json!({"role": role, "content": exchange.get(key)?})))
            .collect::<Vec<_>>()
    };
    *exchanges = exchanges.iter().flat_map(turns).collect();
}

/// Joins the instructions of a conversation that are a list of parts: `"system": [{"text": "…"}]`, as Amazon Bedrock takes them.
fn system_of_parts(object: &mut Map<String, Value>) {
    if !CONVERSATIONS.iter().any(|key| object.contains_key(*key)) {
        return;
    }
    let Some(system) = object.get_mut("system") else { return };
    let text = |part: &Value| part.as_str().or_else(|| part.get("text")?.as_str()).map(str::to_owned);
    let texts = system.as_array().and_then(|parts| parts.iter().map(text).collect::<Option<Vec<_>>>());
    if let Some(texts) = texts {
        *system = texts.join("\n").into();
    }
}

/// A training example of spaCy as an object, if `value` is one: `["text", {"entities": [[0, 4, "PER"]]}]`.
pub(crate) fn spacy_row(value: Value) -> Option<Map<String, Value>> {
    let Value::Array(parts) = value else { return None };
    let [Value::String(text), Value::Object(annotations)] = <[Value; 2]>::try_from(parts).ok()? else { return None };
    Some([("text".to_owned(), Value::String(text))].into_iter().chain(annotations).collect())
}

/// Replaces objects by their members, if none of them is an array.
pub(crate) fn flattened(object: Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (key, value) in object {
        match value {
            Value::Object(members) if !members.is_empty() && !members.values().any(has_array) => {
                let inner = flattened(members).into_iter().map(|(name, value)| (format!("{key}.{name}"), value));
                flat.extend(inner);
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
    fn lists_of_texts_become_pairs_and_triplets() {
        let passages =
            r#"{"query":"q","passages":{"is_selected":[0,1,0],"passage_text":["a","b","c"]},"answers":["x"]}"#;
        assert_eq!(row(passages), r#"{"query":"q","answers":["x"],"pos[0]":"b","neg[0]":"a"}"#);
        let listed = r#"{"query":"q","passages":[{"is_selected":1,"passage_text":"a","url":"u"}]}"#;
        assert_eq!(row(listed), r#"{"query":"q","pos[0]":"a","neg[0]":null}"#);
        assert_eq!(row(r#"{"set":["a","b","c"]}"#), r#"{"set[0]":"a","set[1]":"b"}"#);
        for kept in [r#"{"query":"q","passages":["a"]}"#, r#"{"set":["a"]}"#, r#"{"set":"a"}"#] {
            assert_eq!(row(kept), kept);
        }
    }

    #[test]
    fn exchanges_become_messages() {
        let messages = r#"[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]"#;
        for (key, exchange) in [
            ("conversation", r#"{"input":"a","output":"b"}"#),
            ("conversations", r#"{"human":"a","assistant":"b"}"#),
            ("messages", r#"{"prompt":"a","response":"b"}"#),
        ] {
            assert_eq!(row(&format!(r#"{{"{key}":[{exchange}]}}"#)), format!(r#"{{"{key}":{messages}}}"#));
        }
        let parts = row(&format!(r#"{{"system":[{{"text":"Be brief."}}],"messages":{messages}}}"#));
        assert_eq!(parts, format!(r#"{{"system":"Be brief.","messages":{messages}}}"#));
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
