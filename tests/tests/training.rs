//! Gradients, optimiser and training curves against PyTorch.

use std::path::Path;

use burn::tensor::Device;
use hone_core::recipe::{Pooling, Task};
use hone_tests::{
    assert_curve, assert_final_weights, assert_gradients, classifier, file_name, golden, json, minilm, step_of,
    steps_of, values,
};

#[test]
fn gradients_equal_pytorchs() {
    let device = Device::flex();
    let expected = values(&golden("train_curve.safetensors"));
    let batch = &json("train_curve.json")["batches"][0];
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let mut model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let step = step_of(batch, Task::Classification, 3, &device);
        assert_gradients(&mut model, step, &format!("{name}.grad"), file_name, &expected);
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
        assert_curve(&mut model, &info[name], &info["lr_peak"], steps);
        assert_final_weights(&mut model, &format!("{name}.final"), &expected);
    }
}

#[test]
fn twenty_steps_of_minilm_equal_pytorchs() {
    let Some(folder) = minilm() else { return };
    let device = Device::flex();
    let info = json("minilm_curve.json");
    let mut model = classifier(Path::new(&folder), "minilm_curve.safetensors", Pooling::Mean, 2, &device);
    let steps = steps_of(&info, Task::Classification, 2, &device);
    assert_curve(&mut model, &info["mean"], &info["lr_peak"], steps);
}
