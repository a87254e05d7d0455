//! A pretrained model with a tokenizer, and made-up texts for it.

use std::fs;
use std::ops::Range;
use std::path::Path;

use burn::tensor::Device;
use hone_core::dataset::{Word, words};
use hone_core::model::ModelConfig;
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{Family, Pooling};
use hone_core::weights::Tensors;
use hone_tests::add_tensors;
use serde_json::{Value, json};

/// A model with a tokenizer for words such as `w5`, each of which may end in `s`.
pub fn pretrained(folder: &Path, pooling: Pooling, device: &Device) -> Pretrained {
    pretrained_with(folder, pooling, device, Vec::new())
}

/// The same with further files in its folder.
pub fn pretrained_with(
    folder: &Path,
    pooling: Pooling,
    device: &Device,
    mut verbatim: Vec<(String, Vec<u8>)>,
) -> Pretrained {
    let config_json = fs::read(folder.join("config.json")).unwrap();
    let config = ModelConfig::parse(&config_json).unwrap();
    let mut tensors = Tensors::new(config.family(), device);
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    let files = tokenizer(config.family(), config.vocab());
    verbatim.extend(files.map(|(name, file)| (name.to_owned(), file.to_string().into_bytes())));
    Pretrained::new(config_json, verbatim, tensors, pooling).unwrap().0
}

/// tokenizer.json and tokenizer_config.json of a family whose special tokens have the ids in the micro model's config.
fn tokenizer(family: Family, size: usize) -> [(&'static str, Value); 2] {
    let [begin, end, pad, unknown] = match family {
        family if family.is_roberta() => [0, 2, 1, 3],
        Family::Gpt2 => [size - 1, size - 1, size - 1, 0],
        family if family.is_decoder() => [1, 2, 3, 0],
        _ => [1, 2, 0, 3],
    };
    let name = |id| match id {
        id if id == unknown => "<unk>".into(),
        id if id == begin => "<s>".into(),
        id if id == end => "</s>".into(),
        id if id == pad => "<pad>".into(),
        4 => "##s".into(),
        id => format!("w{id}"),
    };
    let vocabulary: serde_json::Map<String, Value> = (0..size).map(|id| (name(id), json!(id))).collect();
    let mut special = vec![unknown, begin, end, pad];
    special.sort_unstable();
    special.dedup();
    let added = special.iter().map(|&id| {
        json!({"id": id, "content": name(id), "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true})
    });
    let token = |id: usize, kind: u32| json!({"SpecialToken": {"id": name(id), "type_id": kind}});
    let text = |which: &str, kind: u32| json!({"Sequence": {"id": which, "type_id": kind}});
    let has_types = matches!(family, Family::Bert | Family::Electra);
    let second = u32::from(has_types);
    let (single, pair) = match family {
        Family::Gpt2 => (json!([text("A", 0)]), json!([text("A", 0), text("B", 0)])),
        family if family.is_decoder() => {
            (json!([token(begin, 0), text("A", 0)]), json!([token(begin, 0), text("A", 0), text("B", 0)]))
        }
        _ => {
            let between = if family.is_roberta() { vec![token(end, 0); 2] } else { vec![token(end, 0)] };
            let pair =
                [vec![token(begin, 0), text("A", 0)], between, vec![text("B", second), token(end, second)]].concat();
            (json!([token(begin, 0), text("A", 0), token(end, 0)]), json!(pair))
        }
    };
    let described = special.iter().map(|&id| (name(id), json!({"id": name(id), "ids": [id], "tokens": [name(id)]})));
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added.collect::<Vec<_>>(),
        "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": described.collect::<serde_json::Map<_, _>>()},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": false},
        "model": {"type": "WordPiece", "unk_token": name(unknown), "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    let inputs: &[&str] =
        if has_types { &["input_ids", "token_type_ids", "attention_mask"] } else { &["input_ids", "attention_mask"] };
    let config = json!({"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": inputs,
        "pad_token": name(pad), "unk_token": name(unknown), "clean_up_tokenization_spaces": false});
    [("tokenizer.json", tokenizer), ("tokenizer_config.json", config)]
}

/// A made-up text of `count` words. Every third has two tokens, and some have letters of two bytes.
pub fn text(seed: u32, count: u32) -> String {
    let word = |i: u32| {
        let id = 5 + (seed * 7 + i * i * 3 + i) % 55;
        let odd = if (seed + i).is_multiple_of(11) { " é" } else { "" };
        format!("w{id}{}{odd}", if i % 3 == 2 { "s" } else { "" })
    };
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

/// The words of a text with alternating tags.
pub fn tagged(text: &str) -> Vec<Word> {
    let word = |(i, group): (usize, Range<usize>)| Word {
        start: group.start as u32,
        end: group.end as u32,
        tag: i as u32 % 3,
    };
    words(text).into_iter().enumerate().map(word).collect()
}
