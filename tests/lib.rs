//! What the integration tests in `tests/` share: golden values and models, training them, and comparing numbers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use hone_core::model::{Dropout, Input, LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{LrCurve, Place, Pooling, RawRecipe, Task};
use hone_core::text::{Answers, Batch, EncodedTexts, Examples};
use hone_core::train::{AdamW, AdamWConfig, Objective, StepInput, TargetRule, clip_scale, gradients};
use hone_core::weights::{AnyWeight, FileReader, Tensors, Weights, read};
use serde_json::Value;

/// Largest differences that are allowed, as a share of the largest value of what is compared.
pub mod tolerance {
    /// Logits and vectors against transformers.
    pub const LOGITS: f32 = 1e-4;
    /// Gradients and training curves against PyTorch.
    pub const TRAINING: f32 = 1e-3;
    /// Losses and their gradients of given scores.
    pub const LOSSES: f32 = 1e-5;
    /// What is computed in double precision.
    pub const NUMBERS: f32 = 1e-6;
}

/// A file made by one of the scripts in `golden/`.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The folder of the default model, where `cargo xtask setup` has put it.
pub fn minilm() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("HOME")?).join(".cache/hone/models/all-MiniLM-L6-v2");
    if folder.join("model.safetensors").exists() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there; run `cargo xtask setup`", folder.display());
    None
}

/// The file of SmolLM2, where `cargo xtask setup` has put it.
pub fn smollm2() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("HOME")?).join(".cache/hone/models/SmolLM2-135M-Instruct");
    let file = folder.join("SmolLM2-135M-Instruct.Q4_1.gguf");
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not there; run `cargo xtask setup`", file.display());
    None
}

/// A golden JSON file.
pub fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(golden(name)).expect(name)).expect(name)
}

/// A file's tensors, ready for a model.
pub fn add_tensors(tensors: &mut Tensors, path: &Path) {
    let mut reader = FileReader::default();
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut take = |info: &_, bytes| tensors.add(info, bytes);
    reader.push(&bytes, &mut take).and_then(|()| reader.finish()).expect("a whole file");
}

/// The values of every tensor of a file, by name.
pub fn values(path: &Path) -> HashMap<String, Vec<f32>> {
    let (mut reader, mut values) = (FileReader::default(), HashMap::new());
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut take = |info: &hone_core::weights::TensorInfo, bytes| {
        values.insert(info.name.clone(), read(info, bytes).try_into_vec().expect("f32"));
        Ok(())
    };
    reader.push(&bytes, &mut take).and_then(|()| reader.finish()).expect("a whole file");
    values
}

/// The model in `folder` with the head in the golden file `head`.
pub fn classifier(folder: &Path, head: &str, pooling: Pooling, classes: usize, device: &Device) -> TaskModel {
    task_model(folder, Some(head), Task::Classification, pooling, classes, device)
}

/// The model in `folder` for a task, with the head in the golden file `head` where it is not in the folder.
pub fn task_model(
    folder: &Path,
    head: Option<&str>,
    task: Task,
    pooling: Pooling,
    outputs: usize,
    device: &Device,
) -> TaskModel {
    let config = ModelConfig::parse(&std::fs::read(folder.join("config.json")).expect("config.json")).expect("valid");
    let mut tensors = Tensors::new(config.family(), device);
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    if let Some(head) = head {
        add_tensors(&mut tensors, &golden(head));
    }
    TaskModel::load(&config, task, pooling, outputs, &mut tensors).expect("whole model")
}

/// The micro BERT with the mean and the head that training begins with.
pub fn micro(device: &Device) -> TaskModel {
    classifier(&golden("micro_bert"), "train_curve.safetensors", Pooling::Mean, 3, device)
}

/// The name of an adapter's weight in PEFT's file.
pub fn peft_name(model: &TaskModel, weight: &AnyWeight) -> String {
    format!("base_model.model.{}", model.file_name(weight.name()))
}

/// The micro BERT with the adapters of a recipe of rank 4, whose values are the golden ones.
pub fn adapted(recipe: &RawRecipe, device: &Device) -> TaskModel {
    let stored = values(&golden("lora_adapter.safetensors"));
    let mut model = micro(device);
    model.adapt(&LoraConfig::of(recipe).expect("an adapter"), 0);
    let named = model.clone();
    model.each_adapter(&mut |weight| {
        let values = stored[&peft_name(&named, &weight)].clone();
        match weight {
            AnyWeight::Vector(w) => w.tensor = Tensor::from_data(TensorData::new(values, w.tensor.dims()), device),
            AnyWeight::Matrix(w) => {
                let [into, out] = w.tensor.dims();
                w.tensor = Tensor::<2>::from_data(TensorData::new(values, [out, into]), device).transpose();
            }
        }
    });
    model
}

