//! Checks for broken files on which the `tokenizers` crate (0.23) panics. Each check names the upstream issue or pull
//! request, and can go once the crate returns an error instead. With the checks, no
//! file mutated by `tests/tests/tokenizers.rs` or by the fuzz target `tokenizer` panics.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::limits::MAX_VOCAB;
use crate::text::tokenizer::charsmap;
use crate::text::tokenizer::error::TokenizerError;
use crate::text::tokenizer::patterns::check_patterns;

/// Checks a file for a model with a vocabulary of `vocab` tokens.
///
/// # Errors
/// When `tokenizers` would panic on the file, or an id is beyond the vocabulary.
pub(crate) fn check(file: &Value, vocab: usize) -> Result<(), TokenizerError> {
    let model = file
        .get("model")
        .ok_or_else(|| TokenizerError::Unreadable("tokenizer.json".into(), "it has no \"model\"".into()))?;
    let kind = kind(model);
    let entries = entries(kind, model)?;
    check_ids(&entries, file, vocab)?;
    let tokens: HashSet<&str> = entries.iter().map(|&(token, _)| token).collect();
    check_unknown(kind, model, &tokens)?;
    check_merges(model, &tokens)?;
    ["normalizer", "pre_tokenizer", "decoder"].iter().try_for_each(|part| check_patterns(&file[*part]))?;
    visit_components(file, "normalizer", "normalizers", &mut check_charsmap)?;
    visit_components(file, "pre_tokenizer", "pretokenizers", &mut check_length)?;
    check_post_processors(file)?;
    visit_components(file, "decoder", "decoders", &mut check_strip)
}

/// The type of the model. Older files omit it; a model with merges is BPE.
fn kind(model: &Value) -> &str {
    match model.get("type").and_then(Value::as_str) {
        Some(kind) => kind,
        None if model.get("merges").is_some() => "BPE",
        None => "WordPiece",
    }
}

/// The vocabulary: tokens with their ids.
fn entries<'a>(kind: &str, model: &'a Value) -> Result<Vec<(&'a str, u64)>, TokenizerError> {
    let entries: Vec<(&str, u64)> = match (kind, model.get("vocab")) {
        ("WordPiece" | "BPE" | "WordLevel", Some(Value::Object(map))) => {
            map.iter().filter_map(|(token, id)| Some((token.as_str(), id.as_u64()?))).collect()
        }
        ("Unigram", Some(Value::Array(list))) => {
            (0..).zip(list).filter_map(|(id, entry)| Some((entry.get(0)?.as_str()?, id))).collect()
        }
        ("WordPiece" | "BPE" | "Unigram" | "WordLevel", _) => {
            return Err(TokenizerError::Unreadable("tokenizer.json".into(), "its vocabulary is missing".into()));
        }
        (other, _) => return Err(TokenizerError::Kind(other.into())),
    };
    match entries.len() {
        1..=MAX_VOCAB => Ok(entries),
        other => Err(TokenizerError::Inconsistent(format!("it has {other} tokens"))),
    }
}

/// The embedding table has no row for a larger id.
fn check_ids(entries: &[(&str, u64)], file: &Value, vocab: usize) -> Result<(), TokenizerError> {
    let added = file.get("added_tokens").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let added_ids = added.iter().filter_map(|token| token.get("id")?.as_u64());
    let largest = entries.iter().map(|&(_, id)| id).chain(added_ids).max().unwrap_or(0);
    if largest >= vocab as u64 {
        return Err(TokenizerError::BeyondVocab { id: u32::try_from(largest).unwrap_or(u32::MAX), vocab });
    }
    Ok(())
}

/// WordPiece fails on an unknown word, and Unigram indexes its vocabulary with `unk_id`
/// (<https://github.com/huggingface/tokenizers/issues/531>).
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

/// Both parts of a merge and its result must be tokens; a longer result overruns a buffer
/// (<https://github.com/huggingface/tokenizers/issues/2094>). The result lacks the `continuing_subword_prefix` of the second
/// part.
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

