//! `hone train` on a model whose weights are in several files.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hone_core::weights::{FileReader, TensorInfo, write_header};
use serde_json::json;

const RECIPE: &str = r#"{"task": "generation", "batch_size": 4, "max_length": 32, "validation_ratio": 0.2,
    "generated_rows": 1, "max_new_tokens": 4}"#;
const SHARDS: usize = 3;

fn stories() -> PathBuf {
    PathBuf::from("../../tests/models/stories260K")
}

fn shard(place: usize) -> String {
    format!("model-{:05}-of-{SHARDS:05}.safetensors", place + 1)
}

/// Copies the model with its weights in several files.
fn split(into: &Path) {
    let mut tensors = Vec::new();
    let mut reader = FileReader::default();
    let bytes = fs::read(stories().join("model.safetensors")).expect("weights");
    let mut take = |info: &TensorInfo, bytes: Vec<u8>| {
        tensors.push((info.clone(), bytes));
        Ok(())
    };
    reader.push(&bytes, &mut take).expect("a whole file");
    let mut map = BTreeMap::new();
    for (place, tensors) in tensors.chunks(tensors.len().div_ceil(SHARDS)).enumerate() {
        let (mut infos, mut data) = (Vec::new(), Vec::new());
        for (info, bytes) in tensors {
            let begin = data.len() as u64;
            data.extend(bytes);
            infos.push(TensorInfo { bytes: begin..data.len() as u64, ..info.clone() });
            map.insert(info.name.clone(), shard(place));
        }
        fs::write(into.join(shard(place)), [write_header(&infos), data].concat()).expect("a file");
    }
    let index = json!({"metadata": {"total_size": bytes.len()}, "weight_map": map});
    fs::write(into.join("model.safetensors.index.json"), index.to_string()).expect("a file");
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(stories().join(name), into.join(name)).expect("a copy");
    }
}

fn train(folder: &Path, model: &Path, out: &str) -> Output {
    let mut hone = Command::new(env!("CARGO_BIN_EXE_hone"));
    hone.arg("train").arg(folder.join("recipe.json")).arg("--data").arg(folder.join("train.jsonl"));
    hone.arg("--model").arg(model).args(["--steps", "1"]).arg("--out").arg(folder.join(out)).output().expect("a run")
}

#[test]
fn several_files_train_like_one_and_a_missing_one_is_named() {
    let folder = std::env::temp_dir().join(format!("hone-shards-{}", std::process::id()));
    _ = fs::remove_dir_all(&folder);
    let model = folder.join("model");
    fs::create_dir_all(&model).expect("a folder");
    fs::write(folder.join("recipe.json"), RECIPE).expect("a file");
    let row = |i: usize| format!("{{\"prompt\": \"Once a dog number {i} saw a\", \"completion\": \"ball.\"}}\n");
    fs::write(folder.join("train.jsonl"), (0..20).map(row).collect::<String>()).expect("a file");
    split(&model);
    for (from, out) in [(&stories(), "one"), (&model, "several")] {
        let output = train(&folder, from, out);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let tuned = |out: &str| fs::read(folder.join(out).join("model/model.safetensors")).expect("a model");
    assert!(tuned("one") == tuned("several"));

    fs::remove_file(model.join(shard(1))).expect("a file");
    let output = train(&folder, &model, "missing");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("model-00002-of-00003.safetensors is missing"), "{error}");
    _ = fs::remove_dir_all(&folder);
}
