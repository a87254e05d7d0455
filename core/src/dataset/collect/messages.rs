//! Conversations: whose turn it is, and what is said.

use serde::Deserialize;
use serde_json::Value;

use crate::dataset::collect::example::Role;
use crate::dataset::collect::row_error::RowError;
use crate::dataset::phrases::names;

/// A turn as it stands in the file: as chat templates name its parts, or as ShareGPT does.
#[derive(Deserialize)]
struct Turn {
    #[serde(alias = "from")]
    role: String,
    #[serde(alias = "value")]
    content: Value,
}

/// All that is said in a conversation, one turn after the other, and where each ends in it.
pub(crate) fn parse(cell: &str) -> Result<(String, Vec<(Role, u32)>), RowError> {
    let turns: Vec<Turn> = serde_json::from_str(cell).map_err(|_| "not a list of messages with role and content")?;
    let mut text = String::new();
    let mut ends = Vec::with_capacity(turns.len());
    for (nth, turn) in turns.iter().enumerate() {
        let role =
            role(&turn.role).ok_or_else(|| format!("message {} has the role {}", nth + 1, names(&[&turn.role])))?;
        let content = turn.content.as_str().ok_or_else(|| format!("message {} is no text", nth + 1))?.trim();
        if content.is_empty() {
            return Err(format!("message {} is empty", nth + 1).into());
        }
        text.push_str(content);
        ends.push((role, text.len() as u32));
    }
    if !ends.iter().any(|(role, _)| *role == Role::Assistant) {
        return Err("no turn of the assistant".into());
    }
    Ok((text, ends))
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

    fn parsed(cell: &str) -> Result<(String, Vec<(Role, u32)>), String> {
        parse(cell).map_err(|refusal| match refusal {
            RowError::Row(reason) => reason,
            RowError::File(diagnostic) => diagnostic.code,
        })
    }

    #[test]
    fn both_ways_of_writing_turns_are_read() {
        let expected = Ok(("hého".to_owned(), vec![(Role::User, 3), (Role::Assistant, 5)]));
        assert_eq!(parsed(r#"[{"role":"user","content":" hé"},{"role":"assistant","content":"ho"}]"#), expected);
        assert_eq!(parsed(r#"[{"from":"human","value":"hé"},{"from":"gpt","value":"ho"}]"#), expected);
    }

    #[test]
    fn conversations_that_teach_nothing_say_why() {
        for (cell, reason) in [
            ("hello", "not a list of messages with role and content"),
            ("[]", "no turn of the assistant"),
            (r#"[{"role":"user","content":"a"}]"#, "no turn of the assistant"),
            (r#"[{"role":"tool","content":"a"}]"#, "message 1 has the role \"tool\""),
            (r#"[{"role":"user","content":"a"},{"role":"assistant","content":" "}]"#, "message 2 is empty"),
            (r#"[{"role":"user","content":[1]}]"#, "message 1 is no text"),
        ] {
            assert_eq!(parsed(cell), Err(reason.into()));
        }
    }
}
