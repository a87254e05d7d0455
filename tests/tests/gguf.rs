//! GGUF files against transformers: weights, names, config.json and tokenizers.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use hone_core::model::{Dropout, TaskModel};
use hone_core::recipe::{Pooling, Task};
use hone_core::runner::ModelLoader;
use hone_core::text::{GgufVocab, Tokenizer, TokenizerError};
use hone_core::weights::{self, Dtype, GgufHeader, GgufReader, TensorInfo};
use hone_tests::{assert_close, assert_same_ids, golden, input, json, multilingual_e5, smollm2, tolerance, values};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Reads a file and passes each tensor to `take`.
fn read(path: &Path, mut take: impl FnMut(&TensorInfo, Vec<u8>)) -> GgufHeader {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut reader = GgufReader::default();
    for piece in bytes.chunks(1 << 16) {
        let pushed = reader.push(piece, &mut |info, bytes| {
            take(info, bytes);
            Ok(())
        });
        pushed.expect("a good file");
    }
    reader.finish().expect("a whole file")
}

fn header(path: &str) -> GgufHeader {
    read(&golden(path), |_, _| {})
}

fn tokenizer(header: &GgufHeader) -> Tokenizer {
    let files = header.tokenizer_files().expect("a tokenizer");
    assert_eq!(files[0].0, "tokenizer.json");
    let config: Value = serde_json::from_slice(&header.config_json()).expect("JSON");
    Tokenizer::parse(&files[0].1, config["vocab_size"].as_u64().expect("vocab_size") as usize)
        .expect("a good tokenizer")
}

fn odd_texts(golden: &Value) -> Vec<String> {
    serde_json::from_value(golden["odd"].clone()).expect("texts")
}

#[track_caller]
fn assert_ids<'a>(tokenizer: &Tokenizer, texts: impl Iterator<Item = &'a String>, expected: &Value) {
    let expected: Vec<Vec<u32>> = serde_json::from_value(expected.clone()).expect("ids");
    let mut count = 0;
    for (text, ids) in texts.zip(&expected) {
        assert_eq!(&tokenizer.encode(text, usize::MAX).unwrap(), ids, "{text:?}");
        count += 1;
    }
    assert_eq!(count, expected.len());
}

#[test]
fn weights_and_config_equal_transformers() {
    for name in ["llama", "gpt2", "qwen2", "qwen3", "gemma3", "bert"] {
        let mut expected = values(&golden(&format!("micro_gguf/{name}.safetensors")));
        let mut unused = Vec::new();
        let header = read(&golden(&format!("micro_gguf/{name}.gguf")), |info, bytes| {
            let found: Vec<f32> = weights::decode(info, bytes).expect("floats").try_into_vec().expect("floats");
            match expected.remove(&*info.name) {
                Some(expected) => assert_eq!(found, expected, "{}", info.name),
                None => unused.push(info.name.clone()),
            }
        });
        assert!(expected.is_empty(), "{name} lacks {:?}", expected.keys());
        let has_output_twice = !["llama", "bert"].contains(&name);
        assert_eq!(unused, if has_output_twice { vec!["output.weight"] } else { vec![] });
        let config: Value = serde_json::from_slice(&header.config_json()).unwrap();
        for (field, value) in json("micro_gguf.json")[name].as_object().unwrap() {
            // The golden value is a 32-bit float, ours the decimal that rounds to it.
            let same = match (config[field].as_f64(), value.as_f64()) {
                (Some(found), Some(value)) => found as f32 == value as f32,
                _ => config[field] == *value,
            };
            assert!(same, "{name}: {field} is {} instead of {value}", config[field]);
        }
    }
}

#[test]
fn blocks_of_the_k_types_are_decoded_as_by_the_gguf_package() {
    let expected = values(&golden("micro_gguf/blocks.safetensors"));
    let mut found = BTreeMap::new();
    read(&golden("micro_gguf/blocks.gguf"), |info, bytes| {
        let decoded = weights::decode(info, bytes).expect("floats");
        found.insert(info.name.clone(), decoded.try_into_vec::<f32>().expect("floats"));
    });
    for name in ["Q4_K", "Q5_K", "Q6_K"] {
        assert_eq!(found[name], expected[name], "{name}");
    }
}

