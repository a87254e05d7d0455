//! The model folder: what was not trained comes out as it went in, and the files say what they must.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::Path;

use burn::tensor::Device;
use hone_core::export::{DataFacts, ModelFolder};
use hone_core::model::{Body, ModelConfig, TaskModel};
use hone_core::problem::Problem;
use hone_core::protocol::Baseline;
use hone_core::recipe::{AdapterKind, Family, Metric, ModelFacts, Pooling, RawRecipe, Recipe, Task};
use hone_core::weights::{FileReader, TensorInfo, Tensors};
use hone_tests::{adapted, add_tensors, golden, minilm, ready};
use serde_json::{Value, json};

/// The whole folder of an untrained model.
fn files(folder: &Path, pooling: Pooling, classes: &[String]) -> HashMap<String, Vec<u8>> {
    let device = Device::flex();
    let config_json = std::fs::read(folder.join("config.json")).unwrap();
    let config = ModelConfig::parse(&config_json).unwrap();
    let mut tensors = Tensors::new(config.family(), &device);
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    let body = Body::load(&config, &mut tensors).unwrap();
    let model = TaskModel::new(body, Task::Classification, pooling, classes.len(), 1, &device);
    exported(&model, &config_json, classes, RawRecipe::default(), |folder| ready(folder.write(Vec::new(), |_, _| {})))
}

/// What `write` puts into a zip, by name.
fn exported(
    model: &TaskModel,
    config_json: &[u8],
    classes: &[String],
    raw: RawRecipe,
    write: impl FnOnce(&ModelFolder) -> Result<Vec<u8>, Problem>,
) -> HashMap<String, Vec<u8>> {
    let facts = ModelFacts {
        family: Family::Bert,
        parameters: 1.0,
        layers: model.body.layers(),
        has_pooler: true,
        max_positions: 512,
        pooling: model.pooling().unwrap(),
        suggested_len: 64,
    };
    let recipe = Recipe::new(raw, &facts).unwrap();
    let zip = write(&ModelFolder {
        model,
        config: config_json,
        verbatim: &[("tokenizer.json".into(), b"{}".to_vec())],
        labels: classes,
        base_model: "some/model",
        license: "Apache-2.0",
        recipe: &recipe,
        history: &[],
        best: &hone_core::metrics::evaluate(classes, &[0, 1], &[0, 1]),
        baseline: Some(&Baseline { label: classes[0].clone(), scores: [(Metric::Accuracy, 0.5)].into() }),
        data: DataFacts { sha256: "00", train_rows: 9, validation_rows: 2 },
    });
    let mut archive = zip::ZipArchive::new(Cursor::new(zip.unwrap())).unwrap();
    (0..archive.len())
        .map(|i| {
            let mut file = archive.by_index(i).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            (file.name().unwrap().to_string(), bytes)
        })
        .collect()
}

fn tensors(file: &[u8]) -> HashMap<String, (TensorInfo, Vec<u8>)> {
    let (mut reader, mut tensors) = (FileReader::default(), HashMap::new());
    let mut take = |info: &TensorInfo, bytes| {
        tensors.insert(info.name.clone(), (info.clone(), bytes));
        Ok(())
    };
    reader.push(file, &mut take).and_then(|()| reader.finish()).unwrap();
    tensors
}

fn assert_same_tensors(folder: &Path) {
    let classes = ["no".to_string(), "yes".to_string()];
    let exported = tensors(&files(folder, Pooling::Cls, &classes)["model.safetensors"]);
    let original = tensors(&std::fs::read(folder.join("model.safetensors")).unwrap());
    let mut compared = 0;
    for (name, (info, bytes)) in original {
        if name.ends_with("position_ids") {
            continue;
        }
        let (exported, exported_bytes) = &exported[&format!("bert.{name}")];
        assert_eq!((&exported.shape, exported.dtype), (&info.shape, info.dtype), "{name}");
        assert!(*exported_bytes == bytes, "{name} has other bytes");
        compared += 1;
    }
    assert_eq!(exported.len(), compared + 2, "the body and the head's two tensors");
}

#[test]
fn an_untrained_model_comes_out_byte_for_byte() {
    assert_same_tensors(&golden("micro_bert"));
}

#[test]
fn minilm_untrained_comes_out_byte_for_byte() {
    if let Some(folder) = minilm() {
        assert_same_tensors(&folder);
    }
}

#[test]
fn an_adapter_comes_out_as_peft_stores_it() {
    let raw = RawRecipe { adapter: AdapterKind::Dora, lora_rank: 4, lora_alpha: 8.0, ..RawRecipe::default() };
    let classes = ["a", "b", "c"].map(String::from);
    let config = std::fs::read(golden("micro_bert/config.json")).unwrap();
    let model = adapted(&raw, &Device::flex());
    let files = exported(&model, &config, &classes, raw, |folder| ready(folder.write_adapter(Vec::new(), |_, _| {})));
    let [ours, pefts] =
        [&files["adapter_model.safetensors"], &std::fs::read(golden("lora_adapter.safetensors")).unwrap()]
            .map(|file| tensors(file));
    assert_eq!(ours.len(), pefts.len());
    for (name, (info, bytes)) in pefts {
        assert_eq!(ours[&name].0.shape, info.shape, "{name}");
        assert!(ours[&name].1 == bytes, "{name} has other bytes");
    }
}

#[test]
fn the_config_names_task_and_classes_and_keeps_the_rest() {
    let classes = ["no".to_string(), "yes \"and\" no".to_string()];
    for (pooling, architecture) in
        [(Pooling::Cls, "BertForSequenceClassification"), (Pooling::Mean, "HoneForSequenceClassification")]
    {
        let files = files(&golden("micro_bert"), pooling, &classes);
        let config: Value = serde_json::from_slice(&files["config.json"]).unwrap();
        let base: Value = serde_json::from_slice(&std::fs::read(golden("micro_bert/config.json")).unwrap()).unwrap();
        assert_eq!(config["architectures"], json!([architecture]));
        assert_eq!(config["id2label"], json!({"0": "no", "1": "yes \"and\" no"}));
        assert_eq!(config["label2id"], json!({"no": 0, "yes \"and\" no": 1}));
        assert_eq!(config["hidden_size"], base["hidden_size"]);
        assert_eq!(config.get("auto_map").is_some(), pooling == Pooling::Mean);
        assert_eq!(files.contains_key("modeling_hone.py"), pooling == Pooling::Mean);
        for name in ["README.md", "trainer_state.json", "training_args.json", "recipe.json", "tokenizer.json"] {
            assert!(files.contains_key(name), "{name}");
        }
    }
}

#[test]
fn a_class_name_cannot_break_the_card() {
    let classes = ["<script>alert(1)</script>".to_string(), "a|b\n---\nx: y".to_string()];
    let files = files(&golden("micro_bert"), Pooling::Mean, &classes);
    let card = std::str::from_utf8(&files["README.md"]).unwrap();
    assert!(!card.contains("<script>") && !card.contains("x: y"));
    assert_eq!(card.matches("\n---\n").count(), 1);
}
