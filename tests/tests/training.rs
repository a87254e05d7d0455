//! Gradients, optimiser and training curves against PyTorch.

use std::path::Path;

use burn::tensor::Device;
use hone_core::model::Dropout;
use hone_core::recipe::Pooling;
use hone_core::train::{Objective, gradients};
use hone_core::weights::{Place, Weights};
use hone_tests::{
    as_in_file, assert_close, assert_curve, assert_final_weights, classifier, golden, json, minilm, step_input,
    tolerance, values,
};

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

#[test]
fn twenty_steps_equal_pytorchs() {
    let device = Device::flex();
    let info = json("train_curve.json");
    let expected = values(&golden("train_curve.safetensors"));
    for (pooling, name) in [(Pooling::Cls, "cls"), (Pooling::Mean, "mean")] {
        let mut model = classifier(&golden("micro_bert"), "train_curve.safetensors", pooling, 3, &device);
        let lr_peak = info["lr_peak"].as_f64().unwrap();
        assert_curve(&mut model, &info[name], &info["batches"], lr_peak, 3, &device);
        assert_final_weights(&mut model, name, &expected);
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
