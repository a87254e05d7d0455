//! Gradient checkpointing gives the same gradients as a single pass, dropout included.

use burn::tensor::Device;
use hone_core::model::{Dropout, DropoutRates, Input, LoraConfig, MaskSource, ModelConfig, TaskModel, synthetic};
use hone_core::recipe::{Family, LoraTarget, ParamGroup, Pooling, Task};
use hone_core::text::Labels;
use hone_core::train::{Gradients, Objective, SoftTargets, StepInput, checkpointed_gradients, gradients};
use hone_tests::{assert_close, classified, decoder, golden, tolerance};

const ROWS: u32 = 3;

/// Rows of different lengths: texts of two classes for an encoder, target tokens for a decoder.
fn step(model: &TaskModel, device: &Device) -> StepInput {
    let ids = |row: u32| (0..12 - 2 * row).map(|i| (7 * i + 13 * row) % 40).collect();
    let mut examples = classified((0..ROWS).map(|row| (ids(row), row % 2)));
    if model.base.family().is_decoder() {
        let target_ranges = (0..ROWS).map(|row| std::iter::once(2..12 - 2 * row).collect()).collect();
        examples.labels = Labels::Continuations { target_ranges, references: Vec::new() };
    }
    let rows: Vec<u32> = (0..ROWS).collect();
    let input = Input::new(&examples.batch(&rows, rows.len(), 16, 0), device);
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
    let device = Device::flex();
    let dropout = || Dropout::new(rates, MaskSource::Host, 1, 2);
    let (loss, once) = gradients(model, step(model, &device), objective, trainable, &mut dropout());
    let (again, twice) = checkpointed_gradients(model, step(model, &device), objective, trainable, &mut dropout());
    assert_eq!(loss.into_scalar::<f32>(), again.into_scalar::<f32>());
    let (once, twice) = (flat(once), flat(twice));
    assert!(once.iter().any(|(_, values)| values.iter().any(|&value| value != 0.0)));
    assert_eq!(once.len(), twice.len());
    for ((name, expected), (other, values)) in once.iter().zip(&twice) {
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
