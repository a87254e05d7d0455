//! What the page and the worker say to each other: plain data with public fields. Tensors, devices and JavaScript
//! values never cross; files and blobs travel beside a message. It is long because it is one list, of which every entry is
//! documented, and because what changes in it changes with [`PROTOCOL_VERSION`]: in one place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{CatalogEntry, FoundModel, KeptModel};
use crate::dataset::{Cuts, DataReport, Encoding, Mapping, SourceInfo};
use crate::metrics::Evaluation;
use crate::problem::Problem;
use crate::recipe::{Family, Metric, Place, Pooling, RawRecipe};
use crate::usage::PromptForm;

/// Changes whenever a message changes; a page and a worker of different versions do not talk.
pub const PROTOCOL_VERSION: u32 = 5;

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Choose and check the device. Answered by `Ready`, and by `ModelsKept`.
    Hello {
        /// [`PROTOCOL_VERSION`] of the page.
        version: u32,
        /// What the person wants to compute on.
        device: DeviceChoice,
        /// The result of an earlier self-check of this device and build, so that it need not run again.
        known_check: Option<SelfCheck>,
    },
    /// Read the file (the first of the `files` beside the message) once. Answered by `DataProgress`, `DataOpened` or
    /// `DataNotOpened`.
    OpenData {
        /// Training data, or the person's own validation data.
        role: DataRole,
        /// The file's name, as given.
        name: String,
        /// Name of a second file (the second beside the message) whose lines belong to the first one's: the same
        /// sentences in another language.
        aligned_with: Option<String>,
        /// What the person says the encoding is; found when absent.
        encoding: Option<Encoding>,
        /// What the person says of the first line; found when absent.
        has_header: Option<bool>,
    },
    /// Take what is learned from these columns. Answered by `DataProgress`, `DataReady` or `DataFailed`.
    MapData {
        /// The columns.
        mapping: Mapping,
        /// Share of the rows kept for validation (0 when a validation file is open).
        validation_share: f64,
        /// Seed of the split.
        seed: u32,
    },
    /// Forget the validation file. `MapData` follows, which splits the training file again.
    CloseValidation,
    /// Load this model: from the browser's storage as far as it is kept there, else from its folder. Answered by `ModelProgress`, then `ModelReady` and `ModelsKept`, or `ModelFailed`.
    LoadModel {
        /// Which.
        model: CatalogEntry,
    },
    /// Load a model from the `files` beside the message: those of a folder, a zip of them, or one GGUF file. Answered as
    /// `LoadModel` is.
    LoadFiles {
        /// What to call it.
        name: String,
        /// Where each file stands in the model's folder, which may itself be the first part: `all-MiniLM/config.json`.
        paths: Vec<String>,
    },
    /// Give up loading a model or asking a hub; what has arrived is kept. Answered by the `ModelFailed` of those.
    StopLoading,
    /// Ask a hub what a model is, without loading its weights. Answered by `ModelFound` or `ModelFailed`.
    FindModel {
        /// Address of the hub: `https://huggingface.co`.
        hub: String,
        /// Its name there: `prajjwal1/bert-tiny`.
        id: String,
    },
    /// Take a model out of the browser's storage. Answered by `ModelsKept`.
    ForgetModel {
        /// Its entry's `id`.
        id: String,
    },
    /// Start a run. Answered by `Started`; then `Steps`, `Parts`, `Evaluating` and `Evaluated`, and `Measuring` at the
    /// end; then `Finished`. `RunFailed` where it cannot start or go on.
    Start {
        /// The recipe, not validated yet.
        recipe: RawRecipe,
    },
    /// Hold the run after this batch.
    Pause,
    /// Go on.
    Resume,
    /// End the run after this batch and keep the best weights; end a range test or an estimate.
    Stop,
    /// Freeze or thaw a part of the model by hand, from the next batch on. Answered by `Parts`, or by
    /// `RunWarning` where it cannot be.
    SetLive {
        /// The part.
        place: Place,
        /// Whether it learns; as the recipe says when absent.
        live: Option<bool>,
    },
    /// Look for a learning rate with this recipe. Answered by `RateTried`s, then `RateFound` or `RateFailed`.
    FindRate {
        /// The recipe, not validated yet.
        recipe: RawRecipe,
    },
    /// Measure what a run of this recipe would take. Answered by `Estimated` or `EstimateFailed`.
    Estimate {
        /// The recipe, not validated yet.
        recipe: RawRecipe,
    },
    /// Ask the base and the tuned model. Answered by `Busy` while they read, then by `Predicted`, again and again while
    /// they write, or `PredictFailed`. An earlier query that is not answered yet is given up.
    Predict {
        /// Comes back with the answer.
        id: u32,
        /// What is asked.
        query: Query,
    },
    /// End what is being written; what stands is kept.
    StopWriting,
    /// The validation rows of one cell of the confusion matrix, worst first. Answered by `Rows`.
    Rows {
        /// Index of the true class.
        actual: u32,
        /// Index of the predicted class.
        predicted: u32,
    },
    /// Make the folder to take away. Answered by `ExportProgress`, then `Exported` with a `Blob` beside it, or
    /// `ExportFailed`.
    Export {
        /// Which folder.
        form: ExportForm,
    },
    /// Time training steps of a made-up model. Answered by `Benched`.
    Bench {
        /// Which case.
        case: BenchCase,
    },
}

