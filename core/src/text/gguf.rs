//! Converts the tokenizer of a GGUF file to the files of transformers. The keys of the metadata are described at
//! <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#tokenizer>.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::text::tokenizer::TokenizerError;

/// Token types (`llama_token_type`).
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;

/// The pattern that splits words in Llama 3 and Qwen 2; their rules for numbers replace `DIGITS`.
const WORDS: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Characters that SentencePiece's rule `nmt_nfkc` removes, and those that it makes spaces, as XLM-R has it. They are patterns
/// (<https://github.com/google/sentencepiece/blob/master/src/builder.cc>). NFKC follows.
const NMT_REMOVED: &str = "[\u{1}-\u{8}\u{b}\u{e}-\u{1f}\u{7f}\u{8f}\u{9f}]";
const NMT_SPACES: &str = "[\t\n\u{c}\r\u{1680}\u{200b}-\u{200f}\u{2028}\u{2029}\u{2581}\u{feff}\u{fffd}]";

/// The tokenizer of a GGUF file: the values of `tokenizer.ggml.*`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GgufVocab<'a> {
    /// The algorithm: `gpt2` (byte-level BPE), `llama` (SentencePiece's BPE with byte fallback) or `t5` (SentencePiece's
    /// Unigram).
    pub model: &'a str,
    /// Name of the rules by which byte-level BPE splits words.
    pub pre: Option<&'a str>,
    /// The tokens, in the order of their ids.
    pub tokens: Vec<&'a str>,
    /// The type of each token; empty if the file has none.
    pub token_types: Vec<u64>,
    /// SentencePiece: the score of each token. BPE merges higher scores first, Unigram adds them up.
    pub scores: Vec<f64>,
    /// Byte-level BPE: the merges in the order of their rank, such as `Ġ t`.
    pub merges: Vec<&'a str>,
    /// Id of the token that begins a text.
    pub bos: Option<u64>,
    /// Id of the token that ends a text.
    pub eos: Option<u64>,
    /// Id of the unknown token.
    pub unknown: Option<u64>,
    /// Id of the padding token.
    pub padding: Option<u64>,
    /// True if `bos` is added to a text.
    pub adds_bos: Option<bool>,
    /// True if `eos` is added to a text.
    pub adds_eos: Option<bool>,
    /// SentencePiece: true if a space is added before a text.
    pub adds_space: Option<bool>,
    /// Unigram: the bytes of SentencePiece's normalization; empty for `nmt_nfkc`, its usual one.
    pub charsmap: Vec<u64>,
    /// Chat template (`tokenizer.chat_template`).
    pub chat_template: Option<&'a str>,
}

/// The components of a tokenizer.json that depend on the algorithm.
struct Components {
    model: Value,
    normalizer: Value,
    pre_tokenizer: Value,
    decoder: Value,
    /// True if `bos` is added when the file does not specify it.
    adds_bos: bool,
}

