//! From the worker to the page.

use serde::{Deserialize, Serialize};

use crate::catalog::{FoundModel, KeptModel, ModelReport};
use crate::dataset::{DataReport, DataRole, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::inference::Answer;
use crate::metrics::Evaluation;
use crate::protocol::bench::BenchFigures;
use crate::protocol::device::DeviceReport;
use crate::run::{Estimate, LrFinderPoint, LrFinderResult, ParamGroupState, RunPlan, RunSummary, StepMetrics};

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
        diagnostic: Diagnostic,
    },
    /// The rows of an open file cannot be taken, split or made into tokens.
    DataFailed {
        /// Which file.
        role: DataRole,
        /// Why, and what can be done.
        diagnostic: Diagnostic,
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
    /// A hub has no such model, or none that can be used.
    ModelNotFound {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// A model cannot be loaded or used.
    ModelFailed {
        /// Why, and what can be done.
        diagnostic: Diagnostic,
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
    ParamGroups {
        /// Optimizer steps taken before.
        step: u32,
        /// The parts, from the bottom.
        param_groups: Vec<ParamGroupState>,
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
        point: LrFinderPoint,
        /// Steps in all, if the loss holds so long.
        total: u32,
    },
    /// A range test is over; the model is as it was before.
    RateFound {
        /// What it found.
        finding: LrFinderResult,
    },
    /// A range test cannot be made or finished.
    RateFailed {
        /// Why, and what can be done.
        diagnostic: Diagnostic,
    },
    /// What a run would take.
    Estimated {
        /// The figures.
        estimate: Estimate,
    },
    /// It cannot be told what a run would take.
    EstimateFailed {
        /// Why, and what can be done.
        diagnostic: Diagnostic,
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
        diagnostic: Diagnostic,
    },
    /// Something in a run that the person should know; the run goes on.
    RunWarning {
        /// What.
        diagnostic: Diagnostic,
    },
    /// What the models say.
    Predicted {
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
        /// Why.
        diagnostic: Diagnostic,
    },
    /// Rows of one cell of the confusion matrix.
    Rows {
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
        diagnostic: Diagnostic,
    },
    /// A benchmark case is done.
    Benched {
        /// Its figures.
        figures: BenchFigures,
    },
    /// The device or the worker failed; nothing more will come from it.
    Fatal {
        /// Why.
        diagnostic: Diagnostic,
    },
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