impl Command {
    /// Whether it changes data, model or recipe, so that what was measured with the old ones does not hold any more.
    pub fn changes_what_is_learned(&self) -> bool {
        matches!(
            self,
            Self::OpenData { .. }
                | Self::MapData { .. }
                | Self::CloseValidation
                | Self::LoadModel { .. }
                | Self::LoadFiles { .. }
                | Self::Start { .. }
        )
    }
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The device is chosen and checked.
    Ready {
        /// Which, and why.
        device: DeviceReport,
    },
    /// Part of a file has been read.
    DataProgress {
        /// Which file.
        role: DataRole,
        /// Bytes read.
        done_bytes: f64,
        /// Bytes in all.
        total_bytes: f64,
    },
    /// A file has been read once.
    DataOpened {
        /// Which file.
        role: DataRole,
        /// What was found in it.
        source: SourceInfo,
    },
    /// The rows are taken, and split.
    DataReady {
        /// What was found.
        report: DataReport,
    },
    /// A file cannot be opened. What was open before still is.
    DataNotOpened {
        /// Which file.
        role: DataRole,
        /// Why, and what can be done.
        problem: Problem,
    },
    /// The rows of an open file cannot be taken, split or made into tokens.
    DataFailed {
        /// Which file.
        role: DataRole,
        /// Why, and what can be done.
        problem: Problem,
    },
    /// Part of a model has arrived.
    ModelProgress {
        /// Bytes read.
        done_bytes: f64,
        /// Bytes in all.
        total_bytes: f64,
    },
    /// A model is loaded.
    ModelReady {
        /// What it is.
        model: ModelReport,
    },
    /// What a hub has under a name.
    ModelFound {
        /// It.
        found: FoundModel,
    },
    /// What the browser's storage holds.
    ModelsKept {
        /// By name.
        kept: Vec<KeptModel>,
        /// Bytes that the browser would still give; none where it does not tell.
        free_bytes: Option<f64>,
    },
    /// A model cannot be found, loaded or used.
    ModelFailed {
        /// Why, and what can be done.
        problem: Problem,
    },
    /// A run has begun.
    Started {
        /// What it will do.
        plan: RunPlan,
    },
    /// Training steps since the last such event.
    Steps {
        /// In order.
        steps: Vec<StepMetrics>,
        /// Tokens a second over the last ten steps, padding not counted.
        tokens_per_s: f64,
        /// Seconds left, from the tenth step on.
        seconds_left: Option<f64>,
    },
    /// An evaluation on the validation rows is under way.
    Evaluating {
        /// Batches done.
        done: u32,
        /// Batches in all.
        total: u32,
    },
    /// An evaluation on the validation rows.
    Evaluated {
        /// Its figures.
        evaluation: Evaluation,
        /// Whether it is the best so far.
        is_best: bool,
    },
    /// Which parts of the model learn has changed.
    Parts {
        /// Optimiser steps taken before.
        step: u32,
        /// The parts, from the bottom.
        parts: Vec<PartState>,
    },
    /// How far the tuned encoder has moved is being measured.
    Measuring {
        /// Batches done.
        done: u32,
        /// Batches in all.
        total: u32,
    },
    /// A step of a range test.
    RateTried {
        /// Rate and loss.
        point: RatePoint,
        /// Steps in all, if the loss holds so long.
        total: u32,
    },
    /// A range test is over; the model is as it was before.
    RateFound {
        /// What it found.
        finding: RateFinding,
    },
    /// A range test cannot be made or finished.
    RateFailed {
        /// Why, and what can be done.
        problem: Problem,
    },
    /// What a run would take.
    Estimated {
        /// Of the command.
        recipe: Box<RawRecipe>,
        /// The figures.
        estimate: Estimate,
    },
    /// It cannot be told what a run would take.
    EstimateFailed {
        /// Of the command.
        recipe: Box<RawRecipe>,
        /// Why, and what can be done.
        problem: Problem,
    },
    /// The next batch of a run, of a rehearsal or of what is asked may take so long that nothing is heard meanwhile.
    Busy {
        /// About how long.
        seconds: f64,
    },
    /// The run waits.
    Paused,
    /// The run goes on.
    Resumed,
    /// The run is over; the best weights are in place.
    Finished {
        /// How it ended.
        summary: RunSummary,
    },
    /// The run cannot start or go on.
    RunFailed {
        /// Why, and what can be done.
        problem: Problem,
    },
    /// Something in a run that the person should know; the run goes on.
    RunWarning {
        /// What.
        problem: Problem,
    },
    /// What the models say.
    Predicted {
        /// Of the command.
        id: u32,
        /// Names of the classes, labels or tags.
        labels: Vec<String>,
        /// By the base model; its head, where the task needs one, is untrained.
        base: Answer,
        /// By the tuned model.
        tuned: Answer,
        /// Tokens that were read.
        tokens: u32,
        /// Whether the text was cut to the run's length.
        truncated: bool,
    },
    /// A query cannot be answered.
    PredictFailed {
        /// Of the command.
        id: u32,
        /// Why.
        problem: Problem,
    },
    /// Rows of one cell of the confusion matrix.
    Rows {
        /// Index of the true class.
        actual: u32,
        /// Index of the predicted class.
        predicted: u32,
        /// At most 50, worst first.
        rows: Vec<RowView>,
        /// Rows in all.
        total: u32,
    },
    /// Part of the folder is written.
    ExportProgress {
        /// Tensors written.
        done: u32,
        /// Tensors in all.
        total: u32,
    },
    /// The folder is ready; its `Blob` travels beside the message.
    Exported {
        /// Suggested name of the zip.
        file_name: String,
        /// Its size in bytes.
        bytes: f64,
    },
    /// The folder cannot be made.
    ExportFailed {
        /// Why.
        problem: Problem,
    },
    /// A benchmark case is done.
    Benched {
        /// Its figures.
        figures: BenchFigures,
    },
    /// The device or the worker failed; nothing more will come from it.
    Fatal {
        /// Why.
        problem: Problem,
    },
}

