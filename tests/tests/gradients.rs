//! Ways to take less memory give the same gradients as a single pass: gradient checkpointing, dropout included, and the
//! logits of a large vocabulary in parts.

use burn::tensor::{Device, Tensor};
use hone_core::model::{Dropout, DropoutRates, Input, LoraConfig, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{Family, LoraTarget, ParamGroup, Pooling, Task};
use hone_core::text::Labels;
use hone_core::train::{Gradients, Objective, SoftTargets, StepInput, checkpointed_gradients, gradients};
use hone_core::weights::{WeightRef, Weights};
use hone_tests::{assert_close, classified, decoder, golden, tolerance};

const ROWS: u32 = 3;

/// Rows of different lengths, the longest of `len` tokens: texts of two classes for an encoder, target tokens for a decoder.
fn step(model: &TaskModel, len: u32, device: &Device) -> StepInput {
    let ids = |row: u32| (0..len - 2 * row).map(|i| (7 * i + 13 * row) % 40).collect();
    let mut examples = classified((0..ROWS).map(|row| (ids(row), row % 2)));
    if model.base.family().is_decoder() {
        let target_ranges = (0..ROWS).map(|row| std::iter::once(2..len - 2 * row).collect()).collect();
        examples.labels = Labels::Continuations { target_ranges, references: Vec::new() };
    }
    let rows: Vec<u32> = (0..ROWS).collect();
    let input = Input::new(&examples.batch(&rows, rows.len(), 64, 0), device);
    StepInput::new(input, &SoftTargets::uniform(2), &examples, &rows, &rows)
}

fn flat(mut gradients: Gradients) -> Vec<(String, Vec<f32>)> {
    let names: Vec<_> = gradients.names().cloned().collect();
    let mut values: Vec<_> = names
        .into_iter()
        .map(|name| {
            let gradient = gradients.take(&name).expect("a gradient").flat();
            (name.to_string(), gradient.into_data().try_into_vec().expect("f32"))
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    values
}

#[track_caller]
fn assert_same(
    model: &TaskModel,
    trainable: impl Fn(ParamGroup) -> bool + Copy,
    rates: DropoutRates,
    objective: Objective,
) {
    let step = || step(model, 12, &Device::flex());
    let dropout = || Dropout::new(rates, 1, 2);
    let (loss, once) = gradients(model, step(), objective.clone(), trainable, &mut dropout());
    let (again, twice) = checkpointed_gradients(model, step(), objective, trainable, &mut dropout());
    assert_eq!(loss.into_scalar::<f32>(), again.into_scalar::<f32>());
    assert_equal(&flat(once), &flat(twice));
}

#[track_caller]
fn assert_equal(once: &[(String, Vec<f32>)], twice: &[(String, Vec<f32>)]) {
    assert!(once.iter().any(|(_, values)| values.iter().any(|&value| value != 0.0)));
    assert_eq!(once.len(), twice.len());
    for ((name, expected), (other, values)) in once.iter().zip(twice) {
        assert_eq!(name, other);
        // A constant added to all attention scores changes nothing, so its gradient is rounding.
        if name.ends_with("key.bias") {
            continue;
        }
        assert_close(name, values, expected, tolerance::LOSSES);
    }
}

fn encoder() -> TaskModel {
    let json = std::fs::read(golden("micro_bert/config.json")).expect("a golden file");
    synthetic(&ModelConfig::parse(&json).expect("a config"), 2, 0.2, &Device::flex()).expect("a model")
}

#[test]
fn a_decoder_has_the_same_gradients_with_checkpointing() {
    for name in ["micro_llama", "micro_llama_untied", "micro_gpt2"] {
        let model = decoder(&golden(name), &Device::flex());
        for rates in [DropoutRates::default(), DropoutRates::uniform(0.2)] {
            assert_same(&model, |_| true, rates, Objective::default());
            assert_same(&model, |group| group >= ParamGroup::Layer(1), rates, Objective::default());
        }
    }
}

#[test]
fn adapters_have_the_same_gradients_with_checkpointing() {
    let mut model = decoder(&golden("micro_llama"), &Device::flex());
    let targets = LoraTarget::ALL.into();
    model.adapt(&LoraConfig { rank: 4, scale: 2.0, is_dora: true, targets }, 1);
    assert_same(&model, |_| true, DropoutRates::uniform(0.1), Objective::default());
}

#[test]
fn an_encoder_has_the_same_gradients_with_checkpointing() {
    let model = encoder();
    assert_eq!((model.base.family(), model.pooling()), (Family::Bert, Some(Pooling::Mean)));
    assert_same(&model, |_| true, DropoutRates::default(), Objective::default());
    assert_same(&model, |group| group == ParamGroup::Head, DropoutRates::default(), Objective::default());
    assert_same(&model, |_| true, DropoutRates::default(), Objective { r_drop: 1.0, ..Objective::default() });
    let tags = TaskModel::new(model.base, Task::Classification, Pooling::Cls, 2, 0, &Device::flex());
    assert_same(&tags, |_| true, DropoutRates::default(), Objective { focal_gamma: 2.0, ..Objective::default() });
}

/// The decoder of a golden folder, but with a vocabulary so large that the logits of a batch are computed in parts.
fn with_large_vocabulary(name: &str) -> TaskModel {
    let json = std::fs::read(golden(name).join("config.json")).expect("a golden file");
    let mut config: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    config["vocab_size"] = 100_000.into();
    let config = ModelConfig::parse(config.to_string().as_bytes()).expect("a config");
    synthetic(&config, 0, 0.2, &Device::flex()).expect("a model")
}

/// Loss and gradients of a batch as a whole.
fn whole(
    model: &TaskModel,
    step: &StepInput,
    trainable: impl Fn(ParamGroup) -> bool,
) -> (f32, Vec<(String, Vec<f32>)>) {
    let tracked = model.tracked(trainable);
    let logits = |off: &mut Dropout| tracked.forward(step.input.clone(), off);
    let loss = Objective::default().loss(logits, step, &mut Dropout::off());
    let mut recorded = loss.backward();
    let mut gradients = Vec::new();
    tracked.visit(&mut |weight| {
        let gradient = match weight {
            WeightRef::Vector(w) => w.tensor.grad_remove(&mut recorded).map(Tensor::into_data),
            WeightRef::Matrix(w) => w.tensor.grad_remove(&mut recorded).map(Tensor::into_data),
        };
        let values = gradient.map(|gradient| gradient.try_into_vec().expect("f32"));
        gradients.extend(values.map(|values| (weight.name().to_string(), values)));
    });
    gradients.sort_by(|a, b| a.0.cmp(&b.0));
    (loss.into_scalar(), gradients)
}

#[test]
fn a_large_vocabulary_has_the_same_gradients_in_parts() {
    let all = |_| true;
    let upper = |group| group >= ParamGroup::Layer(1);
    let output = |group| group == ParamGroup::Head;
    for (name, trainable) in [
        ("micro_llama", all as fn(ParamGroup) -> bool),
        ("micro_llama", upper),
        ("micro_llama_untied", all),
        ("micro_llama_untied", output),
        ("micro_gpt2", all),
    ] {
        let model = with_large_vocabulary(name);
        let step = || step(&model, 22, &Device::flex());
        let (expected_loss, expected) = whole(&model, &step(), trainable);
        for compute in [gradients, checkpointed_gradients] {
            let (loss, found) = compute(&model, step(), Objective::default(), trainable, &mut Dropout::off());
            assert_close(name, &[loss.into_scalar()], &[expected_loss], tolerance::LOSSES);
            assert_equal(&expected, &flat(found));
        }
    }
}
