//! How an exported model is opened elsewhere: what transformers calls it, and code for the model card and for the page.

mod javascript;
mod kind;
mod python;

pub use javascript::JavaScript;
pub use kind::{ModelKind, is_own_class};

/// What code that opens an export has to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage<'a> {
    /// What the model is.
    pub kind: ModelKind,
    /// The base model's name on a hub.
    pub base_model: &'a str,
    /// Longest sequence that it was trained on, in tokens.
    pub max_len: usize,
    /// Generation: most tokens that it is let write.
    pub max_new_tokens: u32,
}

/// A text as JSON has it, which YAML and Python read too: whatever is in it stays a text.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
