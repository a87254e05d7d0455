//! Events from the worker to the page.

use serde::{Deserialize, Serialize};

use crate::catalog::{FoundModel, KeptModel, ModelReport, SavedRunEntry, TunedEntry, TunedModel};
use crate::dataset::{DataReport, DataRole, FileRows, InputColumns, SourceInfo};
use crate::diagnostic::Diagnostic;
use crate::inference::Answer;
use crate::metrics::Evaluation;
use crate::protocol::bench::BenchFigures;
use crate::protocol::device::DeviceReport;
use crate::run::{
    Estimate, FileOutcome, GroupMovement, LabelQuestion, LrFinderPoint, LrFinderResult, ParamGroupState, RunMaps,
    RunPlan, RunSummary, StepMetrics, SuspectedLabels, WrongRows,
};

/// An event from the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The device is chosen and checked.
    Ready {
        /// The device, and the reason for it.
        device: DeviceReport,
    },
    /// Part of a file has been read.
    DataProgress {
        /// The file.
        role: DataRole,
        /// Bytes read.
        done_bytes: f64,
        /// Size of the file, in bytes.
        total_bytes: f64,
    },
    /// A file has been scanned.
    DataOpened {
        /// The file.
        role: DataRole,
        /// Format, columns and first rows of the file.
        source: SourceInfo,
    },
    /// The rows are collected and split; sent again once they are encoded.
    DataReady {
        /// Report on the rows.
        report: DataReport,
    },
    /// A file cannot be opened. The earlier one is still open.
    DataNotOpened {
        /// The file.
        role: DataRole,
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// The rows of an open file cannot be collected, split or encoded.
    DataFailed {
        /// The file.
        role: DataRole,
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// Rows of the training file have been found.
    RowsFound {
        /// The rows.
        found: FileRows,
    },
    /// Part of a model has arrived.
    ModelProgress {
        /// Bytes read.
        done_bytes: f64,
        /// Total size, in bytes.
        total_bytes: f64,
    },
    /// A model is loaded.
    ModelReady {
        /// The model.
        model: ModelReport,
    },
    /// A hub has a model of this name.
    ModelFound {
        /// The model, before its weights are loaded.
        found: FoundModel,
    },
    /// A part of a table has been read or predicted.
    TableProgress {
        /// The fraction, from 0 to 1.
        fraction: f64,
    },
    /// A table whose rows are to be predicted has been scanned.
    TableOpened {
        /// Format, columns and first rows of the file.
        source: SourceInfo,
        /// The columns to begin with.
        columns: InputColumns,
    },
    /// All rows of a table are predicted; the result is the `Blob` next to the message.
    TablePredicted {
        /// Name for the file.
        file_name: String,
        /// Outcome of its rows.
        outcome: FileOutcome,
        /// Names of the classes or labels that `outcome` counts.
        labels: Vec<String>,
    },
    /// A table cannot be read or predicted.
    TableFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// Contents of the browser's storage. Answers no request.
    ModelsKept {
        /// The models, sorted by name.
        kept: Vec<KeptModel>,
        /// Free space, in bytes; absent if the browser does not report it.
        free_bytes: Option<f64>,
    },
    /// The tuned models in the browser's storage. Answers no request.
    TunedModels {
        /// The models, the last one first.
        models: Vec<TunedEntry>,
    },
    /// The tuned model of the last run is in the browser's storage.
    TunedKept {
        /// Its `id`.
        id: String,
    },
    /// Kept models are open.
    TunedOpened {
        /// The models, in the order of the command.
        models: Vec<TunedModel>,
    },
    /// A tuned model cannot be kept, opened, renamed or exported.
    TunedFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// A hub has no such model, or none that can be used.
    ModelNotFound {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// A model cannot be loaded or used.
    ModelFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// A run has started, or an ended one continues.
    Started {
        /// Plan of the run.
        plan: RunPlan,
    },
    /// Training steps since the last such event.
    Steps {
        /// The steps, in order.
        steps: Vec<StepMetrics>,
        /// Tokens per second over the last ten steps, without padding.
        tokens_per_s: f64,
        /// Seconds left, from the tenth step on.
        seconds_left: Option<f64>,
    },
    /// An evaluation on the validation rows is under way.
    Evaluating {
        /// Batches done.
        done: u32,
        /// Total number of batches.
        total: u32,
    },
    /// An evaluation on the validation rows.
    Evaluated {
        /// Loss and scores.
        evaluation: Evaluation,
        /// True if it is the best so far.
        is_best: bool,
    },
    /// The pinned texts have been predicted, when the run began or for an evaluation.
    Pinned {
        /// Number of optimizer steps taken before.
        step: u32,
        /// The answer for each text.
        answers: Vec<Answer>,
    },
    /// Distances of the weights from their beginning, at an evaluation.
    Moved {
        /// Number of optimizer steps taken before.
        step: u32,
        /// The parameter groups, from the bottom; empty with an adapter.
        groups: Vec<GroupMovement>,
    },
    /// Parameter groups have been frozen or unfrozen.
    ParamGroups {
        /// Number of optimizer steps taken before.
        step: u32,
        /// The parameter groups, from the bottom.
        param_groups: Vec<ParamGroupState>,
    },
    /// The best weights are being scored on the test rows.
    Testing {
        /// Batches and samples done.
        done: u32,
        /// Batches and samples in all.
        total: u32,
    },
    /// Forgetting is being measured on general sentences.
    Measuring {
        /// Batches done.
        done: u32,
        /// Total number of batches.
        total: u32,
    },
    /// A step of a range test.
    RateTried {
        /// Learning rate and loss.
        point: LrFinderPoint,
        /// Total number of steps, unless the loss diverges earlier.
        total: u32,
    },
    /// A range test is over; the model is unchanged.
    RateFound {
        /// Result of the test.
        finding: LrFinderResult,
    },
    /// A step at one of several learning rates.
    TrialStep {
        /// Index of the rate.
        nth: u32,
        /// Loss of the step; absent if it or the gradient was not finite, which ends the trial of the rate.
        loss: Option<f64>,
    },
    /// All rates have been tried, or the user has stopped it; the model is unchanged.
    TrialsOver,
    /// A range test or the trial of several rates cannot be run.
    RateFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// Time and memory of a run.
    Estimated {
        /// The estimate.
        estimate: Estimate,
    },
    /// A run cannot be estimated.
    EstimateFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// The next batch may take this long; silence until then is not a hang. Answers no request.
    Busy {
        /// Upper bound in seconds.
        seconds: f64,
    },
    /// The run is paused.
    Paused,
    /// The run has resumed.
    Resumed,
    /// The run is over; the best weights are in place.
    Finished {
        /// Summary of the run.
        summary: RunSummary,
    },
    /// The run cannot start or continue.
    RunFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// A warning about a run that continues.
    RunWarning {
        /// The warning.
        diagnostic: Diagnostic,
    },
    /// The run is saved up to a step.
    RunSaved {
        /// `id` under which it is saved.
        id: String,
        /// Number of optimizer steps.
        step: u32,
    },
    /// The run continues without being saved.
    RunUnsaved {
        /// The reason.
        diagnostic: Diagnostic,
    },
    /// The saved runs that are not under way, the last one first. Answers no request.
    RunsSaved {
        /// The runs.
        runs: Vec<SavedRunEntry>,
    },
    /// The copy of a saved run's data files; their `Blob`s travel next to the message.
    SavedData {
        /// `id` of the run.
        id: String,
        /// Number of files of the training data, which come first.
        train: u32,
        /// Number of files of the validation data, which come next. The rest are test data.
        validation: u32,
    },
    /// A saved run cannot be opened, taken away or added.
    SavedFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// Predictions of the last run's models, or of one that is open.
    Predicted {
        /// Names of the classes, labels or tags.
        labels: Vec<String>,
        /// Prediction of the last run's base model, whose head is untrained if the task needs one; absent for a model
        /// that is open.
        base: Option<Answer>,
        /// Prediction of the tuned model.
        tuned: Answer,
        /// Number of input tokens.
        tokens: u32,
        /// True if the text was cut to the run's maximum length.
        truncated: bool,
    },
    /// A query cannot be answered.
    PredictFailed {
        /// The reason.
        diagnostic: Diagnostic,
    },
    /// Validation rows that the tuned model got wrong.
    WrongRowsFound {
        /// The rows.
        found: WrongRows,
    },
    /// Part of the search for the nearest training rows is done.
    NearestProgress {
        /// The fraction, from 0 to 1.
        fraction: f64,
    },
    /// The nearest training rows cannot be found.
    NearestFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// The maps of the last run's validation rows.
    MapsDrawn {
        /// The maps.
        maps: RunMaps,
    },
    /// Part of the search for wrong labels, or of what comes before the first row to be labeled, is done.
    LabelsProgress {
        /// The fraction, from 0 to 1.
        fraction: f64,
    },
    /// The search for wrong labels is done.
    LabelsReviewed {
        /// The rows whose label is probably wrong.
        found: SuspectedLabels,
    },
    /// The labels cannot be checked, no row can be chosen to be labeled, or this was stopped.
    LabelsFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// The next row to be labeled.
    LabelAsked {
        /// The row, with a suggested label.
        question: LabelQuestion,
    },
    /// The training file is written again; it is the `Blob` next to the message.
    Corrected {
        /// Name for the file.
        file_name: String,
    },
    /// The training file cannot be written again.
    CorrectFailed {
        /// The reason and the remedy.
        diagnostic: Diagnostic,
    },
    /// Part of the folder has been written.
    ExportProgress {
        /// Fraction done, from 0 to 1.
        fraction: f64,
    },
    /// The folder is ready; its `Blob` travels next to the message.
    Exported {
        /// Suggested name of the zip.
        file_name: String,
        /// Size of the zip, in bytes.
        bytes: f64,
        /// Scores of the weights in the folder, if they were rounded.
        rounded: Option<Evaluation>,
    },
    /// The folder cannot be written.
    ExportFailed {
        /// The reason.
        diagnostic: Diagnostic,
    },
    /// A benchmark case is done.
    Benched {
        /// Results of the case.
        figures: BenchFigures,
    },
    /// The worker has failed and sends no further events.
    Fatal {
        /// The reason.
        diagnostic: Diagnostic,
    },
}
