//! Parsing of conversations.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::dataset::collect::example::Role;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_targets::Turn;
use crate::dataset::literal;
use crate::phrases::names;

/// Words in the names of roles that are no partner in the conversation.
const OTHER_ROLES: [&str; 8] =
    ["tool", "function", "observation", "ipython", "environment", "context", "document", "narrat"];

/// A message of the file, with the keys of chat templates (`role`, `content`), ShareGPT (`from`, `value`), Gemini (`role`,
/// `parts`) or dialogues (`speaker`, `text`).
#[derive(Deserialize)]
struct RawMessage {
    #[serde(alias = "from", alias = "speaker")]
    role: String,
    #[serde(alias = "value", alias = "text", alias = "parts", default)]
    content: Value,
    /// 0 if the turn is not learned, as in OpenAI's files.
    weight: Option<f64>,
    /// False if the turn is not learned, as in Axolotl's files.
    train: Option<bool>,
    #[serde(alias = "function_call", default)]
    tool_calls: Value,
}

/// A conversation in one text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Chat {
    /// All turns joined, each trimmed.
    pub text: String,
    /// The turns, with their ends in `text`.
    pub turns: Vec<Turn>,
}

impl Chat {
    fn push(&mut self, role: Role, content: &str) {
        self.text.push_str(content);
        self.turns.push(Turn { role, end: self.text.len() as u32 });
    }
}

/// Parses a cell that holds a list of messages. `system` are instructions from another column, which may be empty; those
/// of the conversation itself win.
pub(crate) fn parse(cell: &str, system: &str) -> Result<Chat, RowError> {
    let messages: Vec<RawMessage> = literal::typed(cell).ok_or("not a list of messages with role and content")??;
    let mut chat = Chat::default();
    let has_system = messages.first().is_some_and(|message| role(&message.role) == Some(Role::System));
    if !system.trim().is_empty() && !has_system {
        chat.push(Role::System, system.trim());
    }
    let assistant = unknown_assistant(&messages);
    for (number, message) in (1..).zip(&messages) {
        let mut role = role(&message.role)
            .or(Some(Role::Assistant).filter(|_| assistant == Some(message.role.as_str())))
            .ok_or_else(|| format!("message {number} has the unknown role {}", names(&[&message.role])))?;
        let content = content(message).map_err(|reason| format!("message {number} {reason}"))?;
        // Many files have empty instructions.
        if role == Role::System && content.trim().is_empty() {
            continue;
        }
        if content.trim().is_empty() {
            return Err(format!("message {number} is empty").into());
        }
        if role == Role::Assistant && (message.weight == Some(0.0) || message.train == Some(false)) {
            role = Role::AssistantContext;
        }
        chat.push(role, content.trim());
    }
    if !chat.turns.iter().any(|turn| turn.role == Role::Assistant) {
        let has_context = chat.turns.iter().any(|turn| turn.role == Role::AssistantContext);
        return Err(
            if has_context { "all turns of the assistant have weight 0" } else { "no turn of the assistant" }.into()
        );
    }
    Ok(chat)
}

/// Returns true if a cell holds a list of messages.
pub(crate) fn are_messages(cell: &str) -> bool {
    cell.starts_with('[') && serde_json::from_str::<Vec<RawMessage>>(cell).is_ok_and(|messages| !messages.is_empty())
}

/// The text of a message: a string, or parts such as `{"type": "text", "text": "…"}`, each on a line of its own.
///
/// # Errors
/// The reason why it has none: "has a part of the type …".
fn content(message: &RawMessage) -> Result<Cow<'_, str>, String> {
    let parts = match &message.content {
        Value::String(text) => return Ok(text.into()),
        Value::Array(parts) => parts,
        Value::Null if !message.tool_calls.is_null() => return Err("has no text, only a tool call".into()),
        _ => return Err("is not a text".into()),
    };
    let text = |part: &Value| match (part.as_str().or_else(|| part.get("text")?.as_str()), part.get("type")) {
        (Some(text), _) => Ok(text.trim().to_owned()),
        (None, Some(Value::String(kind))) => Err(format!("has a part of the type {}", names(&[kind]))),
        _ => Err("is not a text".to_owned()),
    };
    Ok(parts.iter().map(text).collect::<Result<Vec<_>, _>>()?.join("\n").into())
}

/// The only unknown role, if it takes turns with the user: a model or a character that answers by its own name.
fn unknown_assistant(messages: &[RawMessage]) -> Option<&str> {
    let mut name = None;
    let turns = messages.iter().filter(|message| role(&message.role) != Some(Role::System));
    for (nth, message) in turns.enumerate() {
        let is_user = role(&message.role) == Some(Role::User);
        let is_same = name.is_none_or(|known| known == message.role);
        if is_user != (nth % 2 == 0) || !is_user && (role(&message.role).is_some() || !is_same) {
            return None;
        }
        if !is_user {
            name = Some(message.role.as_str());
        }
    }
    name.filter(|name| !OTHER_ROLES.iter().any(|other| name.to_lowercase().contains(other)))
}

