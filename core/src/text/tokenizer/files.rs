//! The files of a model's tokenizer. tokenizer.json has everything that transformers needs, but transformers changes some of it
//! by the other files, as is done here too. A folder without it may have the lists that it is made from.

use serde_json::Value;

use crate::recipe::Family;
use crate::text::tokenizer::added::add_tokens;
use crate::text::tokenizer::build;
use crate::text::tokenizer::error::TokenizerError;
use crate::text::tokenizer::other_files::OtherFiles;

/// The contents of tokenizer.json, and how they came about.
#[derive(Debug)]
pub struct TokenizerFile {
    /// The contents.
    pub contents: Value,
    /// True if they differ from the model's tokenizer.json, or there is none.
    pub is_changed: bool,
    /// tokenizer_config.json for an export, if the model's would make transformers change the contents.
    pub config: Option<Value>,
}

impl TokenizerFile {
    /// Reads the files of a tokenizer for a model of `family`.
    ///
    /// # Errors
    /// If there is no tokenizer.json and it cannot be made, or a file is not JSON.
    pub fn of(files: &[(String, Vec<u8>)], family: Family) -> Result<Self, TokenizerError> {
        let other = OtherFiles { files, config: OtherFiles::json(files, "tokenizer_config.json")?, family };
        let own = OtherFiles::json(files, "tokenizer.json")?;
        let mut file = if own.is_null() {
            Self { contents: build::tokenizer_json(&other)?, is_changed: true, config: None }
        } else {
            Self { contents: own, is_changed: false, config: None }
        };
        file.set("/model/dropout", None);
        if other.is_word_piece()
            && file.contents.pointer("/normalizer/type").is_some_and(|kind| kind == "BertNormalizer")
        {
            for (field, setting) in [
                ("do_lower_case", "/normalizer/lowercase"),
                ("strip_accents", "/normalizer/strip_accents"),
                ("tokenize_chinese_chars", "/normalizer/handle_chinese_chars"),
            ] {
                file.set(setting, other.config[field].as_bool());
            }
            // transformers' default is true.
            if other.config["do_lower_case"].as_bool().is_none() && file.contents["normalizer"]["lowercase"] == false {
                let mut config = other.config.as_object().cloned().unwrap_or_default();
                config.insert("do_lower_case".into(), false.into());
                file.config = Some(Value::Object(config));
            }
        }
        if other.is_class(&["Roberta", "GPT2"], &[Family::Roberta, Family::Gpt2])
            && file.contents.pointer("/pre_tokenizer/type").is_some_and(|kind| kind == "ByteLevel")
        {
            file.set("/pre_tokenizer/add_prefix_space", other.config["add_prefix_space"].as_bool());
        }
        file.is_changed |= add_tokens(&mut file.contents, &other)?;
        file.is_changed |= build::add_template(&mut file.contents, &other);
        Ok(file)
    }

