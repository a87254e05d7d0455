//! The command line of the program's commands.

use std::path::PathBuf;

use clap::ValueEnum;
use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::{RecipeSpec, Task};
use hone_core::run::RecipeFile;
use hone_core::runner::SCRIPT_ZIP;
use hone_core::usage::ExportDtype;

use crate::data::{self, Data, DataPaths};
use crate::mapping::ColumnArguments;
use crate::reading::ReadingArguments;

/// The data files of a run, and how they are read.
#[derive(clap::Args)]
pub struct DataArguments {
    /// Training data for the recipe's task: CSV, TSV, JSON, JSONL, SQuAD, CoNLL, plain text, Parquet, a spreadsheet (.xlsx,
    /// .ods), a document (.docx, .html, .epub) or translations (.tmx, .xlf, .po); also compressed with gzip or Zstandard, or
    /// in a zip or tar archive. Or a folder or an archive with a folder of .txt files for each label, or with brat's .ann
    /// files next to the texts; then folders called train and test are the split.
    #[arg(long)]
    pub data: PathBuf,
    /// Your own validation rows, in a file with the same columns.
    #[arg(long)]
    pub validation: Option<PathBuf>,
    /// Your own test rows, in a file with the same columns. They choose nothing, and are scored once, at the end. The recipe's
    /// "test_ratio" holds out rows of the training data instead.
    #[arg(long)]
    pub test: Option<PathBuf>,
    #[command(flatten)]
    pub reading: ReadingArguments,
    #[command(flatten)]
    pub columns: ColumnArguments,
}

impl DataArguments {
    /// Reads the files and splits their rows according to the recipe. Where no argument says how, the file of the recipe
    /// decides how they are read and which columns are used.
    ///
    /// # Errors
    /// Of [`data::load`].
    pub fn load(&self, file: &RecipeFile) -> Result<Data, Diagnostic> {
        let set = self.reading.clone().hints();
        let hints = match &file.data {
            Some(data) => set.or(&data.hints),
            None => set,
        };
        data::load(self.paths(), hints, &self.columns, file)
    }

    /// Reads the files for a task, or for the one that they fit best.
    ///
    /// # Errors
    /// Of [`data::load_to_review`].
    pub fn load_to_review(&self, task: Option<Task>) -> Result<Data, Diagnostic> {
        data::load_to_review(self.paths(), self.reading.clone().hints(), &self.columns, task)
    }

    /// The rows of the training file, which may have few labels or none.
    ///
    /// # Errors
    /// Of [`data::pool`].
    pub fn pool(&self, recipe: &RecipeSpec) -> Result<data::PoolData, Diagnostic> {
        data::pool(self.paths(), self.reading.clone().hints(), &self.columns, recipe)
    }

    fn paths(&self) -> DataPaths<'_> {
        DataPaths { train: &self.data, validation: self.validation.as_deref(), test: self.test.as_deref() }
    }
}

