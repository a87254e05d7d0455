//! What the library takes on trust in a tokenizer.json: it panics where that is broken.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::limits::MAX_VOCAB;
use crate::text::tokenizer::charsmap;
use crate::text::tokenizer::error::TokenizerError;
use crate::text::tokenizer::patterns::check_patterns;

/// Refuses a file that the library would panic on, for a model that knows `vocab` tokens.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn check(file: &Value, vocab: usize) -> Result<(), TokenizerError> {
    let model = file.get("model").ok_or_else(|| TokenizerError::Unreadable("it has no \"model\"".into()))?;
    let kind = kind(model);
    let entries = entries(kind, model)?;
    check_ids(&entries, file, vocab)?;
    let tokens: HashSet<&str> = entries.iter().map(|&(token, _)| token).collect();
    check_unknown(kind, model, &tokens)?;
    check_merges(model, &tokens)?;
    ["normalizer", "pre_tokenizer", "decoder"].iter().try_for_each(|part| check_patterns(&file[*part]))?;
    each(file, "normalizer", "normalizers", &mut check_charsmap)?;
    each(file, "pre_tokenizer", "pretokenizers", &mut check_length)?;
    check_post_processors(file)?;
    each(file, "decoder", "decoders", &mut check_strip)
}

/// Older files leave the type out; what has merges is BPE.
fn kind(model: &Value) -> &str {
    match model.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if model.get("merges").is_some() => "BPE",
        None => "WordPiece",
    }
}

/// The vocabulary: tokens and their ids.
fn entries<'a>(kind: &str, model: &'a Value) -> Result<Vec<(&'a str, u64)>, TokenizerError> {
    let entries: Vec<(&str, u64)> = match (kind, model.get("vocab")) {
        ("WordPiece" | "BPE", Some(Value::Object(map))) => {
            map.iter().filter_map(|(token, id)| Some((token.as_str(), id.as_u64()?))).collect()
        }
        ("Unigram", Some(Value::Array(list))) => {
            (0..).zip(list).filter_map(|(id, entry)| Some((entry.get(0)?.as_str()?, id))).collect()
        }
        ("WordPiece" | "BPE" | "Unigram", _) => {
            return Err(TokenizerError::Unreadable("its vocabulary is missing".into()));
        }
        (other, _) => return Err(TokenizerError::Kind(other.into())),
    };
    match entries.len() {
        1..=MAX_VOCAB => Ok(entries),
        other => Err(TokenizerError::Inconsistent(format!("it has {other} tokens"))),
    }
}

fn check_ids(entries: &[(&str, u64)], file: &Value, vocab: usize) -> Result<(), TokenizerError> {
    let added = file.get("added_tokens").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let added_ids = added.iter().filter_map(|token| token.get("id")?.as_u64());
    let largest = entries.iter().map(|&(_, id)| id).chain(added_ids).max().unwrap_or(0);
    if largest >= vocab as u64 {
        return Err(TokenizerError::BeyondVocab { id: u32::try_from(largest).unwrap_or(u32::MAX), vocab });
    }
    Ok(())
}

fn check_unknown(kind: &str, model: &Value, tokens: &HashSet<&str>) -> Result<(), TokenizerError> {
    if kind == "WordPiece" {
        let unknown = model.get("unk_token").and_then(Value::as_str).unwrap_or("[UNK]");
        if !tokens.contains(unknown) {
            return Err(TokenizerError::Inconsistent(format!("\"{unknown}\" is not in the vocabulary")));
        }
    }
    if kind == "Unigram" {
        let unknown = model.get("unk_id").and_then(Value::as_u64);
        if unknown.is_some_and(|id| id >= tokens.len() as u64) {
            return Err(TokenizerError::Inconsistent("unk_id is not in the vocabulary".into()));
        }
    }
    Ok(())
}

