//! Rotary embeddings that were scaled for longer texts, against transformers.

use std::fs;

use burn::tensor::Device;
use hone_core::model::{ModelConfig, TaskModel};
use hone_core::recipe::{Pooling, Task};
use hone_core::weights::Tensors;
use hone_tests::{add_tensors, assert_close, golden, json, scores, tolerance};
use serde_json::{Value, json as value};

/// Tokens of the micro Llama's vocabulary.
const VOCABULARY: usize = 64;

#[test]
fn logits_under_each_scaling_equal_transformers() {
    let (device, file) = (Device::flex(), json("rope_scaling.json"));
    let ids = file["input_ids"].as_array().unwrap();
    let seq = ids[0].as_array().unwrap().len();
    let batch = value!({"input_ids": ids, "attention_mask": vec![vec![1; seq]; ids.len()]});
    let every = file["every"].as_u64().unwrap() as usize;
    let cases = file["cases"].as_object().unwrap();
    assert_eq!(cases.len(), 6);
    for (name, case) in cases {
        let mut config: Value = serde_json::from_slice(&fs::read(golden("micro_llama/config.json")).unwrap()).unwrap();
        config["rope_parameters"] = case["rope_parameters"].clone();
        let config = ModelConfig::parse(config.to_string().as_bytes()).unwrap();
        let mut tensors = Tensors::new(config.family(), &device);
        add_tensors(&mut tensors, &golden("micro_llama/model.safetensors"));
        let model = TaskModel::load(&config, Task::Generation, Pooling::Mean, 0, &mut tensors).unwrap();
        let logits = scores(&model, &batch, &device);
        let rows = logits.chunks(VOCABULARY * seq);
        let kept: Vec<f32> = rows.flat_map(|row| row.chunks(VOCABULARY).step_by(every)).flatten().copied().collect();
        let expected: Vec<f32> = serde_json::from_value(case["logits"].clone()).unwrap();
        assert_close(name, &kept, &expected, tolerance::LOGITS);
    }
}
