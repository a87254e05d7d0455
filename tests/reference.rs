//! Golden batches, and comparisons with the gradients and training curves that PyTorch computes for them.

use std::collections::{BTreeSet, HashMap};

use burn::tensor::Device;
use hone_core::model::{Dropout, Input, TaskModel};
use hone_core::recipe::{LrCurve, ParamGroup, RecipeSpec, Task};
use hone_core::text::{Batch, EncodedExamples, EncodedTexts, Labels, Question, Relevance, Similarity, Window};
use hone_core::train::{AdamW, AdamWConfig, Objective, SoftTargets, StepInput, clip_scale, gradients};
use hone_core::weights::{WeightRef, Weights};
use serde_json::Value;

use super::{assert_close, largest, tolerance};

/// `{"input_ids": [[..]], "attention_mask": [[..]]}` as a model's input.
pub fn input(batch: &Value, device: &Device) -> Input {
    let ids: Vec<Vec<i32>> = parsed(&batch["input_ids"]);
    let attention_mask = parsed::<Vec<Vec<f32>>>(&batch["attention_mask"]).concat();
    let token_type_ids = batch.get("token_type_ids").map(|types| parsed::<Vec<Vec<i32>>>(types).concat());
    let (rows, len, ids) = (ids.len(), ids[0].len(), ids.concat());
    Input::new(&Batch { rows, len, ids, attention_mask, token_type_ids, tokens: 0 }, device)
}

/// Rows of token ids, each with its class.
pub fn classified(rows: impl IntoIterator<Item = (Vec<u32>, u32)>) -> EncodedExamples {
    let (mut texts, mut classes) = (EncodedTexts::default(), Vec::new());
    for (ids, class) in rows {
        texts.push(&ids);
        classes.push(class);
    }
    EncodedExamples { texts, labels: Labels::Classes(classes) }
}

/// A golden batch as a step of a task whose model has `outputs` outputs. All classes have the same weight.
pub fn step_of(batch: &Value, task: Task, outputs: usize, device: &Device) -> StepInput {
    let ids: Vec<Vec<u32>> = parsed(&batch["input_ids"]);
    let mut texts = EncodedTexts::default();
    ids.iter().for_each(|ids| texts.push(ids));
    let rows: Vec<u32> = (0..ids.len() as u32).collect();
    let examples = EncodedExamples { texts, labels: targets(batch, task) };
    StepInput::new(input(batch, device), &SoftTargets::uniform(outputs), &examples, &rows, &rows)
}

/// The golden batches of a file as steps, in order.
pub fn steps_of(info: &Value, task: Task, outputs: usize, device: &Device) -> Vec<StepInput> {
    info["batches"].as_array().expect("batches").iter().map(|batch| step_of(batch, task, outputs, device)).collect()
}

/// The labels of a golden batch. A label of −100 is ignored.
fn targets(batch: &Value, task: Task) -> Labels {
    let labels = &batch["labels"];
    let targets = || -> Vec<Vec<(u32, u32)>> {
        let of_row = |row: Vec<i64>| {
            (0..).zip(row).filter(|&(_, label)| label >= 0).map(|(at, label)| (at, label as u32)).collect()
        };
        parsed::<Vec<Vec<i64>>>(labels).into_iter().map(of_row).collect()
    };
    match task {
        Task::Classification => Labels::Classes(parsed(labels)),
        Task::Regression => Labels::Numbers(parsed(labels)),
        Task::Reranking => Labels::Relevance(Relevance { labels: parsed(labels), ..Relevance::default() }),
        Task::MultiLabel => {
            let of_row = |row: Vec<f32>| row.into_iter().map(|label| label == 1.0).collect();
            Labels::MultiLabel(parsed::<Vec<Vec<f32>>>(labels).into_iter().map(of_row).collect())
        }
        Task::TokenClassification => Labels::Tags(targets().into_iter().map(Into::into).collect()),
        Task::Generation => {
            let of_row = |row: Vec<(u32, u32)>| row.into_iter().map(|(at, _)| at..at + 1).collect();
            Labels::Continuations { target_ranges: targets().into_iter().map(of_row).collect(), references: Vec::new() }
        }
        // tests/embeddings.rs has golden values of its own.
        Task::Embeddings => Labels::Similarity(Similarity::Pairs { texts_per_row: 2 }),
        Task::QuestionAnswering => {
            let [starts, ends]: [Vec<u32>; 2] = ["start_positions", "end_positions"].map(|key| parsed(&batch[key]));
            let window = |(question, answer)| Window { question, answer, first: 0, bytes: [].into() };
            let question = Question { row: 0, context: String::new(), answers: Vec::new() };
            let questions = vec![question; starts.len()];
            Labels::Spans { windows: (0..).zip(starts.into_iter().zip(ends)).map(window).collect(), questions }
        }
    }
}

fn parsed<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("of its form")
}

/// A model's outputs for a golden batch, row by row.
pub fn scores(model: &TaskModel, batch: &Value, device: &Device) -> Vec<f32> {
    model.forward(input(batch, device), &mut Dropout::off()).into_data().try_into_vec().expect("f32")
}

