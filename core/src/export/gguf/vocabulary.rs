//! The tokenizer of a GGUF file, from tokenizer.json and config.json.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::export::gguf::metadata::Metadata;
use crate::export::gguf::refused;

/// Token types (`llama_token_type`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenType {
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// The JSON files that describe a tokenizer.
pub(super) struct TokenizerFiles<'a> {
    /// tokenizer.json.
    pub(super) tokenizer: &'a Value,
    /// tokenizer_config.json; null if there is none.
    pub(super) tokenizer_config: &'a Value,
    /// config.json.
    pub(super) config: &'a Value,
    /// The chat template, if there is one.
    pub(super) chat_template: Option<&'a str>,
}

/// Adds the tokenizer. `rows` is the size of the model's vocabulary, which may be larger than the tokenizer's.
///
/// # Errors
/// `export.gguf` if llama.cpp has no such tokenizer.
pub(super) fn describe(metadata: &mut Metadata, files: &TokenizerFiles, rows: usize) -> Result<(), Diagnostic> {
    let TokenizerFiles { tokenizer, .. } = files;
    let model = &tokenizer["model"];
    let (Some("BPE"), Some(vocab), Some(merges)) =
        (model["type"].as_str(), model["vocab"].as_object(), model["merges"].as_array())
    else {
        return Err(refused("its tokenizer is not BPE, which GGUF files for decoders use"));
    };
    let added = tokenizer["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_sentence_piece = model["byte_fallback"].as_bool().unwrap_or(false);
    let (tokens, types) = tokens(vocab, added, model["unk_token"].as_str(), is_sentence_piece, rows)?;
    let merges: Vec<String> = merges
        .iter()
        .map(merge)
        .collect::<Option<_>>()
        .ok_or_else(|| refused("a merge of its tokenizer is malformed"))?;
    if is_sentence_piece {
        metadata.text("tokenizer.ggml.model", "llama");
        metadata.text("tokenizer.ggml.pre", "default");
        metadata.floats("tokenizer.ggml.scores", &scores(&tokens, &merges));
        metadata.bool("tokenizer.ggml.add_space_prefix", adds_space(tokenizer));
    } else {
        metadata.text("tokenizer.ggml.model", "gpt2");
        metadata.text("tokenizer.ggml.pre", pre_tokenizer(tokenizer)?);
        metadata.texts("tokenizer.ggml.merges", &merges);
    }
    metadata.texts("tokenizer.ggml.tokens", &tokens);
    metadata.ints("tokenizer.ggml.token_type", &types.iter().map(|&kind| kind as i32).collect::<Vec<_>>());
    special_tokens(metadata, files, &tokens);
    if let Some(template) = files.chat_template {
        metadata.text("tokenizer.chat_template", template);
    }
    Ok(())
}

/// Text and type of each id.
///
/// # Errors
/// As [`check_distinct`].
pub(super) fn tokens(
    vocab: &Map<String, Value>,
    added: &[Value],
    unknown: Option<&str>,
    is_sentence_piece: bool,
    rows: usize,
) -> Result<(Vec<String>, Vec<TokenType>), Diagnostic> {
    let mut tokens: Vec<(String, TokenType)> = (0..rows).map(|id| (format!("[PAD{id}]"), TokenType::Unused)).collect();
    let mut put = |id: Option<u64>, token: &str, kind| {
        if let Some(place) = id.and_then(|id| tokens.get_mut(id as usize)) {
            *place = (token.to_owned(), kind);
        }
    };
    for (token, id) in vocab {
        let is_byte = is_sentence_piece && token.len() == 6 && token.starts_with("<0x") && token.ends_with('>');
        let kind = if is_byte {
            TokenType::Byte
        } else if unknown == Some(token) {
            TokenType::Unknown
        } else {
            TokenType::Normal
        };
        put(id.as_u64(), token, kind);
    }
    for token in added {
        let content = token["content"].as_str().unwrap_or_default();
        let kind = match token["special"].as_bool() {
            Some(true) if is_sentence_piece && unknown == Some(content) => TokenType::Unknown,
            Some(true) => TokenType::Control,
            _ => TokenType::UserDefined,
        };
        put(token["id"].as_u64(), content, kind);
    }
    let (tokens, types): (Vec<String>, Vec<TokenType>) = tokens.into_iter().unzip();
    check_distinct(&tokens)?;
    Ok((tokens, types))
}

/// llama.cpp ends the program if a text is listed twice.
///
/// # Errors
/// `export.gguf` if one is.
pub(super) fn check_distinct(tokens: &[String]) -> Result<(), Diagnostic> {
    let mut seen = HashSet::new();
    match tokens.iter().find(|token| !seen.insert(token.as_str())) {
        Some(twice) => Err(refused(&format!("its tokenizer has the token {twice:?} twice"))),
        None => Ok(()),
    }
}

/// The id of the special token with this name in tokenizer_config.json, such as `bos`.
pub(super) fn named(tokenizer_config: &Value, tokens: &[String], name: &str) -> Option<usize> {
    let token = &tokenizer_config[format!("{name}_token")];
    // Older files have an object in place of the token's text.
    let text = token.as_str().or_else(|| token["content"].as_str())?;
    tokens.iter().position(|token| token == text)
}

/// A merge in the form `left right`.
fn merge(merge: &Value) -> Option<String> {
    match merge {
        Value::String(merge) => Some(merge.clone()),
        Value::Array(pair) => Some(format!("{} {}", pair.first()?.as_str()?, pair.get(1)?.as_str()?)),
        _ => None,
    }
}

/// SentencePiece: the score of each token, minus the rank of the first merge that makes it. tokenizer.json has no scores, and
/// llama.cpp merges the highest ones first.
fn scores(tokens: &[String], merges: &[String]) -> Vec<f32> {
    let mut ranks: HashMap<String, usize> = HashMap::new();
    for (rank, merge) in merges.iter().enumerate() {
        ranks.entry(merge.replacen(' ', "", 1)).or_insert(rank);
    }
    tokens.iter().map(|token| ranks.get(token).map_or(0.0, |&rank| -(rank as f32))).collect()
}

/// SentencePiece: true if a space is added before a text.
fn adds_space(tokenizer: &Value) -> bool {
    let (normalizer, pre_tokenizer) = (tokenizer["normalizer"].to_string(), &tokenizer["pre_tokenizer"]);
    let is_metaspace = pre_tokenizer["type"] == "Metaspace";
    normalizer.contains("\"Prepend\"") || (is_metaspace && pre_tokenizer["prepend_scheme"] != "never")
}

/// llama.cpp's name for the rules by which byte-level BPE splits words.
fn pre_tokenizer(tokenizer: &Value) -> Result<&'static str, Diagnostic> {
    let own = &tokenizer["pre_tokenizer"];
    let parts = own["pretokenizers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_byte_level = |part: &Value, splits: bool| {
        part["type"] == "ByteLevel" && part["use_regex"].as_bool().unwrap_or(true) == splits
    };
    let is_plain = tokenizer["normalizer"].is_null();
    match parts {
        [] if is_byte_level(own, true) && is_plain => Ok("gpt-2"),
        [digits, bytes]
            if digits["type"] == "Digits"
                && digits["individual_digits"] == true
                && is_byte_level(bytes, true)
                && is_plain =>
        {
            Ok("smollm")
        }
        [split, bytes] if split["type"] == "Split" && is_byte_level(bytes, false) => {
            let pattern = split["pattern"]["Regex"].as_str().unwrap_or_default();
            match pattern {
                _ if pattern.contains(r"|\p{N}{1,3}|") && is_plain => Ok("llama-bpe"),
                _ if pattern.contains(r"|\p{N}|") => Ok("qwen2"),
                _ => Err(unknown_rules()),
            }
        }
        _ => Err(unknown_rules()),
    }
}