    /// Sets a value, or removes one that is there: dropout, which would make the tokens of a text random.
    fn set(&mut self, pointer: &str, value: Option<bool>) {
        let is_dropout = pointer.ends_with("dropout");
        let Some(old) = self.contents.pointer_mut(pointer) else { return };
        let new = match value {
            Some(value) => Value::Bool(value),
            None if is_dropout => Value::Null,
            None => return,
        };
        if *old != new {
            *old = new;
            self.is_changed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::tokenizer::Tokenizer;

    const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nHello\n##s\ncaf\u{e9}\ncafe\n";

    fn files(files: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn ids(others: &[(&str, &str)], family: Family, vocab: usize, text: &str) -> Vec<u32> {
        let file = TokenizerFile::of(&files(others), family).expect("a tokenizer");
        Tokenizer::of_file(file.contents, vocab).expect("a tokenizer").encode(text, 64).expect("tokens")
    }

    /// The tokenizer.json of a cased or uncased BERT.
    fn bert(is_lower: bool) -> String {
        let config = json!({"do_lower_case": is_lower}).to_string();
        let file = TokenizerFile::of(&files(&[("vocab.txt", VOCAB), ("tokenizer_config.json", &config)]), Family::Bert);
        file.expect("a tokenizer").contents.to_string()
    }

    #[test]
    fn the_tokenizer_of_bert_is_made_from_its_list_of_words() {
        let encode = |config: &str, text| {
            ids(&[("vocab.txt", VOCAB), ("tokenizer_config.json", config)], Family::Bert, 10, text)
        };
        assert_eq!(encode("{}", "Hellos CAF\u{c9} [MASK]"), [2, 5, 7, 9, 4, 3]);
        assert_eq!(encode(r#"{"do_lower_case": false}"#, "Hellos caf\u{e9}"), [2, 6, 7, 8, 3]);
        assert_eq!(ids(&[("vocab.txt", VOCAB)], Family::Electra, 10, "hello"), [2, 5, 3]);
    }

    #[test]
    fn byte_level_tokenizers_are_made_from_words_and_merges() {
        let (vocab, merges) = (
            r#"{"<s>":0,"</s>":1,"h":2,"i":3,"hi":4,"\u0120":5,"\u0120hi":6,"<mask>":7}"#,
            "#version: 0.2\nh i\n\u{120} hi\n",
        );
        let files = [("vocab.json", vocab), ("merges.txt", merges)];
        assert_eq!(ids(&files, Family::Roberta, 8, "hi hi"), [0, 4, 6, 1]);
        assert_eq!(ids(&files, Family::Roberta, 8, "hi <mask>"), [0, 4, 7, 1], "the mask takes the space before it");
        assert_eq!(ids(&files, Family::Gpt2, 8, "hi hi"), [4, 6]);
        assert_eq!(ids(&files, Family::Qwen2, 8, "hi hi"), [4, 6]);
        let with_space = [files[0], files[1], ("tokenizer_config.json", r#"{"add_prefix_space": true}"#)];
        assert_eq!(ids(&with_space, Family::Gpt2, 8, "hi"), [6]);
    }

    #[test]
    fn without_any_list_the_refusal_says_how_to_get_the_file() {
        let error = TokenizerFile::of(&files(&[("tokenizer_config.json", "{}")]), Family::Llama).unwrap_err();
        let diagnostic = crate::diagnostic::Diagnostic::from(error);
        assert_eq!(diagnostic.code, "model.no-tokenizer");
        assert!(diagnostic.remedy.contains("AutoTokenizer"), "{diagnostic}");
    }

    #[test]
    fn settings_of_tokenizer_config_count_as_in_transformers() {
        let encode = |file: &str, config: &str| {
            ids(&[("tokenizer.json", file), ("tokenizer_config.json", config)], Family::Bert, 10, "Hello caf\u{e9}")
        };
        assert_eq!(encode(&bert(true), r#"{"do_lower_case": false}"#), [2, 6, 8, 3]);
        assert_eq!(
            encode(&bert(false), r#"{"do_lower_case": true, "tokenizer_class": "BertTokenizerFast"}"#),
            [2, 5, 9, 3]
        );
        assert_eq!(encode(&bert(true), r#"{"strip_accents": false}"#), [2, 5, 8, 3]);
        // The general class takes tokenizer.json as it is.
        let general = r#"{"do_lower_case": false, "tokenizer_class": "PreTrainedTokenizerFast"}"#;
        assert_eq!(encode(&bert(true), general), [2, 5, 9, 3]);
        let unchanged =
            TokenizerFile::of(&files(&[("tokenizer.json", &bert(true))]), Family::Bert).expect("a tokenizer");
        assert!(!unchanged.is_changed);
    }

    #[test]
    fn an_export_of_a_cased_tokenizer_says_so() {
        let config = |is_lower: bool, config: &str| {
            let files = files(&[("tokenizer.json", &bert(is_lower)), ("tokenizer_config.json", config)]);
            TokenizerFile::of(&files, Family::Bert).expect("a tokenizer").config
        };
        assert_eq!(
            config(false, r#"{"pad_token": "[PAD]"}"#),
            Some(json!({"pad_token": "[PAD]", "do_lower_case": false}))
        );
        assert_eq!(config(false, r#"{"do_lower_case": false}"#), None);
        assert_eq!(config(true, "{}"), None);
        assert_eq!(config(false, r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#), None);
    }

    #[test]
    fn a_tokenizer_without_a_template_gets_that_of_its_family() {
        let mut file: Value = serde_json::from_str(&bert(true)).expect("JSON");
        file["post_processor"] = Value::Null;
        let file = file.to_string();
        assert_eq!(ids(&[("tokenizer.json", &file)], Family::Bert, 10, "hello"), [2, 5, 3]);
        let general = ("tokenizer_config.json", r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#);
        assert_eq!(ids(&[("tokenizer.json", &file), general], Family::Bert, 10, "hello"), [5]);
    }

    #[test]
    fn tokens_that_other_files_add_are_recognized() {
        let file = bert(true);
        for other in [
            ("added_tokens.json", r#"{"<new>": 10}"#),
            ("tokenizer_config.json", r#"{"added_tokens_decoder": {"10": {"content": "<new>", "special": true}}}"#),
        ] {
            assert_eq!(
                ids(&[("tokenizer.json", &file), other], Family::Bert, 11, "hello <new>"),
                [2, 5, 10, 3],
                "{other:?}"
            );
            // The model has no embedding for it.
            let without = ids(&[("tokenizer.json", &file), other], Family::Bert, 10, "hello <new>");
            assert!(without.iter().all(|&id| id < 10), "{without:?}");
        }
    }

    #[test]
    fn random_tokens_are_turned_off() {
        let mut file: Value = serde_json::from_str(&bert(true)).expect("JSON");
        file["model"]["dropout"] = json!(0.5);
        let file =
            TokenizerFile::of(&files(&[("tokenizer.json", &file.to_string())]), Family::Bert).expect("a tokenizer");
        assert!(file.is_changed && file.contents["model"]["dropout"].is_null());
    }

    #[test]
    fn another_file_in_place_of_one_is_named() {
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n";
            let error = TokenizerFile::of(&files(&[(name, pointer)]), Family::Bert).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("Git LFS pointer"), "{error}");
        }
    }
}