#[test]
fn a_tied_output_that_is_stored_once_more_is_not_used() {
    for (name, model_type) in [("qwen2", "qwen2"), ("qwen3", "qwen3"), ("gemma3", "gemma3_text")] {
        let config: Value = serde_json::from_slice(&header(&format!("micro_gguf/{name}.gguf")).config_json()).unwrap();
        assert_eq!((&config["model_type"], &config["tie_word_embeddings"]), (&model_type.into(), &true.into()));
    }
}

#[test]
fn shapes_equal_transformers() {
    let mut shapes = BTreeMap::new();
    read(&golden("micro_gguf/llama.gguf"), |info, _| {
        shapes.insert(info.name.clone(), info.shape.clone());
    });
    assert_eq!(shapes["model.layers.1.self_attn.k_proj.weight"], [16, 32]);
    assert_eq!(shapes["model.layers.0.mlp.down_proj.weight"], [32, 64]);
    read(&golden("micro_gguf/gpt2.gguf"), |info, _| {
        shapes.insert(info.name.clone(), info.shape.clone());
    });
    assert_eq!(shapes["transformer.h.0.attn.c_attn.weight"], [32, 96]);
    assert_eq!(shapes["transformer.h.0.mlp.c_proj.weight"], [64, 32]);
}

#[test]
fn sentencepiece_ids_equal_those_of_its_library() {
    let golden_values = json("micro_gguf.json");
    let texts = odd_texts(&golden_values);
    let tokenizer = tokenizer(&header("micro_gguf/llama.gguf"));
    assert_ids(&tokenizer, texts.iter().filter(|text| !text.contains('<')), &golden_values["sentence_piece"]);
}

#[test]
fn byte_level_ids_equal_transformers_for_every_pre_tokenizer() {
    let golden_values = json("micro_gguf.json");
    let texts = odd_texts(&golden_values);
    let header = header("micro_gguf/gpt2.gguf");
    assert_ids(&tokenizer(&header), texts.iter(), &golden_values["byte_level"]["gpt-2"]);
    for (pre, expected) in golden_values["byte_level"].as_object().unwrap() {
        let tokenizer = Tokenizer::parse(&byte_level(&header, pre).files().unwrap()[0].1, 400).unwrap();
        assert_ids(&tokenizer, texts.iter(), expected);
    }
}

#[test]
fn unigram_ids_equal_sentencepieces() {
    let golden_values = json("micro_gguf.json");
    let texts: Vec<String> = odd_texts(&golden_values).into_iter().filter(|text| !text.contains('<')).collect();
    let header = header("micro_gguf/bert.gguf");
    assert_eq!(header.pooling(), Ok(Some(Pooling::Mean)));
    let tokenizer = tokenizer(&header);
    assert_ids(&tokenizer, texts.iter(), &golden_values["unigram"]);
}

#[test]
fn the_multilingual_model_of_the_catalog_equals_transformers() {
    let device = Device::flex();
    let mut loader = ModelLoader::gguf(None, &device);
    for piece in std::fs::read(multilingual_e5()).expect("the model").chunks(1 << 20) {
        loader.push(piece).expect("a good file");
    }
    let (pretrained, report) = loader.finish().expect("a whole file");
    assert_eq!((report.unused, pretrained.pooling), (vec![], Pooling::Mean));
    let model = TaskModel::new(pretrained.base.clone(), Task::Embeddings, Pooling::Mean, 0, 0, &device);
    for row in json("multilingual_e5.json")["rows"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        let ids: Vec<u32> = serde_json::from_value(row["ids"].clone()).unwrap();
        assert_eq!(pretrained.tokenizer.encode(text, usize::MAX).unwrap(), ids, "{text:?}");
        let batch = serde_json::json!({"input_ids": [ids], "attention_mask": [vec![1; ids.len()]]});
        let vector = model.forward(input(&batch, &device), &mut Dropout::off()).into_data().try_into_vec().unwrap();
        let expected: Vec<f32> = serde_json::from_value(row["vector"].clone()).unwrap();
        assert_close(text, &vector, &expected, tolerance::LOGITS);
    }
}