fn unknown_rules() -> Diagnostic {
    refused("Hone does not know llama.cpp's name for the rules by which its tokenizer splits words")
}

/// Ids of the special tokens, and those that are added to each text. Without ids, llama.cpp would take 11.
fn special_tokens(metadata: &mut Metadata, files: &TokenizerFiles, tokens: &[String]) {
    let TokenizerFiles { tokenizer, tokenizer_config, config, .. } = files;
    let named = |name: &str| named(tokenizer_config, tokens, name);
    let in_config = |name: &str| {
        let id = &config[format!("{name}_token_id")];
        id.as_u64().or_else(|| id[0].as_u64()).map(|id| id as usize).filter(|&id| id < tokens.len())
    };
    let [bos, eos, unknown, padding] = ["bos", "eos", "unk", "pad"].map(|name| in_config(name).or_else(|| named(name)));
    for (key, id) in [("bos", bos.or(eos)), ("eos", eos.or(bos)), ("unknown", unknown), ("padding", padding)] {
        if let Some(id) = id {
            metadata.uint(&format!("tokenizer.ggml.{key}_token_id"), id);
        }
    }
    let adds = |id: Option<usize>, place: &dyn Fn(&[Value]) -> Option<&Value>| {
        let template = template(&tokenizer["post_processor"]);
        let token = template.and_then(place).and_then(|part| part["SpecialToken"]["id"].as_str());
        token.is_some_and(|token| id.and_then(|id| tokens.get(id)).is_some_and(|known| known == token))
    };
    metadata.bool("tokenizer.ggml.add_bos_token", adds(bos, &|parts| parts.first()));
    metadata.bool("tokenizer.ggml.add_eos_token", adds(eos, &|parts| parts.last()));
}

/// The parts around a single text, of a post-processor or the one in a sequence that adds them.
fn template(processor: &Value) -> Option<&[Value]> {
    match processor["type"].as_str()? {
        "TemplateProcessing" => processor["single"].as_array().map(Vec::as_slice),
        "Sequence" => processor["processors"].as_array()?.iter().find_map(template),
        _ => None,
    }
}
