//! Tokenizers of each family against Python's on 3,000 texts, and mutated tokenizer files.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use hone_core::rng::{Rng, Stream};
use hone_core::text::Tokenizer;
use hone_tests::{assert_same_ids, golden, json, minilm, stories};
use serde_json::{Value, json as value};

#[test]
fn token_ids_of_3_000_texts_equal_pythons() {
    let expected = json("tokenizer_ids.json");
    for (name, folder, vocab) in [
        ("minilm", minilm(), 30_522),
        ("stories260k", stories(), 512),
        ("byte_level", golden("byte_level"), 800),
        ("unigram", golden("unigram"), 300),
    ] {
        let json = std::fs::read(folder.join("tokenizer.json")).expect("a tokenizer.json");
        assert_same_ids(&Tokenizer::parse(&json, vocab).expect("a tokenizer"), &expected[name]);
    }
}

/// Number of mutated files to try.
const MUTATED: u64 = 10_000;

#[test]
fn no_mutated_file_panics() {
    let files: Vec<Value> = ["byte_level", "unigram"].map(|name| json(&format!("{name}/tokenizer.json"))).into();
    let files = [files, vec![word_piece(), prefixed()]].concat();
    // Replacement values: parts of all files, and values that no tokenizer expects.
    let mut parts: Vec<Value> = files.iter().flat_map(places).map(|(_, part)| part).collect();
    parts.extend([
        value!(null),
        value!(0),
        value!(-1),
        value!(1e9),
        value!(u32::MAX),
        value!(""),
        value!("##"),
        value!("B"),
    ]);
    parts.extend([value!([]), value!({}), value!(true), value!({"type": "FixedLength", "length": 0})]);
    parts.extend(["AAAAAA==", "/////w==", "AAQAAAAA"].map(Value::from));
    let (mut panicked, mut read) = (BTreeMap::new(), 0);
    let last = Arc::new(Mutex::new(String::new()));
    let in_hook = Arc::clone(&last);
    panic::set_hook(Box::new(move |info| *in_hook.lock().unwrap() = info.to_string()));
    for seed in 0..MUTATED {
        let mut rng = Rng::new(seed, Stream::Synthetic, 0);
        let mut file = one_of(&files, &mut rng).clone();
        for _ in 0..=rng.below(2) {
            let places = places(&file);
            let (path, old) = one_of(&places, &mut rng);
            let alike: Vec<&Value> = parts.iter().filter(|part| discriminant(*part) == discriminant(old)).collect();
            match rng.below(16) {
                0 => remove(&mut file, path),
                1 => *file.pointer_mut(path).expect("a value") = one_of(&parts, &mut rng).clone(),
                _ => *file.pointer_mut(path).expect("a value") = (*one_of(&alike, &mut rng)).clone(),
            }
        }
        match panic::catch_unwind(AssertUnwindSafe(|| is_usable(&file))) {
            Ok(is_usable) => read += u64::from(is_usable),
            Err(_) => _ = panicked.insert(last.lock().unwrap().clone(), file.to_string()),
        }
    }
    drop(panic::take_hook());
    assert!(panicked.is_empty(), "{panicked:#.2000?}");
    assert!(read > MUTATED / 4, "only {read} parsed: rejected files test little");
}

/// Parses a file and uses it in every way that Hone does. Returns false if parsing fails.
fn is_usable(file: &Value) -> bool {
    let Ok(tokenizer) = Tokenizer::parse(file.to_string().as_bytes(), 800) else { return false };
    let texts = ["", "a", "The ABC of Ärger, naïve  co-operation!", "日本語 \u{1F600}\n\tx", "aaaa ab##ab <s> [CLS]"];
    for text in texts {
        let Ok(ids) = tokenizer.encode(text, 8) else { continue };
        // Decoding may fail but must not panic.
        _ = (tokenizer.tokenize(text), tokenizer.decode(&ids));
    }
    true
}

/// A random element.
fn one_of<'a, T>(list: &'a [T], rng: &mut Rng) -> &'a T {
    &list[rng.below(list.len() as u64) as usize]
}

/// Removes the value at a JSON pointer.
fn remove(file: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    match file.pointer_mut(parent).expect("a value") {
        Value::Object(fields) => _ = fields.shift_remove(&name.replace("~1", "/").replace("~0", "~")),
        Value::Array(list) => _ = list.remove(name.parse().expect("a number")),
        _ => {}
    }
}

/// Every value in a file with its JSON pointer; only the beginning of long arrays and objects.
fn places(file: &Value) -> Vec<(String, Value)> {
    let (mut places, mut left) = (Vec::new(), vec![(String::new(), file)]);
    while let Some((path, part)) = left.pop() {
        let inside = |name: String, part| (format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), part);
        match part {
            Value::Object(fields) => left.extend(fields.iter().take(12).map(|(name, part)| inside(name.clone(), part))),
            Value::Array(list) => {
                left.extend(list.iter().take(6).enumerate().map(|(at, part)| inside(at.to_string(), part)))
            }
            _ => {}
        }
        if !path.is_empty() {
            places.push((path, part.clone()));
        }
    }
    places
}

fn word_piece() -> Value {
    let token = |name: &str| value!({"SpecialToken": {"id": name, "type_id": 0}});
    let text = |name: &str| value!({"Sequence": {"id": name, "type_id": 0}});
    let vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "the", "##a", "##b", "ab", "!"];
    let vocab: serde_json::Map<String, Value> = (0..).zip(vocab).map(|(id, token)| (token.into(), id.into())).collect();
    value!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 2, "content": "[CLS]", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true}],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"},
            {"type": "FixedLength", "length": 3}, {"type": "Digits", "individual_digits": true},
            {"type": "Split", "pattern": {"String": "-"}, "behavior": "Isolated", "invert": false}]},
        "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": true,
            "trim_offsets": true, "use_regex": true}, {"type": "TemplateProcessing",
            "single": [token("[CLS]"), text("A"), token("[SEP]")],
            "pair": [token("[CLS]"), text("A"), token("[SEP]"), text("B"), token("[SEP]")],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}]},
        "decoder": {"type": "Sequence", "decoders": [{"type": "WordPiece", "prefix": "##", "cleanup": true},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}, {"type": "Fuse"}]},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab}
    })
}

/// BPE with a prefix for tokens that continue a word.
fn prefixed() -> Value {
    value!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"},
            {"type": "Prepend", "prepend": "a"}, {"type": "Strip", "strip_left": true, "strip_right": true}]},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true},
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": true,
            "add_prefix_space": true},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "BPEDecoder", "suffix": "</w>"}, {"type": "CTC", "pad_token": "<pad>",
            "word_delimiter_token": "|", "cleanup": true}]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": "##",
            "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": {"<s>": 0, "</s>": 1, "<unk>": 2, "a": 3, "##a": 4, "aa": 5, "##b": 6, "aab": 7, "<0x61>": 8},
            "merges": ["a ##a", ["aa", "##b"]]}
    })
}
