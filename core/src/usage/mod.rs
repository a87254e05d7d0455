//! How an exported model is opened elsewhere: what transformers calls it, and code for the model card and for the page.

mod export_form;
mod head;
mod javascript;
mod kind;
mod python;

use serde::{Deserialize, Serialize};

pub use export_form::ExportForm;
pub use head::{Activation, HeadLayers};
pub use javascript::JavaScript;
pub use kind::{ModelKind, is_own_class};

/// The form in which a model that writes was given its rows, and in which it is to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptForm {
    /// A prompt and what follows it: a turn of the user where the model knows conversations, else as it is.
    #[default]
    Completion,
    /// Conversations: in the model's own form, else after who says it, `User: …`.
    Chat,
    /// Running text: as it is, whatever form the model knows.
    Corpus,
}

/// What code that opens an export has to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage<'a> {
    /// What the model is.
    pub kind: ModelKind,
    /// The base model's name on a hub.
    pub base_model: &'a str,
    /// Longest sequence that it was trained on, in tokens.
    pub max_length: usize,
    /// Generation: the form in which it is asked.
    pub form: PromptForm,
    /// Generation: most tokens that it is let write.
    pub max_new_tokens: u32,
}

/// A text as JSON has it, which YAML and Python read too: whatever is in it stays a text.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