/// Arguments of `hone train`.
#[derive(clap::Args)]
pub struct TrainArguments {
    /// The recipe, as exported by the page.
    pub recipe: PathBuf,
    #[command(flatten)]
    pub data: DataArguments,
    /// A .gguf file, a folder that contains one, or a folder with config.json, model.safetensors and tokenizer.json
    /// [default: the recipe's model, where `cargo xtask setup` puts it].
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// Folder for the tuned model, events.jsonl and result.json.
    #[arg(long)]
    pub out: PathBuf,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    pub device: DeviceKind,
    /// Stop after this many optimizer steps and keep the best weights.
    #[arg(long)]
    pub steps: Option<u32>,
    /// Write the small form of a model that reads the mean of the tokens: with a Python class of its own, which
    /// transformers runs with `trust_remote_code`, in place of one more layer.
    #[arg(long)]
    pub own_class: bool,
    /// Element type of the weights that are written. In float16 they are half the size; they are rounded, and scored again
    /// after that.
    #[arg(long, value_enum, default_value_t = Dtype::Float32)]
    pub dtype: Dtype,
    /// Also write the model as ONNX to OUT/onnx, for transformers.js and onnxruntime. The weights can be rounded to 16 bits
    /// (`--onnx=float16`; not Gemma 3's) or to 8 (`--onnx=int8`); they are scored after that.
    #[arg(long, value_enum, value_name = "DTYPE", num_args = 0..=1, require_equals = true, default_missing_value = "float32")]
    pub onnx: Option<OnnxDtype>,
    /// Also write a decoder (Llama, Mistral, Qwen2, Qwen3 or GPT-2) or a BERT for embeddings as GGUF to OUT/gguf, for llama.cpp
    /// and Ollama. The weights have 16 bits, or 8 with `--gguf=q8_0`, or 4 with `--gguf=q4_0`, by which a small decoder loses
    /// much. They are scored after that.
    #[arg(long, value_enum, value_name = "TYPE", num_args = 0..=1, require_equals = true, default_missing_value = "f16")]
    pub gguf: Option<GgufType>,
    /// Classification: give a prediction no label if its calibrated probability is below this. It is kept in the model's
    /// config.json.
    #[arg(long, value_name = "PROBABILITY", value_parser = ratio)]
    pub unsure_below: Option<f64>,
    /// Classification: choose that probability so that the predictions with a label have this accuracy on the validation rows.
    #[arg(long, value_name = "ACCURACY", value_parser = ratio, conflicts_with = "unsure_below")]
    pub unsure_accuracy: Option<f64>,
    /// Predict this text of your own at each evaluation, and say at the end when its answer turned; can be repeated. The answers
    /// are in events.jsonl, too. For tasks with a single text in each row that has a label, labels, tags or a number.
    #[arg(long, value_name = "TEXT")]
    pub pin: Vec<String>,
    /// Also write the validation rows that the tuned model got wrong to this file, the surest mistakes first: CSV, or JSON lines
    /// or a spreadsheet if its name ends in .jsonl or .xlsx. Running text has none.
    #[arg(long, value_name = "FILE")]
    pub wrong_rows: Option<PathBuf>,
    /// Also write each validation row to this file with the mean probability of what is right over the evaluations (confidence)
    /// and its deviation (variability), the least probable first, where labels are often wrong. Numbers, embeddings and running
    /// text have none. The ending decides about the format as for `--wrong-rows`.
    #[arg(long, value_name = "FILE")]
    pub row_dynamics: Option<PathBuf>,
    /// Continue the run saved in this folder, with the same recipe, data and model. A run is saved in OUT/checkpoint after
    /// each evaluation, every minute, and at Ctrl+C. The zip of a run taken from the page can be continued too.
    #[arg(long, value_name = "FOLDER OR ZIP")]
    pub resume: Option<PathBuf>,
    /// Train the finished run that is continued for this many epochs more, as the page's Train further: from the weights and the
    /// optimizer state after its last step, with the learning rates of a run of all epochs.
    #[arg(long, value_name = "EPOCHS", requires = "resume", value_parser = clap::value_parser!(u32).range(1..))]
    pub further: Option<u32>,
    /// Keep the finished run in OUT/checkpoint, so that it can be trained further with `--resume OUT/checkpoint --further
    /// EPOCHS`.
    #[arg(long, conflicts_with = "scores_only")]
    pub keep_run: bool,
    /// Write only scores and events, no model, and do not save the run while it goes on.
    #[arg(long)]
    pub scores_only: bool,
}

/// Arguments of `hone script`.
#[derive(clap::Args)]
pub struct ScriptArguments {
    /// The recipe, as exported by the page.
    pub recipe: PathBuf,
    #[command(flatten)]
    pub data: DataArguments,
    /// The model, as for `hone train` [default: the recipe's model, where `cargo xtask setup` puts it].
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// File to write: a zip with train.py, the recipe, the split, and what they need.
    #[arg(long, default_value = SCRIPT_ZIP)]
    pub out: PathBuf,
}

/// Arguments of `hone labels`.
#[derive(clap::Args)]
pub struct LabelsArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// File for the result, here the rows or words whose label is probably wrong, the surest first: CSV, or JSON lines or a
    /// spreadsheet if its name ends in .jsonl or .xlsx.
    #[arg(long)]
    pub out: PathBuf,
    /// The task that the labels are for, such as classification, multi_label, token_classification, regression or
    /// embeddings [default: the one that the data fits best].
    #[arg(long, value_parser = task, conflicts_with_all = ["pool", "learning_curve"])]
    pub task: Option<Task>,
    /// List the rows without a label instead on which a head hesitates most, at most this many, each with a suggested label:
    /// the rows to label next. The label cells of these rows are empty in the data.
    #[arg(long, value_name = "ROWS")]
    pub pool: Option<usize>,
    /// Measure instead how accuracy grows with up to this many labels, for rows chosen by the rule of `--pool`, with a new
    /// head after each label, and for random ones: if that order beats a random one. It is scored on the rows of `--test`.
    #[arg(long, value_name = "LABELS", conflicts_with = "pool")]
    pub learning_curve: Option<usize>,
    /// Also write the texts that are nearly the same, and those unlike all others, to this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pool", "learning_curve"])]
    pub texts: Option<PathBuf>,
    /// The model that reads the texts, as for `hone train` [default: MiniLM, where `cargo xtask setup` puts it].
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    pub device: DeviceKind,
}