/// What the person wants to compute on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// A real GPU if there is one, else the CPU.
    #[default]
    Auto,
    /// WebGPU, even on a software adapter.
    Gpu,
    /// The CPU.
    Cpu,
}

/// What the models are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// To classify a text or a pair, to give it labels or a number, or to find its entities.
    Text {
        /// The text.
        text: String,
        /// The second text of a pair.
        pair: Option<String>,
    },
    /// To find an answer.
    Question {
        /// The question.
        question: String,
        /// The passage.
        context: String,
    },
    /// To write on.
    Prompt {
        /// What stands before: a prompt as the data has it, its template filled in.
        prompt: String,
        /// How it is written on.
        sampling: Sampling,
    },
}

/// What a model says to a [`Query`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Probability of each class.
    Classes {
        /// In the order of the labels.
        probabilities: Vec<f32>,
    },
    /// Probability of each label.
    Labels {
        /// In the order of the labels.
        probabilities: Vec<f32>,
        /// From which on each is said to be there.
        thresholds: Vec<f32>,
    },
    /// A number.
    Number {
        /// It; absent where it is not finite.
        value: Option<f32>,
    },
    /// Entities in the text, in its order.
    Entities {
        /// Each with its kind.
        entities: Vec<TextSpan>,
    },
    /// Spans of the passage that may answer, the best first.
    Spans {
        /// Their labels are empty.
        spans: Vec<TextSpan>,
        /// Probability, beside the spans', that the passage does not answer.
        no_answer: f32,
        /// Whether "no answer" is what the model says: its score is above the threshold of the validation rows.
        is_unanswerable: bool,
    },
    /// A text.
    Written {
        /// What was written so far.
        text: String,
        /// Whether nothing more comes.
        is_over: bool,
    },
}

/// A part of a text that a model marks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSpan {
    /// Where it begins, in bytes.
    pub start: u32,
    /// Where it ends, in bytes.
    pub end: u32,
    /// Of an entity: its kind.
    pub label: String,
    /// Probability.
    pub score: f32,
}

/// What is computed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// burn-wgpu.
    WebGpu,
    /// burn-flex.
    Cpu,
}

