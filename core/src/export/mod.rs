//! A tuned model as a zip of the folder that transformers or transformers.js opens. It starts from the base model's files; everything that
//! training did not change is kept byte for byte.

mod adapter;
mod card;
mod config;
mod exported_model;
mod file_rows;
mod gguf;
mod inference_settings;
mod int8;
mod method;
mod names;
mod onnx;
mod rounding;
mod script;
mod sentence_transformers;
mod tokenizer_config;
mod trainer;
mod try_page;
mod weights;

use std::io::Write;

use serde_json::Value;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::dataset::{DataRecipe, InputColumns};
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::recipe::{Recipe, Task};
use crate::run::{Baseline, RecipeFile};
use crate::text::{ChatTemplate, EncodedExamples};
use crate::train::{HistoryEntry, TrainingData};
use crate::usage::{ExportForm, GGUF_ADAPTER_FILE, GGUF_FILE, ModelKind, PromptForm};

pub use exported_model::ExportedModel;
pub use inference_settings::{ExportedConfig, InferenceSettings};
pub use script::{ScriptFiles, TrainingScript};

/// Python classes that open an encoder with mean pooling, for folders without an averaging layer.
const MODELING: &str = include_str!("modeling_hone.py");

/// File with a decoder's settings for generation.
const GENERATION: &str = "generation_config.json";

/// Contents of a model folder.
#[derive(Clone, Copy, Debug)]
pub struct ModelFolder<'a> {
    /// The tuned model, with the weights that are written.
    pub exported: &'a ExportedModel,
    /// The base model's config.json.
    pub config: &'a [u8],
    /// Files that are copied unchanged (tokenizer.json, vocab.txt, …): name and bytes.
    pub verbatim: &'a [(String, Vec<u8>)],
    /// Names of the classes, labels or tags, in the order of the outputs.
    pub labels: &'a [String],
    /// Id of the base model on a hub.
    pub base_model: &'a str,
    /// The base model's license, as an SPDX identifier; empty if unknown.
    pub license: &'a str,
    /// Quantization of the base model's weights before training, if any.
    pub quantized: Option<&'static str>,
    /// Recipe of the run.
    pub recipe: &'a Recipe,
    /// Steps and evaluations of the run.
    pub history: &'a [HistoryEntry],
    /// Steps after which the run had ended and was trained further.
    pub extended_at: &'a [u32],
    /// Scores of the exported weights.
    pub best: &'a Evaluation,
    /// Their scores on the test rows, if there are any.
    pub test: Option<&'a Evaluation>,
    /// Scores of the same prediction for every row.
    pub baseline: Option<&'a Baseline>,
    /// Facts about the data, without any rows.
    pub data: DataFacts<'a>,
}

/// Facts about the data, for the model card.
#[derive(Clone, Copy, Debug)]
pub struct DataFacts<'a> {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: &'a str,
    /// Number of training rows.
    pub train_rows: usize,
    /// Number of validation rows.
    pub validation_rows: usize,
    /// Number of test rows.
    pub test_rows: usize,
    /// Generation: form of the rows.
    pub form: PromptForm,
    /// Names of the columns that the model's input came from.
    pub input: Option<&'a InputColumns<String>>,
    /// Settings by which the file was read, if they are known.
    pub recipe: Option<&'a DataRecipe>,
}

impl<'a> DataFacts<'a> {
    /// Collects the facts about a run's data, with the SHA-256 of its file and the names of its input columns.
    pub fn new(data: &TrainingData, sha256: &'a str, input: Option<&'a InputColumns<String>>) -> Self {
        let [train_rows, validation_rows, test_rows] =
            [&data.train, &data.validation, &data.test].map(EncodedExamples::rows);
        Self { sha256, train_rows, validation_rows, test_rows, form: data.form, input, recipe: None }
    }
}

