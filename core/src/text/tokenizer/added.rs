//! Tokens that were added to a tokenizer after its training, and are in files next to tokenizer.json.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::text::tokenizer::error::TokenizerError;
use crate::text::tokenizer::other_files::{OtherFiles, added};

/// Adds the tokens of tokenizer_config.json and added_tokens.json that tokenizer.json lacks. Returns true if there are any.
pub(super) fn add_tokens(file: &mut Value, other: &OtherFiles) -> Result<bool, TokenizerError> {
    let mut tokens: BTreeMap<u64, (String, Map<String, Value>)> = BTreeMap::new();
    if let Some(ids) = OtherFiles::json(other.files, "added_tokens.json")?.as_object() {
        tokens.extend(ids.iter().filter_map(|(content, id)| Some((id.as_u64()?, (content.clone(), Map::new())))));
    }
    for (id, token) in other.config["added_tokens_decoder"].as_object().into_iter().flatten() {
        if let (Ok(id), Some(content)) = (id.parse(), token["content"].as_str()) {
            tokens.insert(id, (content.to_owned(), token.as_object().cloned().unwrap_or_default()));
        }
    }
    let mut is_changed = false;
    for (id, (content, like)) in tokens {
        let list = file["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
        if list.iter().any(|token| token["content"] == *content) {
            continue;
        }
        let last = list.iter().filter_map(|token| token["id"].as_u64()).max();
        let size = file["model"]["vocab"]
            .as_object()
            .map_or_else(|| file["model"]["vocab"].as_array().map_or(0, Vec::len), Map::len);
        // The crate numbers tokens by itself, as these ids must be.
        let expected = match known_id(file, &content) {
            Some(known) => known,
            None => last.map_or(0, |last| last + 1).max(size as u64),
        };
        if id != expected {
            continue;
        }
        let token = added(id, &content, false, &like);
        match file["added_tokens"].as_array_mut() {
            Some(list) => list.push(token),
            None => file["added_tokens"] = Value::Array(vec![token]),
        }
        is_changed = true;
    }
    Ok(is_changed)
}

/// Id of a token in the vocabulary of the model.
pub(super) fn known_id(file: &Value, token: &str) -> Option<u64> {
    match &file["model"]["vocab"] {
        Value::Object(vocab) => vocab.get(token)?.as_u64(),
        Value::Array(list) => {
            list.iter().position(|entry| entry.get(0).is_some_and(|other| other == token)).map(|id| id as u64)
        }
        _ => None,
    }
}
