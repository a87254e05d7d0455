//! A config.json that disagrees with its tensors is rejected, and the error names the tensor.

use burn::tensor::Device;
use hone_core::model::{BaseModel, ModelConfig};
use hone_core::weights::Incoming;
use hone_tests::golden;
use serde_json::Value;

/// Loads a micro model with one field of its config.json changed.
fn load_with(name: &str, field: &str, value: u64) -> Result<(), String> {
    let read = |file: &str| std::fs::read(golden(name).join(file)).expect("a golden file");
    let mut config: Value = serde_json::from_slice(&read("config.json")).expect("JSON");
    config[field] = value.into();
    let config = ModelConfig::parse(config.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let mut incoming = Incoming::safetensors(config.family(), &Device::flex());
    incoming.push(&read("model.safetensors")).map_err(|error| error.to_string())?;
    let (mut tensors, _) = incoming.finish().map_err(|error| error.to_string())?;
    BaseModel::load(&config, &mut tensors).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_config_that_disagrees_with_the_tensors_names_the_tensor() {
    for (name, field, value, tensor) in [
        ("micro_bert", "hidden_size", 64, "word_embeddings.weight"),
        ("micro_bert", "num_hidden_layers", 3, "layer.2."),
        ("micro_bert", "vocab_size", 101, "word_embeddings.weight"),
        ("micro_distilbert", "hidden_dim", 8, "lin1."),
        ("micro_roberta", "max_position_embeddings", 9, "position_embeddings.weight"),
        ("micro_llama", "num_key_value_heads", 4, "k_proj.weight"),
        ("micro_llama", "intermediate_size", 4, "mlp."),
        ("micro_gpt2", "n_positions", 8, "wpe.weight"),
        ("micro_gpt2", "n_layer", 9, "h.2."),
    ] {
        let error = load_with(name, field, value).expect_err(field);
        assert!(error.contains(tensor), "{name}, {field} {value}: {error}");
    }
}

#[test]
fn a_matching_config_is_accepted() {
    assert_eq!(load_with("micro_bert", "hidden_size", 32), Ok(()));
    assert_eq!(load_with("micro_llama", "num_key_value_heads", 2), Ok(()));
}
