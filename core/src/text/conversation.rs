//! Prompts with completions, and conversations, as tokens with the ranges that are trained on.

use std::ops::Range;

use crate::dataset::{Message, Role};
use crate::diagnostic::Diagnostic;
use crate::text::chat::{ChatMessage, ChatTemplate, RenderedChat};
use crate::text::tokenizer::Tokenizer;
use crate::usage::PromptForm;

/// A conversation or a prompt with its completion, as tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turns {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Those that are learned.
    pub target_ranges: Vec<Range<u32>>,
    /// Text of the last prompt, for display.
    pub prompt_text: String,
    /// Text of the last target.
    pub completion: String,
}

/// Encodes a prompt and its completion: with the model's chat template if it has one that can be used, else one after the
/// other, followed by the end-of-text token.
///
/// # Errors
/// When the tokenizer or the template rejects the texts.
pub fn completion(
    tokenizer: &Tokenizer,
    template: Option<&ChatTemplate>,
    prompt: &str,
    completion: &str,
) -> Result<Turns, Diagnostic> {
    if template.is_some_and(|template| template.refusal().is_none()) {
        let messages = [
            Message { role: Role::User, content: prompt.trim() },
            Message { role: Role::Assistant, content: completion },
        ];
        return chat(tokenizer, template, &messages);
    }
    let mut turns = Turns { ids: tokenizer.special_tokens().begin.clone(), ..Turns::default() };
    turns.add(tokenizer, prompt, false)?;
    turns.add(tokenizer, completion, true)?;
    turns.end(tokenizer);
    (turns.prompt_text, turns.completion) = (prompt.trim().into(), completion.into());
    Ok(turns)
}

/// Encodes a conversation, of which the assistant's messages are trained on.
///
/// # Errors
/// When the tokenizer or the template rejects the texts.
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

/// Encodes a user's prompt in the form of the training rows, for the model to continue.
///
/// # Errors
/// When the tokenizer or the template rejects it.
pub fn encode_prompt(
    tokenizer: &Tokenizer,
    template: Option<&ChatTemplate>,
    form: PromptForm,
    prompt: &str,
) -> Result<Vec<u32>, Diagnostic> {
    match (form, template) {
        (PromptForm::Corpus, _) | (PromptForm::Completion, None) => plain_prompt(tokenizer, prompt),
        (PromptForm::Completion, Some(template)) if template.refusal().is_some() => plain_prompt(tokenizer, prompt),
        (PromptForm::Completion | PromptForm::Chat, _) => {
            generation_prompt(tokenizer, template, &[Message { role: Role::User, content: prompt.trim() }])
        }
    }
}

