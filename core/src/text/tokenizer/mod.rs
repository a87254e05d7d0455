//! tokenizer.json. It is checked before the `tokenizers` crate reads it, which trusts the file and panics on some that
//! are broken.

mod added;
mod build;
mod charsmap;
mod check;
mod error;
mod files;
mod other_files;
mod patterns;

use std::ops::Range;

use serde_json::Value;

use crate::json_file;
use crate::limits::MAX_TOKENIZER_BYTES;
use crate::text::special_tokens::SpecialTokens;

pub use error::TokenizerError;
pub use files::TokenizerFile;

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Token id.
    pub id: u32,
    /// Range of bytes in the text, widened to whole characters.
    pub bytes: Range<u32>,
}

/// Turns text into token ids.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Special tokens around a text and between two.
    special_tokens: SpecialTokens,
    /// Ids of the tokens that end a generated text.
    eos_ids: Vec<u32>,
    /// Size of the model's vocabulary, in tokens.
    vocab: usize,
}

impl Tokenizer {
    /// Parses tokenizer.json for a model with a vocabulary of `vocab` tokens. Truncation and padding are turned off,
    /// whatever the file says.
    ///
    /// # Errors
    /// When the file is too large, broken or unsupported, or has ids beyond the vocabulary.
    pub fn parse(json: &[u8], vocab: usize) -> Result<Self, TokenizerError> {
        if json.len() > MAX_TOKENIZER_BYTES {
            return Err(TokenizerError::TooLarge(json.len()));
        }
        let file = json_file::parse(json).map_err(unreadable)?;
        Self::of_file(file, vocab)
    }

    /// Takes the contents of tokenizer.json for a model with a vocabulary of `vocab` tokens.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of_file(mut file: Value, vocab: usize) -> Result<Self, TokenizerError> {
        drop_added_beyond(&mut file, vocab);
        check::check(&file, vocab)?;
        file["truncation"] = Value::Null;
        file["padding"] = Value::Null;
        let inner: tokenizers::Tokenizer =
            serde_json::from_value(file).map_err(|error| unreadable(error.to_string()))?;
        let mut tokenizer = Self { inner, special_tokens: SpecialTokens::default(), eos_ids: Vec::new(), vocab };
        tokenizer.special_tokens = tokenizer.find_special_tokens()?;
        Ok(tokenizer)
    }

    /// Adds the tokens that end a text: `eos_token_id`, one or several, of the model's config.json and
    /// generation_config.json.
    pub fn with_eos_ids(mut self, configs: &[&[u8]]) -> Self {
        for config in configs {
            let ids = serde_json::from_slice::<Value>(config).map(|config| config["eos_token_id"].clone());
            let ids = match ids {
                Ok(Value::Array(ids)) => ids,
                Ok(id) => vec![id],
                Err(_) => continue,
            };
            let ids = ids.iter().filter_map(Value::as_u64).filter(|&id| id < self.vocab as u64).map(|id| id as u32);
            let new: Vec<u32> = ids.filter(|id| !self.eos_ids.contains(id)).collect();
            self.eos_ids.extend(new);
        }
        self
    }

    /// Ends texts with `eos_token` of tokenizer_config.json where no other file names a token that does.
    pub fn or_eos_token(mut self, tokenizer_config: &[u8]) -> Self {
        let config: Value = json_file::parse(tokenizer_config).unwrap_or_default();
        let token = &config["eos_token"];
        let id = token.get("content").unwrap_or(token).as_str().and_then(|token| self.inner.token_to_id(token));
        if self.eos_ids.is_empty() {
            self.eos_ids.extend(id.filter(|&id| (id as usize) < self.vocab));
        }
        self
    }

    /// Ids of the tokens that end a text. The first is appended to training targets.
    pub fn eos_ids(&self) -> &[u32] {
        &self.eos_ids
    }

    /// Special tokens around a text and between two.
    pub fn special_tokens(&self) -> &SpecialTokens {
        &self.special_tokens
    }

    /// Splits a text into tokens without adding special ones. A special token written in the text by its name is
    /// recognized.
    ///
    /// # Errors
    /// When the text cannot be encoded.
    pub fn tokenize(&self, text: &str) -> Result<Vec<Token>, TokenizerError> {
        let encoding = self.inner.encode(text, false).map_err(|e| TokenizerError::Encode(e.to_string()))?;
        let token = |(&id, &(start, end)): (&u32, &(usize, usize))| {
            // A token may be part of a character. Its range is then the whole character.
            let start = (0..=start.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let end = (end.min(text.len())..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
            Token { id, bytes: start as u32..end as u32 }
        };
        let tokens: Vec<Token> = encoding.get_ids().iter().zip(encoding.get_offsets()).map(token).collect();
        match tokens.iter().find(|token| token.id as usize >= self.vocab) {
            Some(token) => Err(TokenizerError::BeyondVocab { id: token.id, vocab: self.vocab }),
            None => Ok(tokens),
        }
    }

    /// Decodes tokens to text, without special tokens.
    ///
    /// # Errors
    /// When the tokens cannot be decoded.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.inner.decode(ids, true).map_err(|e| TokenizerError::Encode(e.to_string()))
    }

    /// The special tokens that the template puts around `a` and between `a` and `b`.
    fn find_special_tokens(&self) -> Result<SpecialTokens, TokenizerError> {
        let failed = |e: tokenizers::Error| TokenizerError::Encode(e.to_string());
        let single = self.inner.encode("a", true).map_err(failed)?;
        let is_special = |special: &&u32| **special == 1;
        let (ids, mask) = (self.known(single.get_ids())?, single.get_special_tokens_mask());
        let begin = ids[..mask.iter().take_while(is_special).count()].to_vec();
        let end =
            ids[ids.len() - mask.iter().rev().take_while(is_special).count().min(ids.len() - begin.len())..].to_vec();
        let pair = self.inner.encode(("a", "b"), true).map_err(failed)?;
        let (ids, mask) = (self.known(pair.get_ids())?, pair.get_special_tokens_mask());
        let inner = begin.len().min(ids.len())..ids.len().saturating_sub(end.len()).max(begin.len().min(ids.len()));
        let middle = ids[inner.clone()].iter().zip(&mask[inner]).filter(|(_, special)| **special == 1);
        Ok(SpecialTokens { middle: middle.map(|(&id, _)| id).collect(), begin, end })
    }

    /// Token ids of a text with its special tokens, at most `max_length`. Truncation removes the end of the text and keeps
    /// the closing special tokens.
    ///
    /// # Errors
    /// When the text cannot be encoded.
    pub fn encode(&self, text: &str, max_length: usize) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.encode_all(text)?;
        self.cut(&mut ids, max_length);
        Ok(ids)
    }

    /// Truncates an encoded text to `max_length` tokens, as [`Self::encode`] does.
    pub fn cut(&self, ids: &mut Vec<u32>, max_length: usize) {
        if ids.len() > max_length {
            ids.truncate(max_length.saturating_sub(self.special_tokens.end.len()));
            ids.extend(&self.special_tokens.end);
        }
    }

    /// Id of the padding token, or 0 if there is none.
    pub fn pad_id(&self) -> u32 {
        ["[PAD]", "<pad>"].iter().find_map(|token| self.inner.token_to_id(token)).unwrap_or(0)
    }

    fn encode_all(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self.inner.encode_fast(text, true).map_err(|e| TokenizerError::Encode(e.to_string()))?;
        self.known(encoding.get_ids()).map(<[u32]>::to_vec)
    }

    /// Returns the ids if all are in the vocabulary: post-processors can add ids of their own.
    fn known<'a>(&self, ids: &'a [u32]) -> Result<&'a [u32], TokenizerError> {
        match ids.iter().find(|&&id| id as usize >= self.vocab) {
            Some(&id) => Err(TokenizerError::BeyondVocab { id, vocab: self.vocab }),
            None => Ok(ids),
        }
    }
}

