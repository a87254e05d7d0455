//! Prompts with completions, and conversations, as tokens: which of them are learned.

use std::ops::Range;

use crate::dataset::{Message, Role};
use crate::diagnostic::Diagnostic;
use crate::text::{ChatTemplate, Tokenizer};
use crate::usage::PromptForm;

/// A text in turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turns {
    /// Its tokens.
    pub ids: Vec<u32>,
    /// Those that are learned.
    pub target_ranges: Vec<Range<u32>>,
    /// What stands before the last part that is learned, for a person.
    pub prompt_text: String,
    /// The last part that is learned.
    pub completion: String,
}

/// A prompt and what follows it: in the model's own form for a conversation where it has one, else one after the other,
/// with the token that ends a text.
pub fn completion(
    tokenizer: &Tokenizer,
    template: Option<&ChatTemplate>,
    prompt: &str,
    completion: &str,
) -> Result<Turns, Diagnostic> {
    if template.is_some() {
        let messages = [
            Message { role: Role::User, content: prompt.trim() },
            Message { role: Role::Assistant, content: completion },
        ];
        return chat(tokenizer, template, &messages);
    }
    let mut turns = Turns { ids: tokenizer.frame().begin.clone(), ..Turns::default() };
    turns.add(tokenizer, prompt, false)?;
    turns.add(tokenizer, completion, true)?;
    turns.end(tokenizer);
    (turns.prompt_text, turns.completion) = (prompt.trim().into(), completion.into());
    Ok(turns)
}

/// A conversation, of which the assistant's turns are learned.
pub fn chat(tokenizer: &Tokenizer, template: Option<&ChatTemplate>, messages: &[Message]) -> Result<Turns, Diagnostic> {
    let mut turns = match template {
        Some(template) => with_template(tokenizer, template, messages)?,
        None => plain(tokenizer, messages)?,
    };
    if let Some(last) = messages.iter().rposition(|message| message.role == Role::Assistant) {
        turns.completion = messages[last].content.into();
        let asked = messages[..last].iter().rev().find(|message| message.role == Role::User);
        turns.prompt_text = asked.map(|message| message.content.into()).unwrap_or_default();
    }
    Ok(turns)
}

/// A person's own prompt in the form that the rows were learned in, which the model writes on from.
///
/// # Errors
/// When the tokenizer or the template cannot take it.
pub fn asked(
    tokenizer: &Tokenizer,
    template: Option<&ChatTemplate>,
    form: PromptForm,
    prompt: &str,
) -> Result<Vec<u32>, Diagnostic> {
    match (form, template) {
        (PromptForm::Corpus, _) | (PromptForm::Completion, None) => plain_prompt(tokenizer, prompt),
        (PromptForm::Completion, Some(_)) | (PromptForm::Chat, _) => crate::text::conversation::prompt(
            tokenizer,
            template,
            &[Message { role: Role::User, content: prompt.trim() }],
        ),
    }
}

/// What a conversation is put into before the assistant's next turn: the prompt that it writes on from.
pub fn prompt(
    tokenizer: &Tokenizer,
    template: Option<&ChatTemplate>,
    messages: &[Message],
) -> Result<Vec<u32>, Diagnostic> {
    match template {
        Some(template) => {
            let mut turns = Turns::default();
            turns.add(tokenizer, &template.render(&named(messages), true)?, false)?;
            Ok(turns.ids)
        }
        None => {
            let mut turns = plain(tokenizer, messages)?;
            turns.add(tokenizer, "Assistant: ", false)?;
            Ok(turns.ids)
        }
    }
}

/// A text as it is, from the beginning.
fn plain_prompt(tokenizer: &Tokenizer, prompt: &str) -> Result<Vec<u32>, Diagnostic> {
    let mut turns = Turns { ids: tokenizer.frame().begin.clone(), ..Turns::default() };
    turns.add(tokenizer, prompt, false)?;
    Ok(turns.ids)
}

fn with_template(tokenizer: &Tokenizer, template: &ChatTemplate, messages: &[Message]) -> Result<Turns, Diagnostic> {
    let mut turns = Turns::default();
    let named = named(messages);
    let whole = template.render(&named, false)?;
    let mut done = 0;
    for i in (0..messages.len()).filter(|&i| messages[i].role == Role::Assistant) {
        let before = template.render(&named[..i], true)?;
        let after = template.render(&named[..=i], false)?;
        // Templates that put earlier turns another way than the last leave only the last to be learned.
        let holds = whole.starts_with(&before) && whole.starts_with(&after) && done <= before.len();
        if holds && before.len() < after.len() {
            turns.add(tokenizer, &whole[done..before.len()], false)?;
            turns.add(tokenizer, &whole[before.len()..after.len()], true)?;
            done = after.len();
        }
    }
    turns.add(tokenizer, &whole[done..], false)?;
    if turns.target_ranges.is_empty() {
        return Err(Diagnostic::new(
            "text.template",
            "The model's chat template leaves no turn of the assistant to learn.",
        )
        .remedy("Use another model, or data with a prompt and a completion."));
    }
    Ok(turns)
}

/// The turns as templates take them.
fn named(messages: &[Message]) -> Vec<crate::text::Message> {
    let name = |role| match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    messages
        .iter()
        .map(|turn| crate::text::Message { role: name(turn.role).into(), content: turn.content.into() })
        .collect()
}

/// Without a template: each turn on a line of its own, after who says it.
fn plain(tokenizer: &Tokenizer, messages: &[Message]) -> Result<Turns, Diagnostic> {
    let mut turns = Turns { ids: tokenizer.frame().begin.clone(), ..Turns::default() };
    for message in messages {
        let name = match message.role {
            Role::System => "",
            Role::User => "User: ",
            Role::Assistant => "Assistant: ",
        };
        let is_learned = message.role == Role::Assistant;
        turns.add(tokenizer, name, false)?;
        turns.add(tokenizer, message.content, is_learned)?;
        if is_learned {
            turns.end(tokenizer);
        }
        turns.add(tokenizer, "\n", false)?;
    }
    Ok(turns)
}

impl Turns {
    fn add(&mut self, tokenizer: &Tokenizer, text: &str, is_learned: bool) -> Result<(), Diagnostic> {
        let start = self.ids.len() as u32;
        if !text.is_empty() {
            self.ids.extend(tokenizer.pieces(text)?.into_iter().map(|piece| piece.id));
        }
        let end = self.ids.len() as u32;
        // The first token of all is never token_log_probs.
        if is_learned && start.max(1) < end {
            self.target_ranges.push(start.max(1)..end);
        }
        Ok(())
    }

    /// The end of what was added last is learned with it.
    fn end(&mut self, tokenizer: &Tokenizer) {
        if let (Some(&end), Some(last)) = (tokenizer.eos_ids().first(), self.target_ranges.last_mut()) {
            self.ids.push(end);
            last.end += 1;
        }
    }
}
