//! The network against transformers.

use burn::tensor::Device;
use hone_core::model::Dropout;
use hone_core::recipe::Pooling;
use hone_core::text::Tokenizer;
use hone_tests::{assert_close, classifier, golden, input, json, minilm, tolerance, values};
use serde_json::{Value, json};

#[test]
fn minilms_logits_equal_transformers() {
    let Some(folder) = minilm() else { return };
    let device = Device::flex();
    let expected = values(&golden("minilm_logits.safetensors"));
    let rows = json("minilm_logits.json")["rows"].as_array().unwrap().clone();
    let column = |key: &str| Value::Array(rows.iter().map(|row| row[key].clone()).collect());
    let batch = json!({"input_ids": column("input_ids"), "attention_mask": column("attention_mask")});
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let model = classifier(&folder, "minilm_logits.safetensors", pooling, 3, &device);
        let logits = model.forward(input(&batch, &device), &mut Dropout::off());
        let logits: Vec<f32> = logits.into_data().try_into_vec().unwrap();
        assert_close(name, &logits, &expected[&format!("{name}.logits")], tolerance::LOGITS);
    }
}

#[test]
fn minilms_token_ids_equal_transformers() {
    let Some(folder) = minilm() else { return };
    let tokenizer = Tokenizer::parse(&std::fs::read(folder.join("tokenizer.json")).unwrap(), 30_522).unwrap();
    let golden = json("minilm_logits.json");
    for row in golden["rows"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        let tokens = row["attention_mask"].as_array().unwrap().iter().filter(|m| **m == json!(1)).count();
        let expected: Vec<u32> = serde_json::from_value(row["input_ids"].clone()).unwrap();
        assert_eq!(tokenizer.encode(text, 64).unwrap(), expected[..tokens], "{text:?}");
    }
}
