//! Code that opens an exported model elsewhere, for the model card and for the page, and transformers' names for it.

mod export_form;
mod head;
mod javascript;
mod kind;
mod python;
mod shell;

use serde::{Deserialize, Serialize};

pub use export_form::{ExportDtype, ExportForm};
pub use head::{Activation, DenseLayer, HeadLayers};
pub use kind::{ModelKind, is_own_class};
pub use shell::{GGUF_ADAPTER_FILE, GGUF_FILE};

/// Form of the rows that a decoder was trained on, and of the prompts that it expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptForm {
    /// A prompt and its completion: a user's turn if the model has a chat template, otherwise plain text.
    #[default]
    Completion,
    /// Conversations: in the model's own format, otherwise with the speaker before each turn, `User: …`.
    Chat,
    /// Running text, unchanged even if the model has a chat template.
    Corpus,
}

/// The facts about an export that the code depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage<'a> {
    /// Kind of the model.
    pub kind: ModelKind,
    /// Form of the folder with the whole model.
    pub folder: ExportForm,
    /// Element type of its weights.
    pub dtype: ExportDtype,
    /// The base model's name on a hub.
    pub base_model: &'a str,
    /// Longest sequence in training, in tokens.
    pub max_length: usize,
    /// Generation: form of the prompts.
    pub form: PromptForm,
    /// Generation: maximum number of tokens to generate.
    pub max_new_tokens: u32,
}

/// Quotes a text as JSON, which YAML and Python read too; all special characters are escaped.
pub fn quoted(text: &str) -> String {
    // A string always can be written.
    serde_json::to_string(text).unwrap_or_default()
}
