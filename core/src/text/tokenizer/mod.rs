//! tokenizer.json, checked before the `tokenizers` crate sees it, since that trusts the file and may panic on one that
//! was made to.

mod charsmap;
mod check;
mod patterns;

use std::ops::Range;

use serde_json::Value;
use thiserror::Error;

use crate::diagnostic::Diagnostic;
use crate::limits::MAX_TOKENIZER_BYTES;
use crate::text::SpecialTokens;

/// A tokenizer.json that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenizerError {
    /// Larger than any tokenizer is.
    #[error("tokenizer.json is {0} bytes long; at most {MAX_TOKENIZER_BYTES} are read")]
    TooLarge(usize),
    /// Not JSON, or not what the library reads.
    #[error("tokenizer.json cannot be read: {0}")]
    Unreadable(String),
    /// A kind of tokenizer that is not known.
    #[error("tokenizer.json holds a model of type \"{0}\"; WordPiece, BPE and Unigram are known")]
    Kind(String),
    /// Something that contradicts itself.
    #[error("tokenizer.json contradicts itself: {0}")]
    Inconsistent(String),
    /// Ids beyond the model's embeddings.
    #[error("tokenizer.json has the token id {id}, and the model knows {vocab} tokens")]
    BeyondVocab {
        /// The largest id.
        id: u32,
        /// Rows of the embedding table.
        vocab: usize,
    },
    /// A GGUF file without a tokenizer that can be used.
    #[error("in the GGUF file, {0}")]
    Gguf(String),
    /// A text that the library cannot encode.
    #[error("a text cannot be encoded: {0}")]
    Encode(String),
}

impl From<TokenizerError> for Diagnostic {
    fn from(error: TokenizerError) -> Self {
        let remedy = match error {
            TokenizerError::Gguf(_) => "Use a GGUF file with its tokenizer, as its author published it.",
            _ => "Use the tokenizer.json that belongs to the model.",
        };
        Diagnostic::new("model.tokenizer", format!("The model's tokenizer cannot be used: {error}."))
            .done("Nothing was changed.")
            .remedy(remedy)
    }
}

/// A token of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its id.
    pub id: u32,
    /// The bytes of the text that it stands for, whole characters.
    pub bytes: Range<u32>,
}

/// Turns text into token ids.
#[derive(Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Special tokens around a text and between two.
    frame: SpecialTokens,
    /// Tokens that end a written text.
    eos_ids: Vec<u32>,
    /// Tokens that the model knows.
    vocab: usize,
}

impl Tokenizer {
    /// Reads tokenizer.json for a model that knows `vocab` tokens. Truncation and padding that the file has switched
    /// on are switched off.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn parse(json: &[u8], vocab: usize) -> Result<Self, TokenizerError> {
        if json.len() > MAX_TOKENIZER_BYTES {
            return Err(TokenizerError::TooLarge(json.len()));
        }
        let mut file: Value = serde_json::from_slice(json).map_err(|e| TokenizerError::Unreadable(e.to_string()))?;
        check::check(&file, vocab)?;
        file["truncation"] = Value::Null;
        file["padding"] = Value::Null;
        let inner: tokenizers::Tokenizer =
            serde_json::from_value(file).map_err(|e| TokenizerError::Unreadable(e.to_string()))?;
        let mut tokenizer = Self { inner, frame: SpecialTokens::default(), eos_ids: Vec::new(), vocab };
        tokenizer.frame = tokenizer.find_frame()?;
        Ok(tokenizer)
    }

    /// The same, with the tokens that end a text: `eos_token_id` of the model's config.json and generation_config.json,
    /// one or several.
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

    /// Tokens that end a written text; the first of them is put behind what is learned.
    pub fn eos_ids(&self) -> &[u32] {
        &self.eos_ids
    }

    /// Special tokens around a text and between two.
    pub fn frame(&self) -> &SpecialTokens {
        &self.frame
    }

    /// A text's tokens without special ones, each with the bytes that it stands for. Special tokens that stand in the
    /// text by their name are taken as such.
    ///
    /// # Errors
    /// When the library cannot encode the text.
    pub fn pieces(&self, text: &str) -> Result<Vec<Piece>, TokenizerError> {
        let encoding = self.inner.encode(text, false).map_err(|e| TokenizerError::Encode(e.to_string()))?;
        let piece = |(&id, &(start, end)): (&u32, &(usize, usize))| {
            // A token may be a part of a character: it stands for all of it.
            let start = (0..=start.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let end = (end.min(text.len())..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
            Piece { id, bytes: start as u32..end as u32 }
        };
        let pieces: Vec<Piece> = encoding.get_ids().iter().zip(encoding.get_offsets()).map(piece).collect();
        match pieces.iter().find(|piece| piece.id as usize >= self.vocab) {
            Some(piece) => Err(TokenizerError::BeyondVocab { id: piece.id, vocab: self.vocab }),
            None => Ok(pieces),
        }
    }

    /// The text that tokens stand for, special ones left out.
    ///
    /// # Errors
    /// When the library cannot decode them.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.inner.decode(ids, true).map_err(|e| TokenizerError::Encode(e.to_string()))
    }

    /// What the template puts around `a` and between `a` and `b`.
    fn find_frame(&self) -> Result<SpecialTokens, TokenizerError> {
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

    /// Token ids of a text, special tokens included, at most `max_length`: what is cut is the end of the text, never the
    /// special tokens that close it.
    ///
    /// # Errors
    /// When the library cannot encode the text.
    pub fn encode(&self, text: &str, max_length: usize) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.encode_all(text)?;
        self.cut(&mut ids, max_length);
        Ok(ids)
    }

    /// Cuts an encoded text to `max_length` tokens, as [`Self::encode`] does.
    pub fn cut(&self, ids: &mut Vec<u32>, max_length: usize) {
        if ids.len() > max_length {
            ids.truncate(max_length.saturating_sub(self.frame.end.len()));
            ids.extend(&self.frame.end);
        }
    }

    /// The id of padding: `[PAD]`, or 0 where there is none.
    pub fn pad_id(&self) -> u32 {
        ["[PAD]", "<pad>"].iter().find_map(|token| self.inner.token_to_id(token)).unwrap_or(0)
    }

    fn encode_all(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self.inner.encode_fast(text, true).map_err(|e| TokenizerError::Encode(e.to_string()))?;
        self.known(encoding.get_ids()).map(<[u32]>::to_vec)
    }

    /// The ids, if the model knows them all: post-processors bring ids of their own.
    fn known<'a>(&self, ids: &'a [u32]) -> Result<&'a [u32], TokenizerError> {
        match ids.iter().find(|&&id| id as usize >= self.vocab) {
            Some(&id) => Err(TokenizerError::BeyondVocab { id, vocab: self.vocab }),
            None => Ok(ids),
        }
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
    fn padding_and_truncation_in_the_file_are_switched_off() {
        let tokenizer = parse(&file()).unwrap();
        assert_eq!(tokenizer.encode("a b a b", 512).unwrap(), [2, 4, 5, 4, 5, 3]);
    }

    #[test]
    fn a_long_text_loses_its_end_and_keeps_what_closes_it() {
        let tokenizer = parse(&file()).unwrap();
        assert_eq!(tokenizer.encode("a b a b", 4).unwrap(), [2, 4, 5, 3]);
    }

    #[test]
    fn files_that_contradict_themselves_are_refused() {
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