/// Arguments of `hone negatives`.
#[derive(clap::Args)]
pub struct NegativesArguments {
    #[command(flatten)]
    pub data: DataArguments,
    /// File for the triplets: CSV, or JSON lines or a spreadsheet if its name ends in .jsonl or .xlsx.
    #[arg(long)]
    pub out: PathBuf,
    /// Part of the positive's cosine by which the negative's has to be lower (`relative_margin` in sentence-transformers'
    /// `mine_hard_negatives`). Texts closer than that are often right answers.
    #[arg(long, value_name = "PART", default_value_t = 0.05, value_parser = ratio)]
    pub margin: f64,
    /// The model that reads the texts, as for `hone train` [default: MiniLM, where `cargo xtask setup` puts it].
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    pub device: DeviceKind,
}

fn task(name: &str) -> Result<Task, String> {
    serde_json::from_value(name.into()).map_err(|error| error.to_string())
}

/// Arguments of `hone predict`.
#[derive(clap::Args)]
pub struct PredictArguments {
    /// A tuned model: the folder OUT/model of `hone train`, or the zip from the page.
    pub model: PathBuf,
    /// The rows: any table that Hone reads. Labels are not needed.
    #[arg(long)]
    pub data: PathBuf,
    /// File for the rows with their predictions: CSV, or JSON lines or a spreadsheet if its name ends in .jsonl or
    /// .xlsx.
    #[arg(long)]
    pub out: PathBuf,
    #[command(flatten)]
    pub reading: ReadingArguments,
    #[command(flatten)]
    pub columns: InputArguments,
    /// The device to compute on.
    #[arg(long, value_enum, default_value_t = DeviceKind::Cpu)]
    pub device: DeviceKind,
}

/// The arguments that choose a model's input, where the guess is wrong.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InputArguments {
    /// Name of the column with the text.
    #[arg(long)]
    pub text: Option<String>,
    /// Name of the column with the second text, for a model of pairs.
    #[arg(long)]
    pub second_text: Option<String>,
    /// Name of the column with the question.
    #[arg(long)]
    pub question: Option<String>,
    /// Name of the column with the passage.
    #[arg(long)]
    pub passage: Option<String>,
    /// The prompt, with names of columns in braces: "Translate: {english}".
    #[arg(long)]
    pub prompt: Option<String>,
}

/// A number from 0 to 1.
fn ratio(typed: &str) -> Result<f64, String> {
    let number = typed.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "it must be a number from 0 to 1, such as 0.9".to_owned())
}

/// The device to compute on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// The graphics card, through wgpu.
    #[cfg(feature = "wgpu")]
    Gpu,
}

/// Element type of the weights that are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    /// 32 bits.
    Float32,
    /// 16 bits.
    Float16,
}

/// Element type of the weights in the ONNX file.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnnxDtype {
    /// 32 bits.
    Float32,
    /// 16 bits.
    Float16,
    /// 8 bits.
    Int8,
}

/// Type of the weights in the GGUF file, by the names of llama.cpp.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GgufType {
    /// 16 bits.
    F16,
    /// 8 bits.
    #[value(name = "q8_0")]
    Q8_0,
    /// 4 bits, only for decoders.
    #[value(name = "q4_0")]
    Q4_0,
}

impl From<GgufType> for ExportDtype {
    fn from(kind: GgufType) -> Self {
        match kind {
            GgufType::F16 => Self::Float16,
            GgufType::Q8_0 => Self::Int8,
            GgufType::Q4_0 => Self::Int4,
        }
    }
}

impl From<OnnxDtype> for ExportDtype {
    fn from(dtype: OnnxDtype) -> Self {
        match dtype {
            OnnxDtype::Float32 => Self::Float32,
            OnnxDtype::Float16 => Self::Float16,
            OnnxDtype::Int8 => Self::Int8,
        }
    }
}

impl From<Dtype> for ExportDtype {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Float32 => Self::Float32,
            Dtype::Float16 => Self::Float16,
        }
    }
}