/// Visits the component in a slot of the file, and those of a sequence, which are in its field `list`. `tokenizers`
/// recognizes some components by their fields, not by their type.
fn visit_components<'a>(
    file: &'a Value,
    slot: &str,
    list: &str,
    visit: &mut impl FnMut(&'a Value) -> Result<(), TokenizerError>,
) -> Result<(), TokenizerError> {
    let Some(component) = file.get(slot).filter(|component| !component.is_null()) else { return Ok(()) };
    let mut open = vec![component];
    while let Some(component) = open.pop() {
        visit(component)?;
        open.extend(component.get(list).and_then(Value::as_array).into_iter().flatten());
    }
    Ok(())
}

/// A broken table panics when it is parsed (<https://github.com/huggingface/tokenizers/pull/2151>) or looked up.
fn check_charsmap(normalizer: &Value) -> Result<(), TokenizerError> {
    let map = normalizer.get("precompiled_charsmap");
    if map.is_none() && normalizer.get("type").is_none_or(|kind| kind != "Precompiled") {
        return Ok(());
    }
    match map.and_then(Value::as_str).map(|map| STANDARD.decode(map)) {
        Some(Ok(map)) if charsmap::is_sound(&map) => Ok(()),
        _ => Err(TokenizerError::Inconsistent("its precompiled_charsmap is broken".into())),
    }
}

/// `FixedLength` with length 0 panics (<https://github.com/huggingface/tokenizers/pull/2151>).
fn check_length(pre_tokenizer: &Value) -> Result<(), TokenizerError> {
    if pre_tokenizer.get("length").and_then(Value::as_u64) == Some(0) {
        return Err(TokenizerError::Inconsistent("it splits texts into pieces of length 0".into()));
    }
    Ok(())
}

/// The `Strip` decoder underflows when it strips more characters than a token has
/// (<https://github.com/huggingface/tokenizers/pull/2239>).
fn check_strip(decoder: &Value) -> Result<(), TokenizerError> {
    if decoder.get("stop").and_then(Value::as_u64) > Some(0) {
        return Err(TokenizerError::Unreadable(
            "tokenizer.json".into(),
            "its decoder strips the ends of tokens, which is not supported".into(),
        ));
    }
    Ok(())
}

/// A template processes the result of the one before as if it were a pair, and panics on more than two parts. No upstream
/// issue is known.
fn check_post_processors(file: &Value) -> Result<(), TokenizerError> {
    let mut templates = 0;
    visit_components(file, "post_processor", "processors", &mut |processor| {
        if processor.get("single").is_some() {
            templates += 1;
            check_template(processor)?;
        }
        Ok(())
    })?;
    match templates {
        0 | 1 => Ok(()),
        _ => Err(TokenizerError::Inconsistent("it has more than one template for special tokens".into())),
    }
}

/// A template that uses a special token without defining it panics
/// (<https://github.com/huggingface/tokenizers/pull/2151>), as does one for a single text that uses a second.
fn check_template(template: &Value) -> Result<(), TokenizerError> {
    let defined = template.get("special_tokens").and_then(Value::as_object);
    let pieces = |kind: &str| template.get(kind).and_then(Value::as_array).into_iter().flatten();
    for piece in pieces("single").chain(pieces("pair")) {
        let Some(id) = piece.pointer("/SpecialToken/id").and_then(Value::as_str) else { continue };
        let ids = defined.and_then(|map| map.get(id)?.get("ids")?.as_array());
        if ids.is_none_or(Vec::is_empty) {
            return Err(TokenizerError::Inconsistent(format!("the template uses {id} without defining it")));
        }
    }
    if pieces("single").any(|piece| piece.pointer("/Sequence/id").is_some_and(|id| id != "A")) {
        return Err(TokenizerError::Inconsistent("the template for a single text uses a second one".into()));
    }
    Ok(())
}
