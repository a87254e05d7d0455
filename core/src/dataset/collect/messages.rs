//! Parsing of conversations.

use serde::Deserialize;
use serde_json::Value;

use crate::dataset::collect::example::Role;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::collect::row_targets::Turn;
use crate::dataset::phrases::names;

/// A message of the file, with the keys of chat templates (`role`, `content`) or of ShareGPT (`from`, `value`).
#[derive(Deserialize)]
struct RawMessage {
    #[serde(alias = "from")]
    role: String,
    #[serde(alias = "value")]
    content: Value,
}

/// A conversation in one text.
#[derive(Debug, PartialEq)]
pub(crate) struct Chat {
    /// All turns joined, each trimmed.
    pub text: String,
    /// The turns, with their ends in `text`.
    pub turns: Vec<Turn>,
}

/// Parses a cell that holds a list of messages.
pub(crate) fn parse(cell: &str) -> Result<Chat, RowError> {
    let messages: Vec<RawMessage> =
        serde_json::from_str(cell).map_err(|_| "not a list of messages with role and content")?;
    let mut chat = Chat { text: String::new(), turns: Vec::with_capacity(messages.len()) };
    for (number, message) in (1..).zip(&messages) {
        let role = role(&message.role)
            .ok_or_else(|| format!("message {number} has the unknown role {}", names(&[&message.role])))?;
        let content = message.content.as_str().ok_or_else(|| format!("message {number} is not a text"))?.trim();
        if content.is_empty() {
            return Err(format!("message {number} is empty").into());
        }
        chat.text.push_str(content);
        chat.turns.push(Turn { role, end: chat.text.len() as u32 });
    }
    if !chat.turns.iter().any(|turn| turn.role == Role::Assistant) {
        return Err("no turn of the assistant".into());
    }
    Ok(chat)
}

fn role(name: &str) -> Option<Role> {
    match name.to_lowercase().as_str() {
        "system" | "developer" => Some(Role::System),
        "user" | "human" | "prompter" => Some(Role::User),
        "assistant" | "gpt" | "bot" | "model" | "chatgpt" => Some(Role::Assistant),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(cell: &str) -> Result<Chat, String> {
        parse(cell).map_err(|error| match error {
            RowError::Skip(reason) => reason,
            RowError::Abort(diagnostic) => diagnostic.code,
        })
    }

    #[test]
    fn openai_and_sharegpt_messages_are_read() {
        let turns = vec![Turn { role: Role::User, end: 3 }, Turn { role: Role::Assistant, end: 5 }];
        let expected = Ok(Chat { text: "hého".into(), turns });
        assert_eq!(parsed(r#"[{"role":"user","content":" hé"},{"role":"assistant","content":"ho"}]"#), expected);
        assert_eq!(parsed(r#"[{"from":"human","value":"hé"},{"from":"gpt","value":"ho"}]"#), expected);
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
}
