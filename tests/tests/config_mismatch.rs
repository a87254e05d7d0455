//! A config.json that disagrees with its tensors is rejected, and the error names the tensor. What many files lack is made up
//! for.

use burn::tensor::Device;
use hone_core::model::{BaseModel, ModelConfig};
use hone_core::recipe::{Pooling, Recipe, RecipeSpec, RowFacts};
use hone_core::weights::{Incoming, Tensors};
use hone_tests::{each_tensor, golden};
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

/// Loads a micro model whose tensors are renamed; an empty name drops one. Also returns the names that were not used.
fn load_renamed(name: &str, rename: impl Fn(&str) -> String) -> Result<(BaseModel, Vec<String>), String> {
    let config = std::fs::read(golden(name).join("config.json")).expect("a golden file");
    let config = ModelConfig::parse(&config).map_err(|error| error.to_string())?;
    let mut tensors = Tensors::new(config.family(), &Device::flex());
    each_tensor(&golden(name).join("model.safetensors"), |mut info, bytes| {
        info.name = rename(&info.name);
        if !info.name.is_empty() {
            tensors.add(&info, bytes).expect("a new name");
        }
    });
    let body = BaseModel::load(&config, &mut tensors).map_err(|error| error.to_string())?;
    Ok((body, tensors.finish().unused))
}

#[test]
fn a_tied_decoder_is_read_from_its_output_layer() {
    for (name, embedding) in [("micro_llama", "embed_tokens.weight"), ("micro_gpt2", "wte.weight")] {
        let as_output = |tensor: &str| if tensor.ends_with(embedding) { "lm_head.weight" } else { tensor }.to_owned();
        let (renamed, unused) = load_renamed(name, as_output).expect(name);
        let (original, _) = load_renamed(name, str::to_owned).expect(name);
        assert!(!unused.contains(&"lm_head.weight".to_owned()), "{name}: {unused:?}");
        assert_eq!(renamed.vocab(), original.vocab(), "{name}");
        let error = load_renamed(name, |tensor| as_output(tensor).replace("lm_head.weight", "")).map(drop).unwrap_err();
        assert!(error.contains(embedding), "{name}: {error}");
    }
    // Without tied weights, both are needed.
    let untied = |tensor: &str| if tensor.ends_with("embed_tokens.weight") { "" } else { tensor }.to_owned();
    assert!(load_renamed("micro_llama_untied", untied).map(drop).unwrap_err().contains("embed_tokens.weight"));
}

#[test]
fn a_bert_without_a_pooler_is_pooled_by_the_mean() {
    let without_pooler = |tensor: &str| if tensor.contains("pooler.") { "" } else { tensor }.to_owned();
    for (name, expected) in
        [("micro_bert", Pooling::Mean), ("micro_distilbert", Pooling::Cls), ("micro_roberta", Pooling::Cls)]
    {
        let (body, _) = load_renamed(name, without_pooler).expect(name);
        let pooling = body.usable_pooling(Pooling::Cls);
        assert_eq!((pooling, body.usable_pooling(Pooling::Mean)), (expected, Pooling::Mean), "{name}");
        let recipe = Recipe::new(RecipeSpec::default(), &body.facts(16, pooling, RowFacts::default())).expect(name);
        assert_eq!(recipe.pooling(), expected, "{name}");
    }
    let (whole, _) = load_renamed("micro_bert", str::to_owned).expect("a golden model");
    assert_eq!(whole.usable_pooling(Pooling::Cls), Pooling::Cls);
}