impl ModelFolder<'_> {
    /// Writes the folder as a zip, one tensor at a time. `progress` receives the number of tensors done and in total. That
    /// of an adapter is for PEFT, which opens it on top of the base model.
    ///
    /// # Errors
    /// If the run had no adapter where one is to be written, or the device or `out` fails.
    pub async fn write<W: Write>(&self, out: W, mut progress: impl FnMut(usize, usize)) -> Result<W, Diagnostic> {
        let mut zip = ZipWriter::new_stream(out);
        let ExportedModel { model, form, dtype } = self.exported;
        let is_generation = self.recipe.task() == Task::Generation;
        if *form == ExportForm::Adapter {
            let config = adapter::config(self).ok_or_else(no_adapter)?;
            file(&mut zip, "adapter_config.json", &pretty(&config)?)?;
        }
        // With a config.json, transformers would take an adapter's folder for a whole model. A new head needs it.
        let has_config =
            *form != ExportForm::Gguf && (*form != ExportForm::Adapter || self.recipe.task().has_new_head());
        if has_config {
            file(&mut zip, "config.json", &pretty(&config::patched(self)?)?)?;
        }
        match form {
            ExportForm::Model | ExportForm::OwnClass => {
                begin(&mut zip, "model.safetensors")?;
                weights::write(weights::all(model, *dtype), &mut zip, &mut progress).await?;
            }
            ExportForm::Adapter => {
                begin(&mut zip, "adapter_model.safetensors")?;
                weights::write(weights::adapters(model, *dtype), &mut zip, &mut progress).await?;
                if gguf::can_have_adapter(self) {
                    begin(&mut zip, GGUF_ADAPTER_FILE)?;
                    gguf::write_adapter(self, &mut zip).await?;
                }
            }
            ExportForm::Onnx => {
                begin(&mut zip, dtype.onnx_file())?;
                onnx::write(self, &mut zip, &mut progress).await?;
            }
            ExportForm::Gguf => {
                begin(&mut zip, GGUF_FILE)?;
                gguf::write(self, &mut zip, &mut progress).await?;
            }
        }
        let has_settings = self.verbatim.iter().any(|(name, _)| name == GENERATION);
        if has_config && is_generation && !has_settings {
            file(&mut zip, GENERATION, &pretty(&config::generation(self)?)?)?;
        }
        self.write_rest(&mut zip)?;
        zip.finish().map(|stream| stream.into_inner()).map_err(failed)
    }

    /// The model's kind, as transformers and hubs know it.
    fn kind(&self) -> ModelKind {
        ModelKind {
            task: self.recipe.task(),
            family: self.exported.model.base.family(),
            pooling: self.recipe.pooling(),
        }
    }

    fn write_rest<W: Write>(&self, zip: &mut ZipWriter<StreamWriter<W>>) -> Result<(), Diagnostic> {
        if self.exported.form == ExportForm::Gguf {
            let template = ChatTemplate::source(self.verbatim).ok().flatten();
            let is_decoder = self.kind().family.is_decoder();
            file(zip, "Modelfile", gguf::modelfile(GGUF_FILE, is_decoder, template.as_deref()).as_bytes())?;
            return self.write_about(zip);
        }
        let is_onnx = self.exported.form == ExportForm::Onnx;
        for (name, bytes) in self.verbatim.iter().filter(|(name, _)| !is_onnx || name != tokenizer_config::NAME) {
            file(zip, name, bytes)?;
        }
        if is_onnx {
            file(zip, tokenizer_config::NAME, &pretty(&tokenizer_config::for_javascript(self)?)?)?;
            file(zip, try_page::NAME, try_page::write(self, card::title(self.recipe.task())).as_bytes())?;
        }
        if self.recipe.task() == Task::Embeddings {
            for (name, value) in sentence_transformers::files(self) {
                file(zip, name, &pretty(&value)?)?;
            }
        }
        if self.kind().has_own_class(self.exported.form) {
            file(zip, "modeling_hone.py", MODELING.as_bytes())?;
        }
        self.write_about(zip)
    }

    /// The model card, and the run.
    fn write_about<W: Write>(&self, zip: &mut ZipWriter<StreamWriter<W>>) -> Result<(), Diagnostic> {
        file(zip, "README.md", card::write(self).as_bytes())?;
        file(zip, "trainer_state.json", &pretty(&trainer::state(self))?)?;
        file(zip, "training_args.json", &pretty(&trainer::args(self))?)?;
        let recipe = RecipeFile { recipe: self.recipe.spec().clone(), data: self.data.recipe.cloned() };
        file(zip, "recipe.json", &pretty(&recipe.to_value().map_err(failed)?)?)
    }
}

fn no_adapter() -> Diagnostic {
    Diagnostic::new("export.no-adapter", "This run had no adapter: it trained the model's own weights.")
        .remedy("Download the whole model.")
}

fn begin<W: Write>(zip: &mut ZipWriter<StreamWriter<W>>, name: &str) -> Result<(), Diagnostic> {
    // The header cannot say yet where the file ends. Deflated bytes say it themselves, to those that unpack while they download.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // The fastest level: weights hardly compress.
    let options = options.compression_level(Some(1));
    zip.start_file(name, options).map_err(failed)
}

fn file<W: Write>(zip: &mut ZipWriter<StreamWriter<W>>, name: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
    begin(zip, name)?;
    zip.write_all(bytes).map_err(failed)
}

fn pretty(value: &Value) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn failed(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new("export.write", format!("The model folder could not be written: {error}."))
        .done("The tuned model is still here.")
        .remedy("Free some memory or disk space and try again.")
}