/// `{"input_ids": [[..]], "attention_mask": [[..]]}` as a model's input.
pub fn input(batch: &Value, device: &Device) -> Input {
    let rows = |key: &str| -> Vec<Vec<f64>> { serde_json::from_value(batch[key].clone()).expect(key) };
    let (ids, mask) = (rows("input_ids"), rows("attention_mask"));
    let (rows, len) = (ids.len(), ids[0].len());
    let ids = ids.concat().into_iter().map(|id| id as i32).collect();
    let mask = mask.concat().into_iter().map(|m| m as f32).collect();
    let types = batch.get("token_type_ids").map(|types| {
        let types: Vec<Vec<i32>> = serde_json::from_value(types.clone()).expect("token_type_ids");
        types.concat()
    });
    Batch { ids, mask, types, rows, len, tokens: 0 }.input(device)
}

/// A batch with its `labels`, all classes weighing the same.
pub fn step_input(batch: &Value, classes: usize, device: &Device) -> StepInput {
    let labels: Vec<u32> = serde_json::from_value(batch["labels"].clone()).expect("labels");
    let answers = Answers::Classes(labels);
    step_of(batch, answers, &TargetRule::plain(classes), device)
}

/// A batch with what is asked of its rows.
pub fn step_of(batch: &Value, answers: Answers, rule: &TargetRule, device: &Device) -> StepInput {
    let ids: Vec<Vec<u32>> = serde_json::from_value(batch["input_ids"].clone()).expect("input_ids");
    let mut texts = EncodedTexts::default();
    ids.iter().for_each(|ids| texts.push(ids));
    let rows: Vec<u32> = (0..ids.len() as u32).collect();
    StepInput::new(input(batch, device), rule, &Examples { texts, answers }, &rows, &rows)
}

/// The values of a matrix that the file has the other way round (`transposed`: rows and columns here) as it has them.
pub fn as_in_file(values: Vec<f32>, transposed: Option<[usize; 2]>) -> Vec<f32> {
    match transposed {
        None => values,
        Some([rows, columns]) => {
            (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c)).map(|i| values[i]).collect()
        }
    }
}

/// Trains as `reference.curve` does and compares loss and gradient norm of every step.
#[track_caller]
pub fn assert_curve(
    model: &mut TaskModel,
    case: &Value,
    batches: &Value,
    lr_peak: f64,
    classes: usize,
    device: &Device,
) {
    let train_embeddings = case["train_embeddings"] == Value::Bool(true);
    let live = |place| train_embeddings || !matches!(place, Place::Embeddings | Place::Pooler);
    let batches = batches.as_array().expect("batches");
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
        let expected: Vec<f32> = serde_json::from_value(case[key].clone()).expect(key);
        assert_close(key, &actual, &expected, tolerance::TRAINING);
    }
}

/// Compares a trained model's weights with those of `expected` under `{case}.final.{name}`. PyTorch's encoder has a prefix.
#[track_caller]
pub fn assert_final_weights(model: &mut TaskModel, case: &str, expected: &HashMap<String, Vec<f32>>) {
    model.each(&mut |weight| {
        let prefix = if weight.place() == Place::Head { "" } else { "bert." };
        let key = format!("{case}.final.{prefix}{}", weight.name());
        if let Some(expected) = expected.get(&key) {
            let (tensor, transposed) = weight.values();
            let values = as_in_file(tensor.into_data().try_into_vec().expect("f32"), transposed);
            assert_close(&key, &values, expected, tolerance::TRAINING);
        }
    });
}

/// Fails when two lists differ by more than `share` of the largest value of `expected`.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f32], expected: &[f32], share: f32) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let largest = expected.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    let (mut worst, mut at) = (0.0f32, 0);
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(a.is_finite(), "{what}: value {i} is {a}");
        if (a - e).abs() > worst {
            (worst, at) = ((a - e).abs(), i);
        }
    }
    assert!(
        worst <= share * largest,
        "{what}: value {at} is {} instead of {}, off by {worst:e} where the largest is {largest:e}",
        actual[at],
        expected[at]
    );
}

/// The value of a future of the CPU backend, which is ready at once.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the CPU backend made us wait"),
    }
}
