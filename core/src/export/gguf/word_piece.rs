//! The WordPiece vocabulary of a GGUF file, for the embeddings of a BERT.

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::export::gguf::metadata::Metadata;
use crate::export::gguf::refused;
use crate::export::gguf::vocabulary::{TokenType, TokenizerFiles, check_distinct, named, tokens};

/// Character that llama.cpp writes in front of a token that begins a word; one that continues a word has none.
const WORD_BEGIN: char = '\u{2581}';

/// Adds the tokenizer. `rows` is the size of the model's vocabulary, which may be larger than the tokenizer's.
///
/// # Errors
/// `export.gguf` if llama.cpp has no such tokenizer.
pub(super) fn describe(metadata: &mut Metadata, files: &TokenizerFiles, rows: usize) -> Result<(), Diagnostic> {
    let TokenizerFiles { tokenizer, tokenizer_config, .. } = files;
    let model = &tokenizer["model"];
    let (Some("WordPiece"), Some("##"), Some(vocab)) =
        (model["type"].as_str(), model["continuing_subword_prefix"].as_str(), model["vocab"].as_object())
    else {
        return Err(refused("its tokenizer is not WordPiece, the only one that Hone writes for embeddings"));
    };
    if !is_uncased(tokenizer) {
        return Err(refused("llama.cpp lowercases every text and drops accents, and its tokenizer does not"));
    }
    let added = tokenizer["added_tokens"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (plain, types) = tokens(vocab, added, None, false, rows)?;
    let id = |name: &str, usual: &str| {
        named(tokenizer_config, &plain, name).or_else(|| plain.iter().position(|token| token == usual))
    };
    let (Some(cls), Some(sep)) = (id("cls", "[CLS]"), id("sep", "[SEP]")) else {
        return Err(refused("its tokenizer has no [CLS] or [SEP]"));
    };
    metadata.text("tokenizer.ggml.model", "bert");
    metadata.text("tokenizer.ggml.pre", "default");
    let written: Vec<String> = plain.iter().zip(&types).map(|(token, kind)| stored(token, *kind)).collect();
    check_distinct(&written)?;
    metadata.texts("tokenizer.ggml.tokens", &written);
    metadata.ints("tokenizer.ggml.token_type", &types.iter().map(|&kind| kind as i32).collect::<Vec<_>>());
    // Newer versions call [CLS] the beginning of a text, and older ones by its name. The key of [SEP] is spelled like this.
    let special = [
        ("bos", Some(cls)),
        ("cls", Some(cls)),
        ("seperator", Some(sep)),
        ("unknown", id("unk", "[UNK]")),
        ("padding", id("pad", "[PAD]")),
        ("mask", id("mask", "[MASK]")),
    ];
    for (key, id) in special {
        if let Some(id) = id {
            metadata.uint(&format!("tokenizer.ggml.{key}_token_id"), id);
        }
    }
    Ok(())
}

/// A token as llama.cpp's converter writes it.
fn stored(token: &str, kind: TokenType) -> String {
    match token.strip_prefix("##") {
        _ if kind == TokenType::Control => token.to_owned(),
        Some(rest) => rest.to_owned(),
        None => format!("{WORD_BEGIN}{token}"),
    }
}

/// Returns true for the rules of an uncased BERT, the only ones that every version of llama.cpp has.
fn is_uncased(tokenizer: &Value) -> bool {
    let normalizer = &tokenizer["normalizer"];
    normalizer["type"] == "BertNormalizer"
        && normalizer["lowercase"] == true
        && normalizer["strip_accents"].as_bool() != Some(false)
        && tokenizer["pre_tokenizer"]["type"] == "BertPreTokenizer"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(change: impl FnOnce(&mut Value)) -> Result<Metadata, Diagnostic> {
        let mut tokenizer = json!({
            "model": {
                "type": "WordPiece",
                "continuing_subword_prefix": "##",
                "vocab": {"[CLS]": 0, "[SEP]": 1, "red": 2, "##red": 3},
            },
            "added_tokens": [{"id": 0, "content": "[CLS]", "special": true}, {"id": 1, "content": "[SEP]", "special": true}],
            "normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
        });
        change(&mut tokenizer);
        let mut metadata = Metadata::default();
        let (tokenizer_config, config) = (&Value::Null, &Value::Null);
        let files = TokenizerFiles { tokenizer: &tokenizer, tokenizer_config, config, chat_template: None };
        describe(&mut metadata, &files, 5).map(|()| metadata)
    }

    #[test]
    fn tokens_begin_words_or_continue_them() {
        let metadata = described(|_| {}).unwrap();
        let bytes = metadata.bytes();
        for token in ["[CLS]", "\u{2581}red", "red", "\u{2581}[PAD4]"] {
            let text = [&(token.len() as u64).to_le_bytes(), token.as_bytes()].concat();
            assert!(bytes.windows(text.len()).any(|window| window == text), "{token}");
        }
    }

    #[test]
    fn other_tokenizers_are_refused() {
        let refused = |change: fn(&mut Value)| described(change).unwrap_err();
        assert!(refused(|it| it["normalizer"]["lowercase"] = false.into()).what.contains("lowercases"));
        assert!(refused(|it| it["normalizer"]["strip_accents"] = false.into()).what.contains("accents"));
        assert!(refused(|it| it["model"]["type"] = "Unigram".into()).what.contains("WordPiece"));
        assert!(refused(|it| it["model"]["vocab"]["##\u{2581}red"] = 4.into()).what.contains("twice"));
        let error = refused(|it| {
            it["model"]["vocab"] = json!({"red": 2});
            it["added_tokens"] = json!([]);
        });
        assert!(error.what.contains("[CLS]") && !error.remedy.is_empty(), "{error}");
    }
}
