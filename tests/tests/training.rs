//! Gradients, optimiser and training curves against PyTorch.

use std::path::Path;

use burn::tensor::Device;
use hone_core::model::{Classifier, Dropout};
use hone_core::recipe::{LrCurve, Pooling, RawRecipe};
use hone_core::train::{AdamW, AdamWConfig, Objective, StepInput, TargetRule, clip_scale, gradients};
use hone_core::weights::{Place, Weights};
use hone_tests::{assert_close, classifier, golden, input, json, minilm, tolerance, values};
use serde_json::Value;

fn step_input(batch: &Value, classes: usize, device: &Device) -> StepInput {
    let labels: Vec<u32> = serde_json::from_value(batch["labels"].clone()).unwrap();
    let rows = labels.len();
    let rule = TargetRule::plain(classes);
    StepInput::new(input(batch, device), &rule, &labels, rows, labels.iter().copied(), device)
}

/// A matrix that the file has the other way round, as the file has it.
fn as_in_file(values: Vec<f32>, transposed: Option<[usize; 2]>) -> Vec<f32> {
    match transposed {
        None => values,
        Some([rows, columns]) => {
            (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c)).map(|i| values[i]).collect()
        }
    }
}

#[test]
fn gradients_equal_pytorchs() {
    let device = Device::flex();
    let expected = values(&golden("train_curve.safetensors"));
    let batch = &json("train_curve.json")["batches"][0];
    for (pooling, name, weights) in [(Pooling::Cls, "cls", 41), (Pooling::Mean, "mean", 39)] {
        let mut model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let live = |place| pooling == Pooling::Cls || place != Place::Pooler;
        let (_, mut gradients) =
            gradients(&model, step_input(batch, 3, &device), Objective::default(), live, &mut Dropout::off());
        let mut compared = 0;
        model.each(&mut |weight| {
            let Some(gradient) = gradients.take(weight.name()) else { return };
            let key = match weight.place() {
                Place::Head => format!("{name}.grad.{}", weight.name()),
                _ => format!("{name}.grad.bert.{}", weight.name()),
            };
            let gradient = as_in_file(gradient.flat().into_data().try_into_vec().unwrap(), weight.values().1);
            // The bias of the keys has no influence on a softmax: its gradient is rounding.
            if !key.ends_with("key.bias") {
                assert_close(&key, &gradient, &expected[&key], tolerance::TRAINING);
            }
            compared += 1;
        });
        assert_eq!(compared, weights);
    }
}

/// Trains as `reference.curve` does and compares loss and gradient norm of every step.
fn assert_curve(model: &mut Classifier, case: &Value, batches: &Value, lr_peak: f64, classes: usize, device: &Device) {
    let train_embeddings = case["train_embeddings"] == Value::Bool(true);
    let live = |place| train_embeddings || !matches!(place, Place::Embeddings | Place::Pooler);
    let batches = batches.as_array().unwrap();
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let curve = LrCurve::new(&RawRecipe::default(), lr_peak, batches.len() as u32);
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for (step, batch) in batches.iter().enumerate() {
        let (loss, gradients) =
            gradients(model, step_input(batch, classes, device), Objective::default(), live, &mut Dropout::off());
        let norm = gradients.square_norms().into_iter().map(|square| square.into_scalar::<f32>()).sum::<f32>().sqrt();
        let lr = curve.lr(step as u32);
        optimizer.step(model, gradients, |_| lr, clip_scale(f64::from(norm), 1.0));
        losses.push(loss.into_scalar::<f32>());
        norms.push(norm);
    }
    for (key, actual) in [("loss", losses), ("grad_norm", norms)] {
        let expected: Vec<f32> = serde_json::from_value(case[key].clone()).unwrap();
        assert_close(key, &actual, &expected, tolerance::TRAINING);
    }
}

#[test]
fn twenty_steps_equal_pytorchs() {
    let device = Device::flex();
    let info = json("train_curve.json");
    let expected = values(&golden("train_curve.safetensors"));
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let mut model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let lr_peak = info["lr_peak"].as_f64().unwrap();
        assert_curve(&mut model, &info[name], &info["batches"], lr_peak, 3, &device);
        model.each(&mut |weight| {
            let prefix = if weight.place() == Place::Head { "" } else { "bert." };
            let key = format!("{name}.final.{prefix}{}", weight.name());
            if let Some(expected) = expected.get(&key) {
                let (tensor, transposed) = weight.values();
                let values = as_in_file(tensor.into_data().try_into_vec().unwrap(), transposed);
                assert_close(&key, &values, expected, tolerance::TRAINING);
            }
        });
    }
}

#[test]
fn twenty_steps_of_minilm_equal_pytorchs() {
    let Some(folder) = minilm() else { return };
    let device = Device::flex();
    let info = json("minilm_curve.json");
    let mut model = classifier(Path::new(&folder), "minilm_curve.safetensors", Pooling::Mean, 2, &device);
    let lr_peak = info["lr_peak"].as_f64().unwrap();
    assert_curve(&mut model, &info["mean"], &info["batches"], lr_peak, 2, &device);
}
