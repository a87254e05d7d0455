//! MiniLM against transformers, and the report of a loaded model.

use std::fs;
use std::sync::Arc;

use burn::tensor::Device;
use hone_core::model::{BaseModel, Dropout, LoraConfig, ModelConfig, TaskModel};
use hone_core::pretrained::Pretrained;
use hone_core::recipe::{
    AdapterKind, LoraTarget, ModelFacts, ParamGroup, Pooling, Preset, Recipe, RecipeSpec, RowFacts, Task,
};
use hone_core::text::{EncodedTexts, Tokenizer};
use hone_core::usage::HeadLayers;
use hone_core::weights::{ImportReport, Tensors, Weights};
use hone_tests::{
    add_tensors, assert_close, classifier, golden, input, json, minilm, tolerance, values, word_tokenizer,
};
use serde_json::{Value, json};

#[test]
fn minilms_logits_equal_transformers() {
    let folder = minilm();
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
    let folder = minilm();
    let tokenizer = Tokenizer::parse(&fs::read(folder.join("tokenizer.json")).unwrap(), 30_522).unwrap();
    let golden = json("minilm_logits.json");
    for row in golden["rows"].as_array().unwrap() {
        let text = row["text"].as_str().unwrap();
        let tokens = row["attention_mask"].as_array().unwrap().iter().filter(|m| **m == json!(1)).count();
        let expected: Vec<u32> = serde_json::from_value(row["input_ids"].clone()).unwrap();
        assert_eq!(tokenizer.encode(text, 64).unwrap(), expected[..tokens], "{text:?}");
    }
}

/// The pretrained model in a golden folder, with a placeholder tokenizer.
fn pretrained(folder: &str) -> Pretrained {
    let folder = golden(folder);
    let config_json = fs::read(folder.join("config.json")).unwrap();
    let config = ModelConfig::parse(&config_json).unwrap();
    let mut tensors = Tensors::new(config.family(), &Device::flex());
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    Pretrained {
        base: BaseModel::load(&config, &mut tensors).unwrap(),
        config,
        config_json,
        tokenizer: Arc::new(word_tokenizer(&["a"], true)),
        chat: None,
        verbatim: Vec::new(),
        pooling: Pooling::Mean,
        tuned: None,
        notes: Vec::new(),
        general: EncodedTexts::default(),
        quantized: None,
    }
}

#[test]
fn a_report_counts_the_parameters_that_a_run_trains() {
    const LABELS: usize = 3;
    let folders =
        ["micro_bert", "micro_distilbert", "micro_roberta", "micro_llama", "micro_llama_untied", "micro_gpt2"];
    let mut checked = 0;
    for folder in folders {
        let pretrained = pretrained(folder);
        let report = pretrained.report("id", "name", ImportReport::default());
        let sum: f64 = report.groups.iter().map(|facts| facts.parameters).sum();
        assert_eq!(sum, report.parameters, "{folder}");
        let adapters = [AdapterKind::None, AdapterKind::Lora, AdapterKind::Dora];
        for (task, pooling, adapter) in Task::ALL.into_iter().flat_map(|task| {
            let poolings = [Pooling::Cls, Pooling::Mean];
            poolings.into_iter().flat_map(move |pooling| adapters.map(|adapter| (task, pooling, adapter)))
        }) {
            let preset = if adapter == AdapterKind::None { Preset::Balanced } else { Preset::Adapter };
            let target_modules = vec![LoraTarget::Query, LoraTarget::Intermediate, LoraTarget::Output];
            let spec = RecipeSpec {
                pooling: Some(pooling),
                adapter,
                target_modules,
                lora_r: 5,
                ..preset.recipe(&RecipeSpec { task, ..RecipeSpec::default() })
            };
            let data = RowFacts { suggested_len: 16, ..RowFacts::default() };
            let facts: ModelFacts = report.facts(data);
            assert_eq!(facts, pretrained.facts(data), "{folder}");
            let Ok(recipe) = Recipe::new(spec.clone(), &facts) else { continue };
            let outputs = HeadLayers::outputs(task, LABELS);
            let mut model = TaskModel::new(pretrained.base.clone(), task, pooling, outputs, 0, &Device::flex());
            if let Some(config) = LoraConfig::of(&spec) {
                model.adapt(&config, 0);
            }
            let counted = model.trainable_parameters();
            for &group in recipe.groups() {
                let reported = report.trainable_parameters(group, &spec, LABELS);
                let counted = counted.get(&group).copied().unwrap_or(0) as f64;
                assert_eq!(reported, counted, "{folder}: {task:?}, {pooling:?}, {adapter:?}, {group}");
            }
            assert_eq!(recipe.groups().contains(&ParamGroup::Head), task != Task::Embeddings);
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} recipes fit a model");
}
