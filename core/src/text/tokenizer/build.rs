//! tokenizer.json from the lists that older models have instead: vocab.txt of BERT's WordPiece, or vocab.json and merges.txt
//! of GPT-2's byte-level BPE. The settings are those of transformers' `BertTokenizer`, `GPT2Tokenizer`, `RobertaTokenizer` and
//! `Qwen2Tokenizer`.

use serde_json::{Map, Value, json};

use crate::recipe::Family;
use crate::text::tokenizer::added::known_id;
use crate::text::tokenizer::error::TokenizerError;
use crate::text::tokenizer::other_files::{OtherFiles, added};

/// Names of special tokens in tokenizer_config.json, with their usual values in BERT, and in RoBERTa and GPT-2.
const SPECIAL: [(&str, &str, &str); 7] = [
    ("pad_token", "[PAD]", "<pad>"),
    ("unk_token", "[UNK]", "<unk>"),
    ("cls_token", "[CLS]", "<s>"),
    ("sep_token", "[SEP]", "</s>"),
    ("mask_token", "[MASK]", "<mask>"),
    ("bos_token", "", "<|endoftext|>"),
    ("eos_token", "", "<|endoftext|>"),
];

/// Pattern by which Qwen2 cuts texts into words.
const QWEN2_WORDS: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The contents of tokenizer.json, from the lists of a model.
pub(super) fn tokenizer_json(other: &OtherFiles) -> Result<Value, TokenizerError> {
    let is_byte_level = other.is_class(&["Roberta", "GPT2", "Qwen2"], &[Family::Roberta, Family::Gpt2, Family::Qwen2]);
    if let (true, Some(words)) = (other.is_word_piece(), other.text("vocab.txt")) {
        let words = words.trim_end_matches(['\r', '\n']).split('\n').map(|word| word.trim_end_matches('\r'));
        let vocab: Map<String, Value> =
            words.zip(0..).map(|(word, id): (_, u32)| (word.to_owned(), id.into())).collect();
        let mut file = json!({
            "version": "1.0",
            "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": null, "lowercase": true},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": null,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
            "model": {"type": "WordPiece", "unk_token": other.special("unk_token", "[UNK]"),
                "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
        });
        add_special(&mut file, other, |(field, bert, _)| (field, bert));
        return Ok(file);
    }
    let (true, Some(merges)) = (is_byte_level, other.text("merges.txt")) else { return Err(TokenizerError::Absent) };
    let vocab = OtherFiles::json(other.files, "vocab.json")?;
    let merges: Vec<&str> =
        merges.lines().filter(|line| !line.starts_with("#version") && line.trim().contains(' ')).collect();
    let byte_level = |use_regex: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": use_regex});
    let is_qwen = other.is_class(&["Qwen2"], &[Family::Qwen2]);
    let split = json!({"type": "Split", "pattern": {"Regex": QWEN2_WORDS}, "behavior": "Isolated", "invert": false});
    let mut file = json!({
        "version": "1.0",
        "normalizer": if is_qwen { json!({"type": "NFC"}) } else { Value::Null },
        "pre_tokenizer": if is_qwen { json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]}) } else { byte_level(true) },
        "post_processor": byte_level(true),
        "decoder": byte_level(true),
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": merges},
    });
    add_special(&mut file, other, |(field, _, other)| (field, other));
    Ok(file)
}

/// Marks the special tokens that are in the vocabulary. The mask of RoBERTa takes the space before it.
fn add_special(
    file: &mut Value,
    other: &OtherFiles,
    usual: impl Fn((&'static str, &'static str, &'static str)) -> (&'static str, &'static str),
) {
    let mut list: Vec<Value> = Vec::new();
    for (field, default) in SPECIAL.map(usual) {
        let token = other.special(field, default);
        let Some(id) = known_id(file, &token) else { continue };
        if !list.iter().any(|known| known["id"] == id) {
            let mut entry = added(id, &token, true, &Map::new());
            entry["lstrip"] = (token == "<mask>").into();
            list.push(entry);
        }
    }
    list.sort_by_key(|token| token["id"].as_u64());
    file["added_tokens"] = Value::Array(list);
}

/// Adds the special tokens around texts that encoders expect, where tokenizer.json has none, as transformers' classes of these
/// families do. Returns true if it did.
pub(super) fn add_template(file: &mut Value, other: &OtherFiles) -> bool {
    let is_none = file["post_processor"].is_null() || file["post_processor"]["type"] == "ByteLevel";
    let is_bert =
        other.is_class(&["Bert", "DistilBert", "Electra"], &[Family::Bert, Family::DistilBert, Family::Electra]);
    let is_roberta = other.is_class(&["Roberta"], &[Family::Roberta]);
    if !is_none || !(is_bert || is_roberta) {
        return false;
    }
    let (begin, end) = if is_bert {
        (other.special("cls_token", "[CLS]"), other.special("sep_token", "[SEP]"))
    } else {
        (other.special("cls_token", "<s>"), other.special("sep_token", "</s>"))
    };
    let (Some(begin_id), Some(end_id)) = (known_id(file, &begin), known_id(file, &end)) else { return false };
    let special = |token: &str, type_id: u32| json!({"SpecialToken": {"id": token, "type_id": type_id}});
    let text = |name: &str, type_id: u32| json!({"Sequence": {"id": name, "type_id": type_id}});
    let second = u32::from(is_bert);
    let mut pair = vec![special(&begin, 0), text("A", 0), special(&end, 0)];
    if is_roberta {
        pair.push(special(&end, 0));
    }
    pair.extend([text("B", second), special(&end, second)]);
    file["post_processor"] = json!({
        "type": "TemplateProcessing",
        "single": [special(&begin, 0), text("A", 0), special(&end, 0)],
        "pair": pair,
        "special_tokens": {
            &begin: {"id": begin, "ids": [begin_id], "tokens": [begin]},
            &end: {"id": end, "ids": [end_id], "tokens": [end]},
        },
    });
    true
}
