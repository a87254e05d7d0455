//! Weights that transformers saved in several files, and sets of files that do not belong together.

use std::fs;

use burn::tensor::Device;
use hone_core::diagnostic::Diagnostic;
use hone_core::model::{BaseModel, ModelConfig};
use hone_core::weights::{Dtype, Incoming, ShardIndex, TensorInfo, Tensors, Weights, write_header};
use hone_tests::{add_tensors, golden, json};

const FOLDER: &str = "micro_llama_sharded";

/// Reads files of these contents, a few bytes at a time.
fn read(index: &[u8], files: &[Vec<u8>]) -> Result<Tensors<'static>, Diagnostic> {
    let config = ModelConfig::parse(&fs::read(golden(FOLDER).join("config.json")).unwrap()).unwrap();
    let mut incoming =
        Incoming::safetensors(config.family(), &Device::flex()).in_shards(ShardIndex::parse(index).unwrap());
    for file in files {
        for piece in file.chunks(777) {
            incoming.push(piece)?;
        }
        incoming.end_shard()?;
    }
    Ok(incoming.finish()?.0)
}

/// Every weight of the micro Llama by name, bit for bit.
fn weights(mut tensors: Tensors) -> Vec<(String, Vec<u32>)> {
    let config = ModelConfig::parse(&fs::read(golden(FOLDER).join("config.json")).unwrap()).unwrap();
    let model = BaseModel::load(&config, &mut tensors).unwrap();
    let mut weights = Vec::new();
    model.visit(&mut |weight| {
        let values: Vec<f32> = weight.values().0.into_data().try_into_vec().unwrap();
        weights.push((weight.name().to_string(), values.into_iter().map(f32::to_bits).collect()));
    });
    weights
}

#[test]
fn several_files_of_transformers_are_the_model_of_one_file() {
    let folder = golden(FOLDER);
    let index = fs::read(folder.join("model.safetensors.index.json")).unwrap();
    let names: Vec<String> = serde_json::from_value(json("sharded.json")["files"].clone()).unwrap();
    assert_eq!(ShardIndex::parse(&index).unwrap().files(), names);
    let files: Vec<Vec<u8>> = names.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect();
    let mut whole = Tensors::new(hone_core::recipe::Family::Llama, &Device::flex());
    add_tensors(&mut whole, &golden("micro_llama/model.safetensors"));
    assert_eq!(weights(read(&index, &files).unwrap()), weights(whole));
}

/// A file with tensors of two numbers.
fn file(names: &[&str]) -> Vec<u8> {
    let infos: Vec<TensorInfo> = (0u64..)
        .zip(names)
        .map(|(i, name)| TensorInfo {
            name: (*name).into(),
            dtype: Dtype::F32,
            shape: vec![2],
            bytes: 8 * i..8 * (i + 1),
        })
        .collect();
    [write_header(&infos), vec![0; 8 * names.len()]].concat()
}

const INDEX: &[u8] = br#"{"weight_map": {"x": "m-1.safetensors", "y": "m-1.safetensors", "z": "m-2.safetensors"}}"#;

fn refused(files: &[Vec<u8>]) -> Diagnostic {
    read(INDEX, files).map(drop).expect_err("it does not belong together")
}

#[test]
fn files_that_do_not_belong_together_are_refused_by_name() {
    assert!(read(INDEX, &[file(&["x", "y"]), file(&["z"])]).is_ok());
    let lacking = refused(&[file(&["x"]), file(&["y", "z"])]);
    assert_eq!(lacking.code, "model.shards");
    assert!(lacking.what.contains("tensor y is not in m-1.safetensors"), "{lacking}");
    let twice = refused(&[file(&["x", "y"]), file(&["z", "x"])]);
    assert_eq!(twice.code, "model.shards");
    assert!(twice.what.contains("tensor x is in two files, m-1.safetensors and m-2.safetensors"), "{twice}");
    assert!(!lacking.remedy.is_empty() && !twice.remedy.is_empty());
}

#[test]
fn a_file_that_ends_early_is_named() {
    let mut second = file(&["z"]);
    second.pop();
    let error = refused(&[file(&["x", "y"]), second]);
    assert_eq!(error.code, "model.truncated");
    assert!(error.what.contains("m-2.safetensors: the file ends too early"), "{error}");
}
