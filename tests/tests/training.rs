//! Gradients, optimizer and training curves against PyTorch.

use std::collections::{HashMap, HashSet};

use burn::tensor::Device;
use hone_core::model::{Dropout, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{Family, Pooling, Task};
use hone_core::train::{AdamW, AdamWConfig, Objective, gradients};
use hone_core::weights::Weights;
use hone_tests::{
    assert_curve, assert_gradients, assert_movement, classifier, file_name, golden, json, minilm, step_of, steps_of,
    values,
};
use serde_json::json as value;

#[test]
fn gradients_equal_pytorchs() {
    let device = Device::flex();
    let expected = values(&golden("train_curve.safetensors"));
    let batch = &json("train_curve.json")["batches"][0];
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let step = step_of(batch, Task::Classification, 3, &device);
        assert_gradients(&model, step, &format!("{name}.grad"), file_name, &expected);
    }
}

#[test]
fn twenty_steps_equal_pytorchs() {
    let device = Device::flex();
    let info = json("train_curve.json");
    let expected = values(&golden("train_curve.safetensors"));
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let mut model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let steps = steps_of(&info, Task::Classification, 3, &device);
        let start = model.clone();
        assert_curve(&mut model, &info[name], &info["learning_rate"], steps);
        assert_movement(&start, &model, &format!("{name}.final"), &expected);
    }
}

#[test]
fn twenty_steps_of_minilm_equal_pytorchs() {
    let folder = minilm();
    let device = Device::flex();
    let info = json("minilm_curve.json");
    let mut model = classifier(&folder, "minilm_curve.safetensors", Pooling::Mean, 2, &device);
    let steps = steps_of(&info, Task::Classification, 2, &device);
    assert_curve(&mut model, &info["mean"], &info["learning_rate"], steps);
}

/// Suffixes of the weights of norms in the files of all families, as in `python/reference.py`.
const NORMS: [&str; 5] = ["Norm.weight", "norm.weight", "ln_1.weight", "ln_2.weight", "ln_f.weight"];

#[test]
fn biases_and_norms_of_every_family_do_not_decay() {
    let device = Device::flex();
    let folders = std::fs::read_dir(golden("")).unwrap().map(|entry| entry.unwrap().path());
    let configs = folders.map(|folder| folder.join("config.json")).filter(|config| config.is_file());
    let mut families = HashSet::new();
    for config in configs.map(|config| ModelConfig::parse(&std::fs::read(config).unwrap()).unwrap()) {
        let family = config.family();
        families.insert(family);
        let mut model = synthetic(&config, 3, 0.1, &device).unwrap();
        let (task, labels) = if model.base.family().is_decoder() {
            (Task::Generation, value!([[-100, 6, 7]]))
        } else {
            (Task::Classification, value!([1]))
        };
        let batch = value!({"input_ids": [[5, 6, 7]], "attention_mask": [[1, 1, 1]], "labels": labels});
        let step = step_of(&batch, task, 3, &device);
        let before = norms(&model);
        let (_, gradients) = gradients(&model, step, Objective::default(), |_| true, &mut Dropout::off());
        // Adam moves a value by at most the learning rate. Decay alone halves it.
        let config = AdamWConfig { weight_decay: 5000.0, ..AdamWConfig::default() };
        AdamW::new(config).step(&mut model, gradients, |_| 1e-4, 1.0);
        // The head's bias starts at zero and cannot decay.
        for (name, after) in norms(&model).into_iter().filter(|(name, _)| before[name] > 0.0) {
            let kept = after / before[&name];
            let decays = !name.ends_with("bias") && !NORMS.iter().any(|norm| name.ends_with(norm));
            let expected = if decays { 0.5 } else { 1.0 };
            assert!((kept - expected).abs() < 0.05, "{family:?}: {name} keeps {kept} of itself");
        }
    }
    assert_eq!(families, Family::ALL.into());
}

/// The Euclidean norm of every weight.
fn norms(model: &TaskModel) -> HashMap<String, f32> {
    let mut norms = HashMap::new();
    model.visit(&mut |weight| {
        let values = weight.values().0;
        norms.insert(weight.name().to_string(), values.powi_scalar(2).sum().sqrt().into_scalar::<f32>());
    });
    norms
}
