//! Shared by the integration tests in `tests/`: golden values, models, training them and comparing numbers.

mod reference;
mod runs;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use hone_core::model::{LoraConfig, ModelConfig, TaskModel};
use hone_core::recipe::{Pooling, RecipeSpec, Task};
use hone_core::text::Tokenizer;
use hone_core::weights::{FileReader, TensorInfo, Tensors, WeightMut, WeightRef, Weights, decode};
use serde_json::{Value, json as value};
use sha2::{Digest, Sha256};

pub use reference::{
    assert_curve, assert_gradients, assert_movement, classified, input, of_tokens, scores, step_of, steps_of,
};
pub use runs::{moved, named, run, take_steps};

/// Largest allowed differences, relative to the largest expected value.
pub mod tolerance {
    /// Logits and vectors against transformers.
    pub const LOGITS: f32 = 1e-4;
    /// Gradients and training curves against PyTorch.
    pub const TRAINING: f32 = 1e-3;
    /// Movement of weights during training, `end - start`, against PyTorch.
    pub const MOVEMENT: f32 = 1e-3;
    /// Losses, and their gradients with respect to the logits.
    pub const LOSSES: f32 = 1e-5;
    /// Two ways to compute the same in the engine, such as one large batch and several accumulated ones.
    pub const ENGINE: f32 = 1e-5;
    /// Numbers computed in double precision.
    pub const NUMBERS: f32 = 1e-6;
}

/// A file made by one of the scripts in `golden/`.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The real decoder of 260,000 parameters in `models/`.
pub fn stories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/stories260K")
}

/// The folder of the default encoder.
pub fn minilm() -> PathBuf {
    from_setup("models/all-MiniLM-L6-v2")
}

/// The file of the default decoder.
pub fn smollm2() -> PathBuf {
    from_setup("models/SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf")
}

/// The sample datasets.
pub fn samples() -> PathBuf {
    from_setup("samples")
}

/// The Python that has transformers and PEFT.
pub fn python() -> PathBuf {
    from_setup("pyref/bin/python")
}

/// A file or folder that `cargo xtask setup` makes. A test without it fails: a skipped test proves nothing.
#[track_caller]
fn from_setup(name: &str) -> PathBuf {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).expect("a home folder");
    let path = PathBuf::from(home).join(".cache/hone").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}

/// Compares a tokenizer's ids of the first lines of some samples with Python's, by hash.
#[track_caller]
pub fn assert_same_ids(tokenizer: &Tokenizer, files: &Value) {
    let (samples, files) = (samples(), files.as_array().expect("files"));
    assert!(!files.is_empty());
    for file in files {
        let name = file["name"].as_str().expect("a name");
        let text = std::fs::read_to_string(samples.join(name)).expect(name);
        let mut ids = Sha256::new();
        for line in text.split('\n').take(file["lines"].as_u64().expect("a number") as usize) {
            tokenizer.encode(line, usize::MAX).expect("tokens").iter().for_each(|id| ids.update(id.to_le_bytes()));
            ids.update(u32::MAX.to_le_bytes());
        }
        assert_eq!(format!("{:x}", ids.finalize()), file["sha256"].as_str().expect("a hash"), "{name}");
    }
}

/// A tokenizer of the special tokens `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]` (ids 0 to 3) and `words` (from id 4).
///
/// `##` begins a word's later pieces. With `is_framed`, texts are put between `[CLS]` and `[SEP]`. `[SEP]` is also the
/// EOS token.
pub fn word_tokenizer(words: &[&str], is_framed: bool) -> Tokenizer {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
    let vocab: HashMap<&str, usize> = special.iter().chain(words).copied().zip(0..).collect();
    let added = |(id, content): (usize, &&str)| {
        value!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true})
    };
    let token = |name: &str| value!({"SpecialToken": {"id": name, "type_id": 0}});
    let text = |name: &str| value!({"Sequence": {"id": name, "type_id": 0}});
    let described = |name: &str, id: u32| value!({"id": name, "ids": [id], "tokens": [name]});
    let frame = value!({
        "type": "TemplateProcessing",
        "single": [token("[CLS]"), text("A"), token("[SEP]")],
        "pair": [token("[CLS]"), text("A"), token("[SEP]"), text("B"), token("[SEP]")],
        "special_tokens": {"[CLS]": described("[CLS]", 2), "[SEP]": described("[SEP]", 3)},
    });
    let file = value!({
        "version": "1.0",
        "added_tokens": special.iter().enumerate().map(added).collect::<Vec<_>>(),
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": if is_framed { frame } else { Value::Null },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": false},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    let size = special.len() + words.len();
    Tokenizer::parse(file.to_string().as_bytes(), size).expect("a tokenizer").with_eos_ids(&[br#"{"eos_token_id": 3}"#])
}

/// A golden JSON file.
pub fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(golden(name)).expect(name)).expect(name)
}

/// A file's tensors, ready for a model.
pub fn add_tensors(tensors: &mut Tensors, path: &Path) {
    each_tensor(path, |info, bytes| tensors.add(&info, bytes).expect("a new name"));
}

