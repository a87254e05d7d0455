//! `hone-run.zip`: a run's recipe as a script for transformers' Trainer, which trains elsewhere, in one process or several.

mod differences;
mod python;
mod reading;

use serde_json::{Value, json};
use zip::ZipWriter;

use crate::dataset::{Dataset, DatasetFile};
use crate::diagnostic::Diagnostic;
use crate::export::{MODELING, failed, file, pretty, weights};
use crate::metrics::Evaluation;
use crate::model::TaskModel;
use crate::recipe::{Recipe, Task};
use crate::run::{RecipeFile, SourceFile};
use crate::train::{FirstStep, TrainingData};

use python::Python;

/// The packages that the script needs, in the versions that the tests run it with.
const PACKAGES: [&str; 9] = [
    "accelerate==1.15.0",
    "numpy==2.4.6",
    "peft==0.21.2",
    "safetensors==0.8.0",
    "scikit-learn==1.9.1",
    "scipy==1.17.1",
    "seqeval==1.2.2",
    "torch==2.15.0",
    "transformers==5.23.0",
];

/// Configurations of accelerate, by file name.
const ACCELERATE: [(&str, &str); 3] = [
    ("accelerate/single_gpu.yaml", include_str!("accelerate/single_gpu.yaml")),
    ("accelerate/multi_gpu.yaml", include_str!("accelerate/multi_gpu.yaml")),
    ("accelerate/fsdp2.yaml", include_str!("accelerate/fsdp2.yaml")),
];

/// The files of the rows.
#[derive(Clone, Copy, Debug)]
pub struct ScriptFiles<'a> {
    /// The training file.
    pub train: &'a SourceFile,
    /// The user's own validation file.
    pub validation: Option<&'a SourceFile>,
    /// The user's own test file.
    pub test: Option<&'a SourceFile>,
}

/// Everything that the script depends on.
#[derive(Clone, Copy, Debug)]
pub struct TrainingScript<'a> {
    /// The recipe, with every default filled in.
    pub recipe: &'a Recipe,
    /// The model before the run, with its new head.
    pub base: &'a TaskModel,
    /// The same with its adapters, as the run starts.
    pub start: &'a TaskModel,
    /// The rows.
    pub dataset: &'a Dataset,
    /// The same rows, encoded.
    pub data: &'a TrainingData,
    /// Weight of each class in the loss.
    pub class_weights: &'a [f32],
    /// The files of the rows.
    pub files: ScriptFiles<'a>,
    /// The base model's name on a hub, or of the user's own files.
    pub base_model: &'a str,
    /// Quantization of the base model's weights before training, if any.
    pub quantized: Option<&'static str>,
    /// True if the model has a chat template that can be used.
    pub has_chat_template: bool,
    /// The first step of the run.
    pub first_step: &'a FirstStep,
    /// The best scores of the run; none before it has been evaluated.
    pub best: Option<&'a Evaluation>,
}

impl TrainingScript<'_> {
    /// Writes the script and all that it reads as a zip.
    ///
    /// # Errors
    /// `script.format` if Python could not read the file as Hone does, or if the device fails.
    pub async fn write(&self) -> Result<Vec<u8>, Diagnostic> {
        let python = Python::of(self)?;
        let mut zip = ZipWriter::new_stream(Vec::new());
        file(&mut zip, "README.md", python.readme()?.as_bytes())?;
        for (name, script) in python.scripts()? {
            file(&mut zip, name, script.as_bytes())?;
        }
        let recipe = RecipeFile { recipe: self.recipe.spec().clone(), data: self.dataset.data_recipe().cloned() };
        file(&mut zip, "recipe.json", &pretty(&recipe.to_value().map_err(failed)?)?)?;
        file(&mut zip, "split.json", &json_file(&self.split())?)?;
        file(&mut zip, "expected.json", &json_file(&self.expected())?)?;
        file(&mut zip, "requirements.txt", (python.packages().join("\n") + "\n").as_bytes())?;
        for (name, content) in ACCELERATE {
            file(&mut zip, name, content.as_bytes())?;
        }
        if self.recipe.task() != Task::Generation {
            let mut head = Vec::new();
            weights::write(weights::head(self.base), &mut head, &mut |_, _| {}).await?;
            file(&mut zip, "head.safetensors", &head)?;
        }
        if python.has_own_class() {
            file(&mut zip, "modeling_hone.py", MODELING.as_bytes())?;
        }
        zip.finish().map(zip::write::StreamWriter::into_inner).map_err(failed)
    }

    /// Numbers of the rows of each side, without any text.
    fn split(&self) -> Value {
        let dataset = self.dataset;
        let part = |rows: &[u32], source: Option<&SourceFile>, own: &Option<DatasetFile>| {
            let source = source.unwrap_or(self.files.train);
            let file = own.as_ref().unwrap_or(&dataset.train_file);
            json!({
                "file": source.name,
                "sha256": source.sha256,
                "records": file.examples.records.count,
                "rows": rows.iter().map(|&row| dataset.record_number(row)).collect::<Vec<_>>(),
            })
        };
        let mut split = json!({
            "seed": self.recipe.spec().seed,
            "labels": self.data.labels,
            "train": part(&dataset.train, None, &None),
            "validation": part(&dataset.validation, self.files.validation, &dataset.validation_file),
        });
        if !dataset.test.is_empty() {
            split["test"] = part(&dataset.test, self.files.test, &dataset.test_file);
        }
        if self.recipe.task().has_classes() {
            split["class_weights"] = json!(self.class_weights);
        }
        split
    }

    /// The figures of the run in Hone.
    fn expected(&self) -> Value {
        // The new values of layers are random.
        let first_loss = (self.recipe.spec().reinit_layers == 0).then_some(self.first_step.loss);
        json!({
            "train": self.data.train.len(),
            "validation": self.data.validation.len(),
            "first_rows": self.first_step.rows,
            "first_loss": first_loss,
            "scores": self.best.map(|best| {
                let mut scores = json!(best.scores);
                scores["loss"] = json!(best.loss);
                scores
            }),
        })
    }
}

/// JSON on one line, which long lists of numbers need.
fn json_file(value: &Value) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = serde_json::to_vec(value).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}