fn unreadable(reason: String) -> TokenizerError {
    TokenizerError::Unreadable("tokenizer.json".into(), reason)
}

/// Removes added tokens that the model has no embedding for: Gemma 3's text models share a tokenizer.json with those that
/// read images. Texts cannot contain them.
fn drop_added_beyond(file: &mut Value, vocab: usize) {
    if let Some(added) = file.get_mut("added_tokens").and_then(Value::as_array_mut) {
        added.retain(|token| token.get("id").and_then(Value::as_u64).is_none_or(|id| id < vocab as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file() -> Value {
        json!({
            "version": "1.0",
            "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null,
                "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
            "added_tokens": [],
            "normalizer": null,
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                "pair": [],
                "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                    "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
            "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "b": 5}}
        })
    }

    fn parse(file: &Value) -> Result<Tokenizer, TokenizerError> {
        Tokenizer::parse(file.to_string().as_bytes(), 6)
    }

    #[test]
    fn padding_and_truncation_of_the_file_are_turned_off() {
        let tokenizer = parse(&file()).unwrap();
        assert_eq!(tokenizer.encode("a b a b", 512).unwrap(), [2, 4, 5, 4, 5, 3]);
    }

    #[test]
    fn truncation_keeps_the_closing_special_tokens() {
        let tokenizer = parse(&file()).unwrap();
        assert_eq!(tokenizer.encode("a b a b", 4).unwrap(), [2, 4, 5, 3]);
    }

    #[test]
    fn a_text_ends_with_the_tokenizers_token_where_the_model_names_none() {
        let ends = |configs: &[&[u8]]| {
            parse(&file()).unwrap().with_eos_ids(configs).or_eos_token(br#"{"eos_token": "[SEP]"}"#)
        };
        for config in [&b"{}"[..], br#"{"eos_token_id": null}"#, br#"{"eos_token_id": -1}"#, br#"{"eos_token_id": 99}"#]
        {
            assert_eq!(ends(&[config]).eos_ids(), [3]);
        }
        assert_eq!(ends(&[br#"{"eos_token_id": 5}"#]).eos_ids(), [5]);
    }

    #[test]
    fn an_added_token_without_an_embedding_is_left_out() {
        let mut file = file();
        file["added_tokens"] = json!([{"id": 6, "content": "<image>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}]);
        let tokenizer = parse(&file).unwrap();
        let ids = tokenizer.encode("a <image>", 512).unwrap();
        assert!(ids.iter().all(|&id| id < 6) && ids.len() > 3, "{ids:?}");
    }

    #[test]
    fn inconsistent_files_are_refused() {
        let cases: [(&str, Value); 8] = [
            ("/post_processor/special_tokens/[CLS]/ids", json!([99])),
            ("/model/type", json!("Magic")),
            ("/model/unk_token", json!("[NONE]")),
            ("/model/vocab/b", json!(6)),
            ("/model/vocab", json!({})),
            ("/model", json!({"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]})),
            ("/post_processor/special_tokens", json!({})),
            (
                "/pre_tokenizer",
                json!({"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated", "invert": false}),
            ),
        ];
        for (path, value) in cases {
            let mut file = file();
            *file.pointer_mut(path).unwrap() = value;
            assert!(parse(&file).is_err(), "{path}");
        }
        assert!(Tokenizer::parse(b"{", 6).is_err());
        assert!(Tokenizer::parse(b"[]", 6).is_err());
    }
}