/// Every tensor of a file.
fn each_tensor(path: &Path, mut take: impl FnMut(TensorInfo, Vec<u8>)) {
    let mut reader = FileReader::default();
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut take = |info: &TensorInfo, bytes| {
        take(info.clone(), bytes);
        Ok(())
    };
    reader.push(&bytes, &mut take).and_then(|()| reader.finish()).expect("a whole file");
}

/// The values of every tensor of a file, by name.
pub fn values(path: &Path) -> HashMap<String, Vec<f32>> {
    let mut values = HashMap::new();
    each_tensor(path, |info, bytes| {
        values.insert(info.name.clone(), decode(&info, bytes).expect("floats").try_into_vec().expect("f32"));
    });
    values
}

/// The model in `folder` with the head in the golden file `head`.
pub fn classifier(folder: &Path, head: &str, pooling: Pooling, classes: usize, device: &Device) -> TaskModel {
    task_model(folder, Some((head, "")), Task::Classification, pooling, classes, device)
}

/// The decoder in `folder`.
pub fn decoder(folder: &Path, device: &Device) -> TaskModel {
    task_model(folder, None, Task::Generation, Pooling::Mean, 0, device)
}

/// The model in `folder` for a task. `head` is the golden file with its head, and the prefix of the head's names there.
pub fn task_model(
    folder: &Path,
    head: Option<(&str, &str)>,
    task: Task,
    pooling: Pooling,
    outputs: usize,
    device: &Device,
) -> TaskModel {
    let config = ModelConfig::parse(&std::fs::read(folder.join("config.json")).expect("config.json")).expect("valid");
    let mut tensors = Tensors::new(config.family(), device);
    add_tensors(&mut tensors, &folder.join("model.safetensors"));
    if let Some((head, prefix)) = head {
        each_tensor(&golden(head), |info, bytes| {
            if let Some(name) = info.name.strip_prefix(prefix) {
                let info = TensorInfo { name: name.to_owned(), ..info.clone() };
                tensors.add(&info, bytes).expect("a new name");
            }
        });
    }
    TaskModel::load(&config, task, pooling, outputs, &mut tensors).expect("whole model")
}

/// The micro BERT with mean pooling and the head that training starts from.
pub fn micro(device: &Device) -> TaskModel {
    classifier(&golden("micro_bert"), "train_curve.safetensors", Pooling::Mean, 3, device)
}

/// The name of a weight in the file of the whole model.
pub fn file_name(model: &TaskModel, weight: WeightRef) -> String {
    model.file_name(weight.name())
}

/// The name of an adapter's weight in PEFT's file.
pub fn peft_name(model: &TaskModel, weight: WeightRef) -> String {
    format!("base_model.model.{}", file_name(model, weight))
}

/// The micro BERT with the adapters of a recipe of rank 4, initialized to the golden values.
pub fn adapted(recipe: &RecipeSpec, device: &Device) -> TaskModel {
    with_adapter(micro(device), recipe, "lora_adapter.safetensors")
}

/// A model with the adapters of a recipe, initialized from the golden file `stored`.
pub fn with_adapter(mut model: TaskModel, recipe: &RecipeSpec, stored: &str) -> TaskModel {
    let stored = values(&golden(stored));
    model.adapt(&LoraConfig::of(recipe).expect("an adapter"), 0);
    let mut names = Vec::new();
    model.visit(&mut |weight| names.push(peft_name(&model, weight)));
    let mut names = names.into_iter();
    model.visit_mut(&mut |weight| {
        let name = names.next().expect("a name for each weight");
        if weight.as_ref().is_frozen() {
            return;
        }
        let values = stored[&name].clone();
        match weight {
            WeightMut::Vector(w) => {
                w.tensor = Tensor::from_data(TensorData::new(values, w.tensor.dims()), &w.tensor.device());
            }
            WeightMut::Matrix(w) => {
                let [into, out] = w.tensor.dims();
                let tensor = Tensor::<2>::from_data(TensorData::new(values, [out, into]), &w.tensor.device());
                w.tensor = tensor.transpose();
            }
        }
    });
    model
}

/// Numbers in single precision.
pub fn single(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|&number| number as f32).collect()
}

/// The largest absolute value.
fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |max, value| max.max(value.abs()))
}

/// Fails if two lists differ by more than `tolerance` times the largest value of `expected`.
#[track_caller]
pub fn assert_close(what: &str, actual: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let largest = largest(expected);
    let (mut worst, mut at) = (0.0f32, 0);
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(a.is_finite(), "{what}: value {i} is {a}");
        if (a - e).abs() > worst {
            (worst, at) = ((a - e).abs(), i);
        }
    }
    assert!(
        worst <= tolerance * largest,
        "{what}: value {at} is {} instead of {}, off by {worst:e} where the largest is {largest:e}",
        actual[at],
        expected[at]
    );
}

/// The value of a future of the CPU backend, which never waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the CPU backend made us wait"),
    }
}