/// Which device was chosen, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// What is computed on.
    pub backend: Backend,
    /// The adapter's name as the browser tells it; empty on the CPU.
    pub adapter: String,
    /// The self-check of the GPU, where it ran.
    pub check: Option<SelfCheck>,
    /// Why the CPU was taken, in words; empty on WebGPU.
    pub reason: String,
}

/// Loss and gradients of a micro model on WebGPU against the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Adapter and build that it holds for.
    pub key: String,
    /// Largest difference of a gradient, as a share of that tensor's largest value.
    pub max_difference: f64,
    /// Whether it is small enough to compute on.
    pub passed: bool,
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRole {
    /// What is learned from.
    Train,
    /// The person's own validation rows.
    Validation,
}

/// A loaded model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Of the catalog.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Which family it is of.
    pub family: Family,
    /// How it makes one vector of a sentence.
    pub pooling: Pooling,
    /// Number of parameters.
    pub parameters: f64,
    /// Bytes of its weights in a download.
    pub bytes: f64,
    /// Number of layers.
    pub layers: u32,
    /// Hidden size.
    pub hidden: u32,
    /// Longest sequence, in tokens.
    pub max_positions: u32,
    /// Vocabulary, in tokens.
    pub vocab: u32,
    /// Tensors taken from the file.
    pub applied: u32,
    /// Tensors that the model needs and the file lacks (made anew).
    pub missing: Vec<String>,
    /// Tensors in the file that the model does not use.
    pub unused: Vec<String>,
}

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The recipe with every default filled in.
    pub recipe: RawRecipe,
    /// Class names, in the order of the model's outputs.
    pub labels: Vec<String>,
    /// Rows learned from, as they were cut: of running text and of long passages, windows.
    pub train_rows: u32,
    /// Rows validated on, likewise.
    pub validation_rows: u32,
    /// Optimiser steps in all.
    pub total_steps: u32,
    /// Optimiser steps an epoch.
    pub steps_per_epoch: u32,
    /// Longest sequence, in tokens.
    pub max_len: u32,
    /// What that did to the rows.
    pub cuts: Cuts,
    /// The form of the rows, in the task of generation.
    pub form: PromptForm,
    /// Parameters that learn in the last stage.
    pub trainable_parameters: f64,
    /// Learning rate at each of at most 200 evenly spaced steps: (step, rate).
    pub lr_curve: Vec<(u32, f64)>,
    /// The parts of the model at the beginning, from the bottom.
    pub parts: Vec<PartState>,
    /// What saying the same of every row scores, where there is such a thing to say.
    pub baseline: Option<Baseline>,
}

/// A part of the model in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartState {
    /// Which.
    pub place: Place,
    /// Whether it learns.
    pub live: bool,
    /// Whether that was decided by hand.
    pub by_hand: bool,
    /// Its rate over the rate of the step.
    pub rate_factor: f64,
    /// Its parameters that learn when it is live; with an adapter, those of the adapter.
    pub parameters: f64,
}

/// A step of a range test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatePoint {
    /// Learning rate.
    pub lr: f64,
    /// Loss of the batch.
    pub loss: f64,
    /// Loss, smoothed over the steps before.
    pub smooth: f64,
}

/// What a range test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateFinding {
    /// Its steps, in order.
    pub points: Vec<RatePoint>,
    /// Where the smoothed loss falls fastest.
    pub steepest: Option<f64>,
    /// Half way into the longest fall of the smoothed loss.
    pub valley: Option<f64>,
    /// Whether it ended because the loss exploded (else at the highest rate, or by hand).
    pub diverged: bool,
}

/// What a run would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Wall time in seconds, evaluations counted.
    pub seconds: f64,
    /// Memory at the most, in bytes.
    pub bytes: f64,
    /// Memory that there is, in bytes.
    pub limit_bytes: f64,
    /// Optimiser steps in all.
    pub steps: u32,
    /// What the recipe's length does to the rows.
    pub cuts: Cuts,
    /// The last batch of the trial, in milliseconds; none where the recipe does not fit.
    pub step_ms: Option<f64>,
    /// Where the recipe does not fit: the nearest one that does, if there is one.
    pub nearest: Option<RawRecipe>,
}

impl Estimate {
    /// Whether there is memory enough.
    pub fn fits(&self) -> bool {
        self.bytes <= self.limit_bytes
    }
}