/// Both parts of a merge and what it gives must be tokens. A second part begins with the prefix of what goes on in a
/// word, where there is one, which is left out of what the merge gives.
fn check_merges(model: &Value, tokens: &HashSet<&str>) -> Result<(), TokenizerError> {
    let prefix = model.get("continuing_subword_prefix").and_then(Value::as_str).unwrap_or_default();
    let is_known = |first: &str, second: &str| {
        let both = tokens.contains(first) && tokens.contains(second);
        both && second.strip_prefix(prefix).is_some_and(|rest| tokens.contains(format!("{first}{rest}").as_str()))
    };
    for merge in model.get("merges").and_then(Value::as_array).into_iter().flatten() {
        let pair: Vec<&str> = match merge {
            Value::String(pair) => pair.split(' ').collect(),
            Value::Array(pair) => pair.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !matches!(pair[..], [first, second] if is_known(first, second)) {
            return Err(TokenizerError::Inconsistent(format!("the merge {merge} is not in the vocabulary")));
        }
    }
    Ok(())
}

/// Visits the parts of a slot: one, and those of a sequence, which has them under `list`. What a part is, the library
/// tells by its fields, not always by its type.
fn each<'a>(
    file: &'a Value,
    slot: &str,
    list: &str,
    visit: &mut impl FnMut(&'a Value) -> Result<(), TokenizerError>,
) -> Result<(), TokenizerError> {
    let Some(part) = file.get(slot).filter(|part| !part.is_null()) else { return Ok(()) };
    let mut left = vec![part];
    while let Some(part) = left.pop() {
        visit(part)?;
        left.extend(part.get(list).and_then(Value::as_array).into_iter().flatten());
    }
    Ok(())
}

fn check_charsmap(normalizer: &Value) -> Result<(), TokenizerError> {
    let map = normalizer.get("precompiled_charsmap");
    if map.is_none() && normalizer.get("type").is_none_or(|kind| kind != "Precompiled") {
        return Ok(());
    }
    match map.and_then(Value::as_str).map(|map| STANDARD.decode(map)) {
        Some(Ok(map)) if charsmap::is_sound(&map) => Ok(()),
        _ => Err(TokenizerError::Inconsistent("its table of characters (precompiled_charsmap) is broken".into())),
    }
}

fn check_length(pre_tokenizer: &Value) -> Result<(), TokenizerError> {
    match pre_tokenizer.get("length").and_then(Value::as_u64) == Some(0) {
        true => Err(TokenizerError::Inconsistent("it cuts texts into pieces of no length".into())),
        false => Ok(()),
    }
}

/// The library counts below zero when it takes something off the end of a token that has nothing left.
fn check_strip(decoder: &Value) -> Result<(), TokenizerError> {
    match decoder.get("stop").and_then(Value::as_u64) > Some(0) {
        true => Err(TokenizerError::Unreadable("it strips the ends of tokens, which cannot be done here".into())),
        false => Ok(()),
    }
}

fn check_post_processors(file: &Value) -> Result<(), TokenizerError> {
    let mut templates = 0;
    each(file, "post_processor", "processors", &mut |processor| {
        if processor.get("single").is_some() {
            templates += 1;
            check_template(processor)?;
        }
        Ok(())
    })?;
    match templates {
        0 | 1 => Ok(()),
        // A second one would find more parts than the two that it knows.
        _ => Err(TokenizerError::Inconsistent("it has two templates for what stands around a text".into())),
    }
}

/// Special tokens that a template puts around a text must be described in it, and one text has no second.
fn check_template(template: &Value) -> Result<(), TokenizerError> {
    let described = template.get("special_tokens").and_then(Value::as_object);
    let pieces = |kind: &str| template.get(kind).and_then(Value::as_array).into_iter().flatten();
    for piece in pieces("single").chain(pieces("pair")) {
        let Some(id) = piece.pointer("/SpecialToken/id").and_then(Value::as_str) else { continue };
        let ids = described.and_then(|map| map.get(id)?.get("ids")?.as_array());
        if ids.is_none_or(Vec::is_empty) {
            return Err(TokenizerError::Inconsistent(format!("the template uses {id} and does not describe it")));
        }
    }
    if pieces("single").any(|piece| piece.pointer("/Sequence/id").is_some_and(|id| id != "A")) {
        return Err(TokenizerError::Inconsistent("the template of one text asks for a second".into()));
    }
    Ok(())
}