fn role(name: &str) -> Option<Role> {
    match name.to_lowercase().as_str() {
        "system" | "developer" | "context" => Some(Role::System),
        "user" | "human" | "prompter" => Some(Role::User),
        "assistant" | "gpt" | "bot" | "chatbot" | "model" | "chatgpt" | "ai" | "bing" | "bard" | "gemini" => {
            Some(Role::Assistant)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(cell: &str) -> Result<Chat, String> {
        parse(cell, "").map_err(|error| match error {
            RowError::Skip(reason) => reason,
            error => format!("{error:?}"),
        })
    }

    #[test]
    fn openai_and_sharegpt_messages_are_read() {
        let turns = vec![Turn { role: Role::User, end: 3 }, Turn { role: Role::Assistant, end: 5 }];
        let expected = Ok(Chat { text: "hého".into(), turns });
        assert_eq!(parsed(r#"[{"role":"user","content":" hé"},{"role":"assistant","content":"ho"}]"#), expected);
        assert_eq!(parsed(r#"[{"from":"human","value":"hé"},{"from":"gpt","value":"ho"}]"#), expected);
        assert_eq!(parsed("[{'role': 'user', 'content': 'hé'}\n {'role': 'assistant', 'content': 'ho'}]"), expected);
    }

    #[test]
    fn unusable_conversations_are_skipped_with_a_reason() {
        for (cell, reason) in [
            ("hello", "not a list of messages with role and content"),
            ("[]", "no turn of the assistant"),
            (r#"[{"role":"user","content":"a"}]"#, "no turn of the assistant"),
            (r#"[{"role":"tool","content":"a"}]"#, "message 1 has the unknown role \"tool\""),
            (r#"[{"role":"user","content":"a"},{"role":"assistant","content":" "}]"#, "message 2 is empty"),
            (r#"[{"role":"user","content":[1]}]"#, "message 1 is not a text"),
        ] {
            assert_eq!(parsed(cell), Err(reason.into()));
        }
    }
    #[test]
    fn parts_of_a_message_are_joined() {
        let parts = r#"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":" b "}]},
            {"role":"assistant","content":["c"]}]"#;
        assert_eq!(parsed(parts).unwrap().text, "a\nbc");
        let image = r#"[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#;
        assert_eq!(parsed(image), Err("message 1 has a part of the type \"image_url\"".into()));
        let call = r#"[{"role":"assistant","content":null,"tool_calls":[{}]}]"#;
        assert_eq!(parsed(call), Err("message 1 has no text, only a tool call".into()));
    }

    #[test]
    fn one_unknown_role_that_answers_the_user_is_the_assistant() {
        let roles = |names: &[&str]| {
            let turns: Vec<String> = names.iter().map(|name| format!(r#"{{"from":"{name}","value":"a"}}"#)).collect();
            parsed(&format!("[{}]", turns.join(",")))
                .map(|chat| chat.turns.iter().map(|turn| turn.role).collect::<Vec<_>>())
        };
        use Role::{Assistant, System, User};
        assert_eq!(roles(&["system", "user", "Vicuna"]), Ok(vec![System, User, Assistant]));
        assert_eq!(roles(&["human", "npc", "human", "npc"]), Ok(vec![User, Assistant, User, Assistant]));
        for (names, unknown) in [
            (&["Anna", "Bob"][..], "message 1 has the unknown role \"Anna\""),
            (&["user", "Bob", "user", "Eve"], "message 2 has the unknown role \"Bob\""),
            (&["user", "Bob", "Bob"], "message 2 has the unknown role \"Bob\""),
            (&["user", "function_call"], "message 2 has the unknown role \"function_call\""),
            (&["user", "Bob", "user", "assistant"], "message 2 has the unknown role \"Bob\""),
        ] {
            assert_eq!(roles(names), Err(unknown.into()));
        }
    }

    #[test]
    fn turns_of_weight_zero_are_not_learned() {
        let cell = |weight: &str| {
            format!(
                r#"[{{"role":"assistant","content":"a",{weight}}},{{"role":"assistant","content":"b","weight":1}}]"#
            )
        };
        for weight in [r#""weight":0"#, r#""weight":0.0"#, r#""train":false"#] {
            let roles: Vec<Role> = parsed(&cell(weight)).unwrap().turns.iter().map(|turn| turn.role).collect();
            assert_eq!(roles, [Role::AssistantContext, Role::Assistant]);
        }
        let none = r#"[{"role":"assistant","content":"a","weight":0}]"#;
        assert_eq!(parsed(none), Err("all turns of the assistant have weight 0".into()));
    }

    #[test]
    fn instructions_of_another_column_come_first() {
        let chat = |cell: &str| parse(cell, " be brief ").unwrap();
        let first = |chat: &Chat| (chat.turns[0].role, chat.text[..chat.turns[0].end as usize].to_owned());
        let cell = r#"[{"role":"assistant","content":"a"}]"#;
        assert_eq!(first(&chat(cell)), (Role::System, "be brief".into()));
        let own = r#"[{"role":"system","content":"be long"},{"role":"assistant","content":"a"}]"#;
        assert_eq!(first(&chat(own)), (Role::System, "be long".into()));
    }
}
