//! Conversations as chat services export them.

use serde_json::{Map, Value, json};

/// The object with its conversation as a list of messages in the column `messages`. None if it has another form.
pub(crate) fn chat_row(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    chatgpt(object).or_else(|| sent_messages(object)).or_else(|| gemini(object)).or_else(|| open_assistant(object))
}

/// The object with `messages` in place of the member `key`.
fn with_messages(object: &Map<String, Value>, key: &str, messages: Vec<Value>) -> Map<String, Value> {
    let mut row = object.clone();
    row.shift_remove(key);
    row.insert("messages".to_owned(), messages.into());
    row
}

/// ChatGPT's `{"mapping": {id: {"message", "parent"}}, "current_node": id}`: a tree, since messages can be edited and answered
/// again. The conversation is the branch that was in view last.
fn chatgpt(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let nodes = object.get("mapping")?.as_object()?;
    let mut id = object.get("current_node")?.as_str()?;
    nodes.get(id)?;
    let mut messages = Vec::new();
    // A branch has at most all nodes; more would be a circle.
    for _ in 0..nodes.len() {
        let node = nodes.get(id)?;
        messages.extend(node.get("message").and_then(chatgpt_message));
        match node.get("parent").and_then(Value::as_str) {
            Some(parent) => id = parent,
            None => break,
        }
    }
    messages.reverse();
    Some(with_messages(object, "mapping", messages))
}

/// A message of ChatGPT. None for one without text, which the page of ChatGPT does not show.
fn chatgpt_message(message: &Value) -> Option<Value> {
    let role = message.pointer("/author/role")?.as_str()?;
    let content = message.get("content")?;
    let parts = content.get("parts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
    let text = match content.get("text").and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => texts.join("\n"),
    };
    (!text.trim().is_empty()).then(|| json!({"role": role, "content": text}))
}

/// Messages with their senders: `{"chat_messages": [{"sender": "human", "text": "…"}]}`.
fn sent_messages(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let messages = object.get("chat_messages")?.as_array()?;
    let message = |message: &Value| Some(json!({"role": message.get("sender")?, "content": message.get("text")?}));
    Some(with_messages(object, "chat_messages", messages.iter().map(message).collect::<Option<_>>()?))
}

/// OpenAssistant's `{"message_tree_id", "prompt": {"text", "role", "replies": […]}}`: a tree of answers. The conversation is
/// the branch of the best answers; the others repeat its beginning.
///
/// <https://huggingface.co/datasets/OpenAssistant/oasst1>
fn open_assistant(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    object.get("message_tree_id")?;
    let mut node = object.get("prompt").filter(|prompt| prompt.get("replies").is_some());
    node?;
    let mut messages = Vec::new();
    while let Some(message) = node {
        messages.push(json!({"role": message.get("role")?, "content": message.get("text")?}));
        let replies = message.get("replies").and_then(Value::as_array).into_iter().flatten();
        let is_deleted = |reply: &&Value| reply.get("deleted").and_then(Value::as_bool) == Some(true);
        let rank = |reply: &&Value| reply.get("rank").and_then(Value::as_u64).unwrap_or(u64::MAX);
        node = replies.filter(|reply| !is_deleted(reply)).min_by_key(rank);
    }
    Some(with_messages(object, "prompt", messages))
}

/// Gemini's `{"systemInstruction": {"parts": […]}, "contents": [{"role", "parts"}]}`.
fn gemini(object: &Map<String, Value>) -> Option<Map<String, Value>> {
    let contents = object.get("contents")?.as_array()?;
    if !contents.iter().all(|turn| turn.get("role").is_some() && turn.get("parts").is_some()) {
        return None;
    }
    let system = ["systemInstruction", "system_instruction"].into_iter().find(|key| object.contains_key(*key));
    let instructions = system.and_then(|key| object.get(key)?.get("parts"));
    let instructions = instructions.map(|parts| json!({"role": "system", "parts": parts}));
    let messages = instructions.into_iter().chain(contents.iter().cloned()).collect();
    let mut row = with_messages(object, "contents", messages);
    if let Some(key) = system {
        row.shift_remove(key);
    }
    Some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(json: &str) -> Option<String> {
        chat_row(&serde_json::from_str(json).unwrap()).map(|row| row["messages"].to_string())
    }

    #[test]
    fn the_last_branch_of_chatgpt_is_the_conversation() {
        let node = |id: &str, parent: &str, role: &str, text: &str| {
            format!(
                r#""{id}":{{"parent":{parent},"message":{{"author":{{"role":"{role}"}},"content":{{"content_type":"text","parts":["{text}"]}}}}}}"#
            )
        };
        let nodes = [
            r#""root":{"parent":null,"message":null}"#.to_owned(),
            node("s", "\"root\"", "system", ""),
            node("a", "\"s\"", "user", "Hi"),
            node("old", "\"a\"", "assistant", "Yes?"),
            node("b", "\"a\"", "assistant", "Hello"),
        ];
        let export = format!(r#"{{"title":"t","mapping":{{{}}},"current_node":"b"}}"#, nodes.join(","));
        let expected = r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]"#;
        assert_eq!(messages(&export).as_deref(), Some(expected));
        let circle =
            r#"{"mapping":{"a":{"parent":"b","message":null},"b":{"parent":"a","message":null}},"current_node":"a"}"#;
        assert_eq!(messages(circle).as_deref(), Some("[]"));
        assert_eq!(messages(r#"{"mapping":{},"current_node":"a"}"#), None);
    }

    #[test]
    fn the_best_answers_of_a_tree_are_the_conversation() {
        let tree = r#"{"message_tree_id":"1","prompt":{"text":"Hi","role":"prompter","replies":[
            {"text":"No","role":"assistant","rank":1,"replies":[]},
            {"text":"Bad","role":"assistant","rank":0,"deleted":true,"replies":[]},
            {"text":"Hello","role":"assistant","rank":0,"replies":[{"text":"Bye","role":"prompter","replies":[]}]}]}}"#;
        let expected = r#"[{"role":"prompter","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"prompter","content":"Bye"}]"#;
        assert_eq!(messages(tree).as_deref(), Some(expected));
        assert_eq!(messages(r#"{"message_tree_id":"1","prompt":"Hi"}"#), None);
    }

    #[test]
    fn messages_with_senders_and_turns_with_parts_become_messages() {
        let sent = r#"{"uuid":"1","chat_messages":[{"sender":"human","text":"Hi","content":[]},{"sender":"assistant","text":"Hello"}]}"#;
        let expected = r#"[{"role":"human","content":"Hi"},{"role":"assistant","content":"Hello"}]"#;
        assert_eq!(messages(sent).as_deref(), Some(expected));
        let gemini = r#"{"systemInstruction":{"role":"system","parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#;
        let expected = r#"[{"role":"system","parts":[{"text":"Be brief."}]},{"role":"user","parts":[{"text":"Hi"}]}]"#;
        assert_eq!(messages(gemini).as_deref(), Some(expected));
        assert_eq!(messages(r#"{"contents":["a"]}"#), None);
    }
}
