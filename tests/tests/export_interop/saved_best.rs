//! The best weights of a saved run, exported without its data.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use hone_core::checkpoint;
use hone_core::dataset::Mapping;
use hone_core::run::{RunSource, SourceFile};
use hone_core::runner::BestModel;
use hone_tests::{MemoryFolder, run, take_steps};
use zip::ZipArchive;

use super::*;
use crate::chat_templates::encoded;

const PROVENANCE: Provenance =
    Provenance { hub_id: "some/model", license: "MIT", sha256: "00", input: None, recipe: None };

/// The files of an export.
fn files(zip: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().to_string(), bytes);
    }
    files
}

/// Trains a run further after it was stopped, stops it again, and makes the same model from what was saved just before.
fn assert_same_export(base: &str, recipe: RecipeSpec, mapping: Mapping, row: fn(u32) -> Value) {
    let (task, device) = (recipe.task, Device::flex());
    let model = pretrained(&golden(base), Pooling::Mean, &device);
    let rows = encoded((0..40).map(row), mapping.clone(), &model).unwrap();
    let mut session = rows.session(&model, recipe, &device).unwrap();
    take_steps(&mut session, 4);
    session.stop();
    run(&mut session);
    session.extend(1).unwrap();
    take_steps(&mut session, 3);
    let file = |sha256: &str| SourceFile { name: base.into(), sha256: sha256.into() };
    let source = RunSource {
        model: file("11"),
        data: file("00"),
        validation: None,
        test: None,
        mapping,
        build: "test".into(),
        device: "cpu".into(),
    };
    let mut folder = MemoryFolder::default();
    let record = runner::run_record(&session, source, 1.0);
    ready(checkpoint::save(&mut folder, record, session.checkpoint().unwrap())).unwrap();
    session.stop();
    run(&mut session);
    let (best, _) = session.best().unwrap();
    let expected = files(exported(&session, &model, ExportForm::Model, ExportDtype::Float32));

    let mut saved = || ready(checkpoint::best(&mut folder, &device)).unwrap().unwrap();
    assert_eq!(BestModel::new(&model, "22", saved()).unwrap_err().code, "resume.model");
    let kept = BestModel::new(&model, "11", saved()).unwrap();
    assert_eq!(kept.summary().best, best.without_rows());
    let weights = ready(kept.exported(ExportForm::Model)).unwrap();
    let folder = kept.folder(&weights, &model, PROVENANCE);
    let found = files(ready(folder.write(Vec::new(), |_, _| {})).unwrap());
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    let card = String::from_utf8_lossy(&expected["README.md"]);
    assert!(card.contains("Trained further after step 4"), "{card}");
    for (name, bytes) in &expected {
        assert!(found[name] == *bytes, "{task:?}: {name}");
    }
}

#[test]
fn the_best_weights_of_a_saved_run_are_exported_without_the_data() {
    let recipe = |task| RecipeSpec {
        task,
        batch_size: Some(8),
        learning_rate: Some(1e-3),
        max_length: Some(20),
        eval_every_epochs: Some(0.5),
        generated_rows: 1,
        max_new_tokens: 2,
        ..RecipeSpec::default()
    };
    let classes = RecipeSpec { reinit_layers: 1, ..recipe(Task::Classification) };
    let mapping = Mapping::Classification { text: 0, pair: None, label: 1 };
    assert_same_export("micro_bert", classes, mapping, |i| {
        let label = if i % 2 == 0 { "yes" } else { "no" };
        json!({"text": format!("w{} w{}", 5 + i % 2, 9 + i), "label": label})
    });
    let mapping = Mapping::Regression { text: 0, pair: None, number: 1 };
    assert_same_export(
        "micro_roberta",
        recipe(Task::Regression),
        mapping,
        |i| json!({"text": format!("w{} w{}", 5 + i % 2, 9 + i), "score": 1000.0 + f64::from(i)}),
    );
    let adapter = RecipeSpec { adapter: AdapterKind::Dora, ..recipe(Task::Generation) };
    let mapping = Mapping::Completion { prompt: "{prompt}".into(), completion: 1 };
    assert_same_export(
        "micro_llama",
        adapter,
        mapping,
        |i| json!({"prompt": format!("w{}", 5 + i), "completion": format!("w{} w5", 6 + i)}),
    );
}