/// A conversation up to the beginning of the assistant's next message.
///
/// # Errors
/// When the tokenizer or the template rejects the texts.
pub fn generation_prompt(
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

/// A text without a template, after the tokens that begin a text.
fn plain_prompt(tokenizer: &Tokenizer, prompt: &str) -> Result<Vec<u32>, Diagnostic> {
    let mut turns = Turns { ids: tokenizer.special_tokens().begin.clone(), ..Turns::default() };
    turns.add(tokenizer, prompt, false)?;
    Ok(turns.ids)
}

/// Encodes a conversation in the model's format.
fn with_template(tokenizer: &Tokenizer, template: &ChatTemplate, messages: &[Message]) -> Result<Turns, Diagnostic> {
    let named = named(messages);
    let chat = template.render_marked(&named)?;
    let mut ranges = marked_ranges(&chat, messages);
    if ranges.is_empty() {
        ranges = turn_ranges(template, &chat.text, messages, &named);
    }
    let (mut turns, mut done) = (Turns::default(), 0);
    for range in ranges {
        turns.add(tokenizer, &chat.text[done..range.start], false)?;
        turns.add(tokenizer, &chat.text[range.clone()], true)?;
        done = range.end;
    }
    turns.add(tokenizer, &chat.text[done..], false)?;
    if turns.target_ranges.is_empty() {
        return Err(Diagnostic::new(
            "text.template",
            "With the model's chat template, no message of the assistant can be trained on.",
        )
        .remedy("Use another model, or data with prompts and completions."));
    }
    Ok(turns)
}

/// The bytes that the template marks as generated, without the turns that are context only. Nothing if it is not certain
/// which turns those are.
fn marked_ranges(chat: &RenderedChat, messages: &[Message]) -> Vec<Range<usize>> {
    let roles = messages.iter().map(|message| message.role);
    let answers: Vec<Role> = roles.filter(|role| matches!(role, Role::Assistant | Role::AssistantContext)).collect();
    if chat.generated.len() == answers.len() {
        let ranges = chat.generated.iter().zip(answers);
        ranges.filter(|(_, role)| *role == Role::Assistant).map(|(range, _)| range.clone()).collect()
    } else if answers.contains(&Role::AssistantContext) {
        Vec::new()
    } else {
        chat.generated.clone()
    }
}

/// The bytes of `whole` that are messages of the assistant, each from the end of its generation prompt.
fn turn_ranges(template: &ChatTemplate, whole: &str, messages: &[Message], named: &[ChatMessage]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for i in (0..messages.len()).filter(|&i| messages[i].role == Role::Assistant) {
        // A template may reject the beginning of a conversation that it accepts.
        let rendered = (template.render(&named[..i], true), template.render(&named[..=i], false));
        let (Ok(before), Ok(after)) = rendered else { continue };
        let start = common_prefix(whole, &before);
        // A generation prompt may begin what is not in the conversation, such as a thought.
        let begins = start == before.len()
            || template.render(&named[..i], false).is_ok_and(|context| {
                whole.starts_with(&context) && before.starts_with(&context) && context.len() < start
            });
        // Some templates render earlier messages differently from the last: then only the last is trained on.
        let done = ranges.last().map_or(0, |range| range.end);
        if begins && whole.starts_with(&after) && done <= start && start < after.len() {
            ranges.push(start..after.len());
        }
    }
    ranges
}

/// Length in bytes of the text that both begin with.
fn common_prefix(first: &str, second: &str) -> usize {
    let same = first.chars().zip(second.chars()).take_while(|(first, second)| first == second);
    same.map(|(c, _)| c.len_utf8()).sum()
}

/// The messages as templates take them.
fn named(messages: &[Message]) -> Vec<ChatMessage> {
    let name = |role| match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant | Role::AssistantContext => "assistant",
    };
    messages
        .iter()
        .map(|message| ChatMessage { role: name(message.role).into(), content: message.content.into() })
        .collect()
}

/// Without a template: each message on its own line, after the name of its role.
fn plain(tokenizer: &Tokenizer, messages: &[Message]) -> Result<Turns, Diagnostic> {
    let mut turns = Turns { ids: tokenizer.special_tokens().begin.clone(), ..Turns::default() };
    for message in messages {
        let name = match message.role {
            Role::System => "",
            Role::User => "User: ",
            Role::Assistant | Role::AssistantContext => "Assistant: ",
        };
        let is_learned = message.role == Role::Assistant;
        turns.add(tokenizer, name, false)?;
        turns.add(tokenizer, message.content, is_learned)?;
        if is_learned {
            turns.end(tokenizer);
        } else if message.role == Role::AssistantContext {
            turns.ids.extend(tokenizer.eos_ids().first());
        }
        turns.add(tokenizer, "\n", false)?;
    }
    Ok(turns)
}

impl Turns {
    fn add(&mut self, tokenizer: &Tokenizer, text: &str, is_learned: bool) -> Result<(), Diagnostic> {
        let start = self.ids.len() as u32;
        if !text.is_empty() {
            self.ids.extend(tokenizer.tokenize(text)?.into_iter().map(|piece| piece.id));
        }
        let end = self.ids.len() as u32;
        // The first token of a row has no prediction.
        if is_learned && start.max(1) < end {
            self.target_ranges.push(start.max(1)..end);
        }
        Ok(())
    }

    /// Appends the end-of-text token to the last target.
    fn end(&mut self, tokenizer: &Tokenizer) {
        if let (Some(&end), Some(last)) = (tokenizer.eos_ids().first(), self.target_ranges.last_mut()) {
            self.ids.push(end);
            last.end += 1;
        }
    }
}