impl GgufVocab<'_> {
    /// Names and bytes of tokenizer.json and tokenizer_config.json.
    ///
    /// # Errors
    /// When the tokenizer is of an unsupported kind, or inconsistent.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, TokenizerError> {
        let file = |name: &str, json: Value| (name.to_owned(), json.to_string().into_bytes());
        Ok(vec![file("tokenizer.json", self.tokenizer()?), file("tokenizer_config.json", self.config()?)])
    }

    fn tokenizer(&self) -> Result<Value, TokenizerError> {
        if !self.token_types.is_empty() && self.token_types.len() != self.tokens.len() {
            let (types, tokens) = (self.token_types.len(), self.tokens.len());
            return Err(TokenizerError::Gguf(format!("there are {types} token types for {tokens} tokens")));
        }
        let mut ids = HashMap::with_capacity(self.tokens.len());
        for (id, &token) in self.tokens.iter().enumerate() {
            if ids.insert(token, id).is_some() {
                return Err(TokenizerError::Gguf(format!("the token {token:?} is listed twice")));
            }
        }
        let components = match self.model {
            "gpt2" => self.byte_level()?,
            "llama" => self.sentence_piece(&ids)?,
            "t5" => self.unigram()?,
            other => {
                return Err(TokenizerError::Gguf(format!(
                    "the tokenizer is of kind \"{other}\"; Hone supports \"gpt2\", \"llama\" and \"t5\""
                )));
            }
        };
        Ok(json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": self.added(),
            "normalizer": components.normalizer,
            "pre_tokenizer": components.pre_tokenizer,
            "post_processor": self.template(components.adds_bos)?,
            "decoder": components.decoder,
            "model": components.model,
        }))
    }

    /// tokenizer_config.json. Its class is the one that reads any tokenizer.json.
    fn config(&self) -> Result<Value, TokenizerError> {
        let mut config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": false,
            // Without this field, transformers 4 passes token_type_ids to models that do not take them.
            "model_input_names": ["input_ids", "attention_mask"],
        });
        for (field, id) in
            [("bos_token", self.bos), ("eos_token", self.eos), ("unk_token", self.unknown), ("pad_token", self.padding)]
        {
            if let Some(id) = id {
                config[field] = self.token(id)?.into();
            }
        }
        if let Some(template) = self.chat_template {
            config["chat_template"] = template.into();
        }
        Ok(config)
    }

    fn token(&self, id: u64) -> Result<&str, TokenizerError> {
        let token = usize::try_from(id).ok().and_then(|id| self.tokens.get(id)).copied();
        token.ok_or_else(|| {
            TokenizerError::Gguf(format!("a special token has the id {id}, which is not in the vocabulary"))
        })
    }

    /// Tokens that are matched in a text before it is split.
    fn added(&self) -> Vec<Value> {
        let types = self.token_types.iter().zip(&self.tokens).enumerate();
        let added = types.filter(|(_, (kind, _))| [UNKNOWN, CONTROL, USER_DEFINED].contains(kind));
        let entry = |(id, (kind, token)): (usize, (&u64, &&str))| {
            json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": *kind != USER_DEFINED})
        };
        added.map(entry).collect()
    }

    /// The post-processor that adds special tokens to a text.
    fn template(&self, adds_bos: bool) -> Result<Value, TokenizerError> {
        let enabled = |adds: bool, id: Option<u64>| id.filter(|_| adds);
        let before = enabled(self.adds_bos.unwrap_or(adds_bos), self.bos);
        let after = enabled(self.adds_eos.unwrap_or(false), self.eos);
        if before.or(after).is_none() {
            return Ok(Value::Null);
        }
        let mut defined = Map::new();
        for id in [before, after].into_iter().flatten() {
            let token = self.token(id)?;
            defined.insert(token.into(), json!({"id": token, "ids": [id], "tokens": [token]}));
        }
        let around = |text: &str, kind: u8| -> Result<Vec<Value>, TokenizerError> {
            let special = |id| Ok(json!({"SpecialToken": {"id": self.token(id)?, "type_id": kind}}));
            let text = Some(Ok(json!({"Sequence": {"id": text, "type_id": kind}})));
            [before.map(special), text, after.map(special)].into_iter().flatten().collect()
        };
        let single = around("A", 0)?;
        let pair = match (self.model, before, after) {
            // As in XLM-R, which has no token types.
            ("t5", Some(_), Some(end)) => {
                let end = json!({"SpecialToken": {"id": self.token(end)?, "type_id": 0}});
                let second = json!({"Sequence": {"id": "B", "type_id": 0}});
                [single.clone(), vec![end.clone(), second, end]].concat()
            }
            _ => [single.clone(), around("B", 1)?].concat(),
        };
        Ok(json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": defined}))
    }

    fn ids(&self) -> Map<String, Value> {
        self.tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect()
    }

    /// BPE on bytes, each represented by a printable character.
    fn byte_level(&self) -> Result<Components, TokenizerError> {
        let bytes = |splits: bool| {
            json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": splits})
        };
        let words = |digits: &str| {
            let split = json!({"type": "Split", "pattern": {"Regex": WORDS.replace("DIGITS", digits)},
                "behavior": "Isolated", "invert": false});
            json!({"type": "Sequence", "pretokenizers": [split, bytes(false)]})
        };
        let (mut normalizer, mut is_llama) = (Value::Null, false);
        let pre_tokenizer = match self.pre.unwrap_or("default") {
            "default" | "gpt-2" => bytes(true),
            "smollm" => {
                let digits = json!({"type": "Digits", "individual_digits": true});
                json!({"type": "Sequence", "pretokenizers": [digits, bytes(true)]})
            }
            "llama-bpe" => {
                is_llama = true;
                words(r"\p{N}{1,3}")
            }
            "qwen2" => {
                normalizer = json!({"type": "NFC"});
                words(r"\p{N}")
            }
            other => {
                return Err(TokenizerError::Gguf(format!(
                    "its pre-tokenizer is \"{other}\"; Hone supports gpt-2, smollm, llama-bpe and qwen2"
                )));
            }
        };
        let merges = |merge: &&str| merge.split_once(' ').map(|(left, right)| json!([left, right]));
        let merges: Option<Vec<Value>> = self.merges.iter().map(merges).collect();
        let merges =
            merges.ok_or_else(|| TokenizerError::Gguf("a merge is not two tokens separated by a space".into()))?;
        // Llama 3 keeps a word that is a token, even if no merges produce it.
        let model = json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": is_llama,
            "vocab": self.ids(), "merges": merges});
        Ok(Components { model, normalizer, pre_tokenizer, decoder: bytes(true), adds_bos: is_llama })
    }

    /// SentencePiece's Unigram, as in XLM-R's tokenizer.json.
    fn unigram(&self) -> Result<Components, TokenizerError> {
        self.check_scores()?;
        let replace = |from: &str, to: &str| json!({"type": "Replace", "pattern": {"Regex": from}, "content": to});
        let normalizers = if self.charsmap.is_empty() {
            let [removed, spaces] = [NMT_REMOVED, NMT_SPACES];
            vec![replace(removed, ""), replace(spaces, " "), json!({"type": "NFKC"}), replace(" {2,}", " ")]
        } else {
            let bytes: Vec<u8> = self.charsmap.iter().map(|&byte| byte as u8).collect();
            let map = json!({"type": "Precompiled", "precompiled_charsmap": BASE64_STANDARD.encode(bytes)});
            vec![map, replace(" {2,}", " ")]
        };
        let metaspace = json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true});
        let vocab: Vec<Value> =
            self.tokens.iter().zip(&self.scores).map(|(token, score)| json!([token, score])).collect();
        let model = json!({"type": "Unigram", "unk_id": self.unknown, "vocab": vocab, "byte_fallback": false});
        Ok(Components {
            model,
            normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
            pre_tokenizer: json!({"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]}),
            decoder: metaspace,
            adds_bos: false,
        })
    }

    fn check_scores(&self) -> Result<(), TokenizerError> {
        let (scores, tokens) = (self.scores.len(), self.tokens.len());
        let message = || TokenizerError::Gguf(format!("there are {scores} scores for {tokens} tokens"));
        if scores == tokens { Ok(()) } else { Err(message()) }
    }

    /// SentencePiece's BPE. The file has scores instead of merges. Each split of a token into two others is a merge, ranked
    /// by the token's score, as in transformers' `generate_merges`.
    fn sentence_piece(&self, ids: &HashMap<&str, usize>) -> Result<Components, TokenizerError> {
        self.check_scores()?;
        let mut merges = Vec::new();
        for (id, &token) in self.tokens.iter().enumerate() {
            if self.token_types.get(id).is_some_and(|kind| [UNKNOWN, CONTROL].contains(kind)) {
                continue;
            }
            for (at, _) in token.char_indices().skip(1) {
                let (left, right) = token.split_at(at);
                if ids.contains_key(left) && ids.contains_key(right) {
                    merges.push((self.scores[id], left, right));
                }
            }
        }
        let longer = |a: &str, b: &str| b.chars().count().cmp(&a.chars().count());
        merges.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| longer(a.1, b.1)).then_with(|| longer(a.2, b.2)));
        let merges: Vec<Value> = merges.into_iter().map(|(_, left, right)| json!([left, right])).collect();
        let space = self.adds_space.unwrap_or(true);
        let replace = |from: &str, to: &str| json!({"type": "Replace", "pattern": {"String": from}, "content": to});
        let prepend = space.then(|| json!({"type": "Prepend", "prepend": "▁"}));
        let normalizers: Vec<Value> = prepend.into_iter().chain([replace(" ", "▁")]).collect();
        let strip = space.then(|| json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
        let decoders = [replace("▁", " "), json!({"type": "ByteFallback"}), json!({"type": "Fuse"})];
        let decoders: Vec<Value> = decoders.into_iter().chain(strip).collect();
        let unknown = self.unknown.map(|id| self.token(id)).transpose()?;
        let model = json!({"type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": self.ids(), "merges": merges});
        Ok(Components {
            model,
            normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
            pre_tokenizer: Value::Null,
            decoder: json!({"type": "Sequence", "decoders": decoders}),
            adds_bos: true,
        })
    }
}
