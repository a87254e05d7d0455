//! The tokenizer of a GGUF file, written as the files that transformers has for it. The keys of the metadata are
//! described at <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#tokenizer>.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::text::tokenizer::TokenizerError;

/// Types of tokens (`llama_token_type`).
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;

/// Splits words as GPT-2 does, but for numbers, which end after `DIGITS` digits; from Llama 3 and Qwen 2.
const WORDS: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// What a GGUF file says of its tokenizer, the values of `tokenizer.ggml.*`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GgufVocab<'a> {
    /// The algorithm: `gpt2` (byte-level BPE) or `llama` (SentencePiece's BPE with bytes for what it lacks).
    pub model: &'a str,
    /// How byte-level BPE splits words.
    pub pre: Option<&'a str>,
    /// The tokens, by id.
    pub tokens: Vec<&'a str>,
    /// What kind of token each is; empty where the file does not say.
    pub token_types: Vec<u64>,
    /// The rank of each token in SentencePiece's vocabulary: the highest is merged first.
    pub scores: Vec<f64>,
    /// Merges of byte-level BPE, the first one first: `Ġ t`.
    pub merges: Vec<&'a str>,
    /// Id of the token that begins a text.
    pub bos: Option<u64>,
    /// Id of the token that ends a text.
    pub eos: Option<u64>,
    /// Id of the token for what is not in the vocabulary.
    pub unknown: Option<u64>,
    /// Id of padding.
    pub padding: Option<u64>,
    /// Whether a text gets `bos`.
    pub adds_bos: Option<bool>,
    /// Whether a text gets `eos`.
    pub adds_eos: Option<bool>,
    /// Whether a text gets a space in front (SentencePiece only).
    pub adds_space: Option<bool>,
    /// `tokenizer.chat_template`.
    pub chat_template: Option<&'a str>,
}

/// What the algorithms make of a tokenizer.json, and their defaults.
struct Parts {
    model: Value,
    normalizer: Value,
    pre_tokenizer: Value,
    decoder: Value,
    adds_bos: bool,
}

impl GgufVocab<'_> {
    /// tokenizer.json and tokenizer_config.json: names and bytes.
    ///
    /// # Errors
    /// When the tokenizer is of a kind that is not known, or contradicts itself.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, TokenizerError> {
        let file = |name: &str, json: Value| (name.to_owned(), json.to_string().into_bytes());
        Ok(vec![file("tokenizer.json", self.tokenizer()?), file("tokenizer_config.json", self.config()?)])
    }

    fn tokenizer(&self) -> Result<Value, TokenizerError> {
        if !self.token_types.is_empty() && self.token_types.len() != self.tokens.len() {
            let (types, tokens) = (self.token_types.len(), self.tokens.len());
            return Err(TokenizerError::Gguf(format!("{types} token types stand beside {tokens} tokens")));
        }
        let mut ids = HashMap::with_capacity(self.tokens.len());
        for (id, &token) in self.tokens.iter().enumerate() {
            if ids.insert(token, id).is_some() {
                return Err(TokenizerError::Gguf(format!("the token {token:?} stands twice")));
            }
        }
        let parts = match self.model {
            "gpt2" => self.byte_level()?,
            "llama" => self.sentence_piece(&ids)?,
            other => {
                return Err(TokenizerError::Gguf(format!(
                    "the tokenizer is of kind \"{other}\"; \"gpt2\" and \"llama\" are known"
                )));
            }
        };
        Ok(json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": self.added(),
            "normalizer": parts.normalizer,
            "pre_tokenizer": parts.pre_tokenizer,
            "post_processor": self.template(parts.adds_bos)?,
            "decoder": parts.decoder,
            "model": parts.model,
        }))
    }

    /// tokenizer_config.json. Its class is the one that takes tokenizer.json as it is.
    fn config(&self) -> Result<Value, TokenizerError> {
        let mut config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": false,
            // Without a word from here, transformers 4 would hand types of tokens to models that know none.
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
        token.ok_or_else(|| TokenizerError::Gguf(format!("a special token has the id {id}, which no token has")))
    }

    /// Tokens that are found in a text before anything else.
    fn added(&self) -> Vec<Value> {
        let types = self.token_types.iter().zip(&self.tokens).enumerate();
        let added = types.filter(|(_, (kind, _))| [UNKNOWN, CONTROL, USER_DEFINED].contains(kind));
        let entry = |(id, (kind, token)): (usize, (&u64, &&str))| {
            json!({"id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": *kind != USER_DEFINED})
        };
        added.map(entry).collect()
    }

    /// What is put around a text.
    fn template(&self, adds_bos: bool) -> Result<Value, TokenizerError> {
        let wanted = |adds: bool, id: Option<u64>| id.filter(|_| adds);
        let before = wanted(self.adds_bos.unwrap_or(adds_bos), self.bos);
        let after = wanted(self.adds_eos.unwrap_or(false), self.eos);
        if before.or(after).is_none() {
            return Ok(Value::Null);
        }
        let mut described = Map::new();
        for id in [before, after].into_iter().flatten() {
            let token = self.token(id)?;
            described.insert(token.into(), json!({"id": token, "ids": [id], "tokens": [token]}));
        }
        let around = |text: &str, kind: u8| -> Result<Vec<Value>, TokenizerError> {
            let special = |id| Ok(json!({"SpecialToken": {"id": self.token(id)?, "type_id": kind}}));
            let text = Some(Ok(json!({"Sequence": {"id": text, "type_id": kind}})));
            [before.map(special), text, after.map(special)].into_iter().flatten().collect()
        };
        let single = around("A", 0)?;
        let pair = [single.clone(), around("B", 1)?].concat();
        Ok(json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": described}))
    }

    fn ids(&self) -> Map<String, Value> {
        self.tokens.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect()
    }

    /// BPE on bytes, each of them written as a visible character.
    fn byte_level(&self) -> Result<Parts, TokenizerError> {
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
                    "words are split by the rules of \"{other}\"; gpt-2, smollm, llama-bpe and qwen2 are known"
                )));
            }
        };
        let merges = |merge: &&str| merge.split_once(' ').map(|(left, right)| json!([left, right]));
        let merges: Option<Vec<Value>> = self.merges.iter().map(merges).collect();
        let merges =
            merges.ok_or_else(|| TokenizerError::Gguf("a merge is not two parts with a space between".into()))?;
        // Llama 3 takes a whole word that is a token, whether merges lead to it or not.
        let model = json!({"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": is_llama,
            "vocab": self.ids(), "merges": merges});
        Ok(Parts { model, normalizer, pre_tokenizer, decoder: bytes(true), adds_bos: is_llama })
    }

    /// SentencePiece's BPE. The file has scores in place of merges: two tokens that together make a third one merge in
    /// the order of its score, as in transformers' `generate_merges`.
    fn sentence_piece(&self, ids: &HashMap<&str, usize>) -> Result<Parts, TokenizerError> {
        if self.scores.len() != self.tokens.len() {
            let (scores, tokens) = (self.scores.len(), self.tokens.len());
            return Err(TokenizerError::Gguf(format!("{scores} scores stand beside {tokens} tokens")));
        }
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
        Ok(Parts {
            model,
            normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
            pre_tokenizer: Value::Null,
            decoder: json!({"type": "Sequence", "decoders": decoders}),
            adds_bos: true,
        })
    }
}