/// The vocabulary of the micro GPT-2 with another pre-tokenizer.
fn byte_level<'a>(header: &'a GgufHeader, pre: &'a str) -> GgufVocab<'a> {
    let list = |key: &str| header.metadata.list(&format!("tokenizer.ggml.{key}")).unwrap();
    GgufVocab {
        model: "gpt2",
        pre: Some(pre),
        tokens: list("tokens"),
        merges: list("merges"),
        token_types: header.metadata.list("tokenizer.ggml.token_type").unwrap(),
        ..GgufVocab::default()
    }
}

#[test]
fn inconsistent_vocabularies_are_rejected() {
    let header = header("micro_gguf/gpt2.gguf");
    let good = byte_level(&header, "gpt-2");
    let assert_rejected = |vocab: GgufVocab, because: &str| {
        let error = vocab.files().unwrap_err().to_string();
        assert!(error.contains(because), "{error:?} does not say {because:?}");
    };
    assert_rejected(GgufVocab { pre: Some("tekken"), ..good.clone() }, "its pre-tokenizer is \"tekken\"");
    assert_rejected(GgufVocab { model: "bert", ..good.clone() }, "of kind \"bert\"");
    assert_rejected(GgufVocab { model: "llama", ..good.clone() }, "there are 0 scores for 400 tokens");
    assert_rejected(GgufVocab { token_types: vec![1], ..good.clone() }, "there are 1 token types for 400 tokens");
    assert_rejected(
        GgufVocab { tokens: vec!["a", "a"], token_types: vec![], ..good.clone() },
        "the token \"a\" is listed twice",
    );
    assert_rejected(GgufVocab { merges: vec!["ab"], ..good.clone() }, "a merge is not two tokens");
    assert_rejected(GgufVocab { eos: Some(400), ..good.clone() }, "the id 400, which is not in the vocabulary");
    assert_rejected(
        GgufVocab { bos: Some(u64::MAX), adds_bos: Some(true), ..good.clone() },
        "which is not in the vocabulary",
    );

    let parsed = |vocab: GgufVocab, rows| Tokenizer::parse(&vocab.files().unwrap()[0].1, rows).map(|_| ());
    assert_eq!(parsed(good.clone(), 400), Ok(()));
    let beyond = parsed(good.clone(), 399);
    assert!(matches!(beyond, Err(TokenizerError::BeyondVocab { id: 399, vocab: 399 })), "{beyond:?}");
    let unknown = parsed(GgufVocab { merges: vec!["a never"], ..good }, 400);
    assert!(matches!(unknown, Err(TokenizerError::Inconsistent(_))), "{unknown:?}");
}

#[test]
fn bos_and_eos_are_added_according_to_the_metadata() {
    let header = header("micro_gguf/gpt2.gguf");
    let around = |adds_bos, adds_eos| {
        let vocab = GgufVocab { bos: Some(0), eos: Some(1), adds_bos, adds_eos, ..byte_level(&header, "llama-bpe") };
        let tokenizer = Tokenizer::parse(&vocab.files().unwrap()[0].1, 400).unwrap();
        tokenizer.encode("a", usize::MAX).unwrap()
    };
    assert_eq!(around(None, None), [0, 66]);
    assert_eq!(around(Some(false), Some(true)), [66, 1]);
    assert_eq!(around(Some(true), Some(true)), [0, 66, 1]);
}

#[test]
fn smollm2s_weights_and_token_ids_equal_transformers() {
    let path = smollm2();
    let golden_values = json("micro_gguf.json");
    let expected = &golden_values["smollm2"];
    let mut hashes = BTreeMap::new();
    let header = read(&path, |info, bytes| {
        assert_eq!(info.dtype, Dtype::F32);
        hashes.insert(info.name.clone(), (format!("{} {:?}", info.name, info.shape), Sha256::digest(&bytes)));
    });
    let mut all = Sha256::new();
    hashes.values().for_each(|(what, hash)| all.update([what.as_bytes(), hash].concat()));
    assert_eq!(format!("{:x}", all.finalize()), expected["weights"]);

    let tokenizer = tokenizer(&header);
    assert_ids(&tokenizer, odd_texts(&golden_values).iter(), &expected["odd"]);
    assert_same_ids(&tokenizer, &expected["files"]);
}