/// How far the tuned model has moved from the pretrained one, on general sentences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forgetting {
    /// Mean cosine between the sentence vectors before and after: 1 is unmoved.
    pub cosine: f64,
    /// Correlation (Pearson) of the similarities between all pairs of sentences, before and after.
    pub agreement: f64,
    /// Sentences compared.
    pub sentences: u32,
    /// Perplexity of a decoder on the sentences, before and after.
    pub perplexity: Option<(f64, f64)>,
}

/// What is taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// A whole model; an adapter is merged into it.
    #[default]
    Model,
    /// The adapter alone, as a PEFT folder.
    Adapter,
}

/// What saying the same of every row scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// What is said: the commonest class of the training rows, or the mean of their numbers.
    pub label: String,
    /// On the validation rows.
    pub scores: BTreeMap<Metric, f64>,
}

/// How a text is written on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// What scores are divided by before one is drawn: 0 always takes the likeliest token.
    pub temperature: f64,
    /// Only so many of the likeliest tokens are drawn from; 0 for all.
    pub top_k: u32,
    /// Only the likeliest tokens that together have this share are drawn from.
    pub top_p: f64,
    /// What the score of a token that stands already is divided by; 1 for nothing.
    pub repetition_penalty: f64,
    /// Most tokens that are written.
    pub max_new_tokens: u32,
    /// Seed of what is drawn: the same writes the same.
    pub seed: u32,
}

impl Default for Sampling {
    /// The likeliest token, always.
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, repetition_penalty: 1.0, max_new_tokens: 64, seed: 1 }
    }
}

/// One optimiser step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// From 1.
    pub step: u32,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Mean loss of its rows, by the recipe's objective; what L2-SP adds is not counted.
    pub loss: f64,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Learning rate of this step.
    pub lr: f64,
    /// Tokens of its rows, padding not counted.
    pub tokens: u32,
    /// Whether weights were changed: not when loss or gradient norm was not finite.
    pub taken: bool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All epochs are done.
    Completed,
    /// Validation had not improved for as long as the recipe allows.
    EarlyStopped,
    /// The person stopped it.
    Stopped,
    /// Three steps in a row were not finite.
    NotFinite,
    /// The device failed after weights had been kept.
    DeviceFailed,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Why it ended.
    pub reason: EndReason,
    /// Optimiser steps taken.
    pub steps: u32,
    /// The evaluation of the weights that were kept.
    pub best: Evaluation,
    /// What always guessing scores.
    pub baseline: Option<Baseline>,
    /// How far the encoder has moved; none where it was not measured.
    pub forgetting: Option<Forgetting>,
    /// Wall time in seconds.
    pub seconds: f64,
    /// What went wrong and what to do, where the run did not end by itself.
    pub advice: Option<Problem>,
}

/// A validation row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowView {
    /// Line in the file, from 1.
    pub line: u32,
    /// Its text.
    pub text: String,
    /// The second text of a pair.
    pub pair: Option<String>,
    /// Probability that the model gave to its prediction.
    pub probability: f32,
}

/// Shape and backend of a benchmark case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchCase {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// Rows a batch.
    pub batch: u32,
    /// Tokens a row.
    pub len: u32,
    /// Steps after the first.
    pub steps: u32,
    /// Top layers that learn, with the head; everything when absent.
    pub live_layers: Option<u32>,
    /// Whether what the frozen layers below compute is kept from step to step.
    pub keeps_prefix: bool,
}

/// Figures of a benchmark case, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchFigures {
    /// `micro`, `tiny`, `minilm`, `decoder` or `smollm2`.
    pub size: String,
    /// What was computed on.
    pub backend: Backend,
    /// The first step, with everything that is compiled in it.
    pub first_step_ms: f64,
    /// Median of the later ones.
    pub median_step_ms: f64,
    /// Tokens a second at the median.
    pub tokens_per_s: f64,
    /// Of a decoder: tokens a second that it writes, one after the other.
    pub written_per_s: Option<f64>,
    /// From the start of a step until the GPU is awaited, median.
    pub encode_ms: f64,
    /// WebGPU dispatches a step, median.
    pub dispatches_per_step: Option<f64>,
    /// WebGPU submits a step, median.
    pub submits_per_step: Option<f64>,
    /// Size of the wasm memory.
    pub wasm_heap_bytes: f64,
    /// Bytes of GPU buffers created and not destroyed.
    pub gpu_bytes: Option<f64>,
    /// Of the case.
    pub live_layers: Option<u32>,
    /// Of the case.
    pub keeps_prefix: bool,
    /// Bytes of the optimiser's state.
    pub optimizer_bytes: f64,
    /// Loss of the last step: shows that the arithmetic was real.
    pub loss: f64,
}
