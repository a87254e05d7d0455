//! A prompt, encoded for a model.

use crate::diagnostic::Diagnostic;
use crate::generate::bytes_per_token;
use crate::inference::context::InferenceContext;
use crate::inference::encoded_queries::other_task;
use crate::pretrained::Pretrained;
use crate::recipe::Task;
use crate::text::conversation;

/// A prompt to be continued.
#[derive(Debug)]
pub struct EncodedPrompt {
    /// Token ids, in the form of the run's rows.
    pub ids: Vec<u32>,
    /// True if its beginning was cut off.
    pub is_cut: bool,
}

impl EncodedPrompt {
    /// Encodes a prompt. If it is longer than the model's context, its beginning is cut off. `free_bytes` is the memory
    /// available to the models that continue it, which are two.
    ///
    /// # Errors
    /// `inference.other-task` if the task is not generation, `inference.prompt-too-long` if the memory does not
    /// suffice, or an error of the tokenizer or the chat template.
    pub fn new(
        text: &str,
        new_tokens: usize,
        context: &InferenceContext,
        pretrained: &Pretrained,
        free_bytes: f64,
    ) -> Result<Self, Diagnostic> {
        if context.recipe.task() != Task::Generation {
            return Err(other_task());
        }
        let (tokenizer, form) = (&pretrained.tokenizer, context.form);
        let mut ids = conversation::encode_prompt(tokenizer, pretrained.chat.as_ref(), form, text)?;
        let max_prompt = pretrained.config.max_positions().saturating_sub(new_tokens).max(1);
        let is_cut = ids.len() > max_prompt;
        ids.drain(..ids.len().saturating_sub(max_prompt));
        let fitting = (free_bytes / bytes_per_token(&pretrained.base, 2)).max(0.0) as usize;
        if ids.len() + new_tokens > fitting {
            let fitting = fitting.saturating_sub(new_tokens);
            let what = format!("The prompt has {} tokens, but memory suffices for only about {fitting}.", ids.len());
            return Err(Diagnostic::new("inference.prompt-too-long", what)
                .done("Nothing was generated. The tuned model is still loaded.")
                .remedy("Shorten the prompt, or generate fewer tokens."));
        }
        Ok(Self { ids, is_cut })
    }
}
