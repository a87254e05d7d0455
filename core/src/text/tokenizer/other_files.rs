//! The files next to tokenizer.json, and its entries for tokens that they add.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::json_file;
use crate::recipe::Family;
use crate::text::tokenizer::error::TokenizerError;

/// The other files, parsed.
pub(super) struct OtherFiles<'a> {
    /// Name and contents of each file.
    pub(super) files: &'a [(String, Vec<u8>)],
    /// tokenizer_config.json, or null.
    pub(super) config: Value,
    /// Family of the model.
    pub(super) family: Family,
}

impl OtherFiles<'_> {
    /// The contents of a file; `None` if there is no such file.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, bytes) = self.files.iter().find(|(other, _)| other == name)?;
        Some(String::from_utf8_lossy(bytes))
    }

    /// A JSON file; null if there is no such file.
    pub(super) fn json(files: &[(String, Vec<u8>)], name: &str) -> Result<Value, TokenizerError> {
        let Some((_, bytes)) = files.iter().find(|(other, _)| other == name) else { return Ok(Value::Null) };
        json_file::parse(bytes).map_err(|reason| TokenizerError::Unreadable(name.into(), reason))
    }

    /// Returns true if transformers uses one of these classes: the one that tokenizer_config.json names, or else that of
    /// the family.
    pub(super) fn is_class(&self, classes: &[&str], families: &[Family]) -> bool {
        match self.config["tokenizer_class"].as_str() {
            Some(class) => classes.contains(&class.trim_end_matches("Fast").trim_end_matches("Tokenizer")),
            None => families.contains(&self.family),
        }
    }

    /// Returns true if it is the WordPiece of BERT.
    pub(super) fn is_word_piece(&self) -> bool {
        self.is_class(&["Bert", "DistilBert", "Electra"], &[Family::Bert, Family::DistilBert, Family::Electra])
    }

    /// A special token of tokenizer_config.json.
    pub(super) fn special(&self, field: &str, default: &str) -> String {
        let token = &self.config[field];
        token.get("content").unwrap_or(token).as_str().unwrap_or(default).to_owned()
    }
}

/// An entry of `added_tokens`.
pub(super) fn added(id: u64, content: &str, is_special: bool, like: &Map<String, Value>) -> Value {
    let flag = |field: &str, default: bool| like.get(field).and_then(Value::as_bool).unwrap_or(default);
    json!({
        "id": id,
        "content": content,
        "single_word": flag("single_word", false),
        "lstrip": flag("lstrip", false),
        "rstrip": flag("rstrip", false),
        "normalized": flag("normalized", !is_special),
        "special": flag("special", is_special),
    })
}