/// The outputs for the tokens of a batch that are not padding, one after the other.
pub fn of_tokens(batch: &Value, outputs: &[f32]) -> Vec<f32> {
    let mask = parsed::<Vec<Vec<u32>>>(&batch["attention_mask"]).concat();
    let size = outputs.len() / mask.len();
    outputs.chunks(size).zip(mask).filter(|(_, mask)| *mask == 1).flat_map(|(of_token, _)| of_token.to_vec()).collect()
}

/// The values of a weight in the order of its file. `transposed` has the rows and columns of a matrix that the file
/// stores transposed.
pub fn as_in_file(values: Vec<f32>, transposed: Option<[usize; 2]>) -> Vec<f32> {
    match transposed {
        None => values,
        Some([rows, columns]) => {
            (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c)).map(|i| values[i]).collect()
        }
    }
}

/// Compares the gradients of every weight with all those of `expected` under `{case}.{name}`.
#[track_caller]
pub fn assert_gradients(
    model: &TaskModel,
    step: StepInput,
    case: &str,
    name: impl Fn(&TaskModel, WeightRef) -> String,
    expected: &HashMap<String, Vec<f32>>,
) {
    let (_, mut gradients) = gradients(model, step, Objective::default(), |_| true, &mut Dropout::off());
    let mut missing: BTreeSet<&String> = expected.keys().filter(|key| key.starts_with(&format!("{case}."))).collect();
    assert!(!missing.is_empty(), "{case}: nothing to compare with");
    // A softmax ignores a constant added to all its scores, so the gradient of a key's bias is 0 except for rounding.
    // The same applies to other gradients whose golden values are near 0.
    let rounding = 1e-6 * missing.iter().map(|&key| largest(&expected[key])).fold(0.0, f32::max);
    model.visit(&mut |weight| {
        let Some(gradient) = gradients.take(weight.name()) else { return };
        let key = format!("{case}.{}", name(model, weight));
        let gradient = as_in_file(gradient.flat().into_data().try_into_vec().expect("f32"), weight.values().1);
        if largest(&expected[&key]) > rounding {
            assert_close(&key, &gradient, &expected[&key], tolerance::TRAINING);
        } else {
            assert!(largest(&gradient) <= rounding, "{key} is more than rounding: {}", largest(&gradient));
        }
        missing.remove(&key);
    });
    assert!(missing.is_empty(), "no gradient of {missing:?}");
}

/// Trains as `reference.curve` does and compares loss and gradient norm of every step.
#[track_caller]
pub fn assert_curve(
    model: &mut TaskModel,
    case: &Value,
    learning_rate: &Value,
    steps: impl IntoIterator<Item = StepInput>,
) {
    let learning_rate = learning_rate.as_f64().expect("a rate");
    let trainable = |group| case["train_embeddings"] == Value::Bool(true) || group != ParamGroup::Embeddings;
    let mut optimizer = AdamW::new(AdamWConfig::default());
    let curve =
        LrCurve::new(&RecipeSpec::default(), learning_rate, case["loss"].as_array().expect("a curve").len() as u32);
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    for (i, step) in steps.into_iter().enumerate() {
        let (loss, gradients) = gradients(model, step, Objective::default(), trainable, &mut Dropout::off());
        let scalars = gradients.step_scalars(loss.clone()).into_data().try_into_vec::<f32>().expect("numbers");
        let norm = scalars[1..].iter().sum::<f32>().sqrt();
        let lr = curve.lr(i as u32);
        optimizer.step(model, gradients, |_| lr, clip_scale(f64::from(norm), 1.0));
        losses.push(loss.into_scalar::<f32>());
        norms.push(norm);
    }
    for (key, actual) in [("loss", losses), ("grad_norm", norms)] {
        assert_close(key, &actual, &parsed::<Vec<f32>>(&case[key]), tolerance::TRAINING);
    }
}

/// Compares how far training moved a model's weights with how far PyTorch moved those of `expected` under
/// `{case}.{name}`.
///
/// The tolerance is relative to each weight's largest movement. Relative to the weight itself, even the default weight
/// decay would be invisible. A weight that PyTorch left alone must not have moved at all.
#[track_caller]
pub fn assert_movement(start: &TaskModel, end: &TaskModel, case: &str, expected: &HashMap<String, Vec<f32>>) {
    let (start, end) = (in_file(start), in_file(end));
    let prefix = format!("{case}.");
    let mut compared = 0;
    for (key, expected) in expected {
        let Some(name) = key.strip_prefix(&prefix) else { continue };
        let movement =
            |end: &[f32]| -> Vec<f32> { end.iter().zip(&start[name]).map(|(end, start)| end - start).collect() };
        assert_close(key, &movement(&end[name]), &movement(expected), tolerance::MOVEMENT);
        compared += 1;
    }
    assert!(compared > 0, "{case}: nothing to compare with");
}

/// A model's weights by their names in its file, each in the file's order.
fn in_file(model: &TaskModel) -> HashMap<String, Vec<f32>> {
    let mut weights = HashMap::new();
    model.visit(&mut |weight| {
        let (tensor, transposed) = weight.values();
        let values = as_in_file(tensor.into_data().try_into_vec().expect("f32"), transposed);
        weights.insert(model.file_name(weight.name()), values);
    });
    weights
}
