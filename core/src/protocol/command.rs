//! Commands from the page to the worker.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogEntry;
use crate::dataset::{Correction, DataRole, Hints, InputColumns, Mapping, RowQuery};
use crate::inference::{Query, TableFormat};
use crate::protocol::device::{DeviceChoice, SelfCheck};
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::run::{BenchCase, WrongRowQuery};
use crate::usage::{ExportDtype, ExportForm};

/// A command from the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Choose and check the device. Answered by `Ready`.
    Hello {
        /// [`PROTOCOL_VERSION`](crate::protocol::PROTOCOL_VERSION) of the page.
        version: u32,
        /// Device that the user wants.
        device: DeviceChoice,
        /// Result of an earlier self-check of this device and build, to skip another one.
        known_check: Option<SelfCheck>,
    },
    /// Scan the file, which is the first of the `files` next to the message. Answered by `DataProgress`, then `DataOpened`
    /// or `DataNotOpened`.
    OpenData {
        /// Training data, or the user's own validation or test data.
        role: DataRole,
        /// Name of the file.
        name: String,
        /// Name of a second file, the second next to the message, with the same sentences in another language, line by
        /// line.
        aligned_with: Option<String>,
        /// Settings by which it is read, where the user has chosen them.
        hints: Hints,
    },
    /// Collect the rows from these columns and split them. Answered by `DataProgress`, `DataReady` or `DataFailed`.
    MapData {
        /// The columns.
        mapping: Mapping,
        /// Ratio of the rows kept for validation; without effect if a validation file is open.
        validation_ratio: f64,
        /// Ratio of the rows held out for the test, 0 for none; without effect if a test file is open.
        test_ratio: f64,
        /// Seed of the split.
        seed: u32,
    },
    /// Close the validation or the test file. The page sends `MapData` next, to split the training file again.
    CloseData {
        /// The file.
        role: DataRole,
    },
    /// Find rows of the training file. Answered by `RowsFound`, or `DataFailed` if the file can no longer be read.
    FindRows {
        /// The rows to find.
        query: RowQuery,
    },
    /// Load a model from the browser's storage; files that are missing there are downloaded. Answered by
    /// `ModelProgress`, then `ModelReady` or `ModelFailed`.
    LoadModel {
        /// The model.
        model: CatalogEntry,
    },
    /// Load a model from the `files` next to the message: those of a folder, a zip, or one GGUF file. Answered like
    /// `LoadModel`.
    LoadFiles {
        /// Name for the model.
        name: String,
        /// Path of each file, which may begin with the model's folder: `all-MiniLM/config.json`.
        paths: Vec<String>,
    },
    /// Stop loading a model or looking one up. Bytes that have arrived are kept, and that request fails.
    StopLoading,
    /// Look up a model on a hub, without loading its weights. Answered by `ModelFound` or `ModelNotFound`.
    FindModel {
        /// Address of the hub: `https://huggingface.co`.
        hub: String,
        /// Name of the model on the hub: `prajjwal1/bert-tiny`.
        id: String,
    },
    /// Remove a model from the browser's storage. `ModelsKept` follows.
    ForgetModel {
        /// `id` of its entry.
        id: String,
    },
    /// Start a run. Answered by `Started`; then `Steps`, `ParamGroups`, `Evaluating` and `Evaluated`; `Testing` and
    /// `Measuring` at the end; then `Finished`. `RunFailed` if it cannot start or continue.
    Start {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
        /// Name of the run, under which it is saved.
        name: String,
        /// True if a copy of the data files is stored with the run.
        copies_data: bool,
        /// The user's own texts, predicted at each evaluation: `Pinned`. They are not saved.
        pinned: Vec<Query>,
    },
    /// Continue a saved run. Data, columns and model must be those that it was started with. Answered like `Start`; all steps
    /// and evaluations so far are sent again.
    Continue {
        /// `id` of the run.
        id: String,
        /// As in `Start`.
        pinned: Vec<Query>,
    },
    /// Save the run as soon as possible, because the page may soon be gone. `RunSaved` follows.
    Save,
    /// Keep the model with the best weights of a saved run among the tuned models. Answered by `TunedKept` or `TunedFailed`.
    KeepSaved {
        /// `id` of the run.
        id: String,
        /// Name for the model.
        name: String,
    },
    /// Send a saved run as a file, with which the program can continue it. Answered by `Exported` with a `Blob` next to it, or
    /// `SavedFailed`.
    ExportSaved {
        /// `id` of the run.
        id: String,
    },
    /// Add a saved run from the file next to the message. `RunsSaved` follows, or `SavedFailed`.
    ImportSaved {
        /// Name of the file.
        name: String,
    },
    /// Send the copy of a saved run's data files. Answered by `SavedData` with its files next to it, or `SavedFailed`.
    OpenSavedData {
        /// `id` of the run.
        id: String,
    },
    /// Delete a saved run. `RunsSaved` follows.
    DeleteSaved {
        /// `id` of the run.
        id: String,
    },
    /// Continue the last run, which has ended, for more epochs. Answered like `Start`.
    TrainFurther {
        /// Number of additional epochs.
        epochs: u32,
    },
    /// Pause the run after this batch.
    Pause,
    /// Resume the run.
    Resume,
    /// End the run after this batch and keep the best weights; end a range test or an estimate.
    Stop,
    /// Freeze or unfreeze a parameter group by hand, from the next batch on. `ParamGroups` of the run follows, or
    /// `RunWarning` if it cannot be done.
    SetTrainable {
        /// The parameter group.
        group: ParamGroup,
        /// True to unfreeze it, false to freeze it; the recipe decides if absent.
        trainable: Option<bool>,
    },
    /// Run the learning rate range test with this recipe. Answered by `RateTried`s, then `RateFound` or `RateFailed`.
    FindRate {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
    },
    /// Train some steps at each of these learning rates, from the same weights on the same rows. Answered by `TrialStep`s,
    /// then `TrialsOver` or `RateFailed`.
    TryRates {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
        /// The learning rates.
        rates: Vec<f64>,
    },
    /// Estimate the time and memory of a run with this recipe. Answered by `Estimated` or `EstimateFailed`.
    Estimate {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
    },
    /// Query the base and the tuned model of the last run, or a tuned model that is open. Answered by `Predicted`,
    /// repeatedly while they generate, or by `PredictFailed`. An earlier query that is not answered yet is given up.
    Predict {
        /// The query.
        query: Query,
        /// `id` of the open model; the last run's if absent.
        tuned: Option<String>,
    },
    /// Set the probability below which a prediction of the last run's model is unsure. It is part of what is exported or kept.
    SetUnsure {
        /// The probability; 0 for never.
        below: f32,
    },
    /// Stop generating; the text so far is kept.
    StopWriting,
    /// Scan the table next to the message, whose rows are to be predicted. Answered by `TableProgress`, then `TableOpened` or
    /// `TableFailed`.
    OpenTable {
        /// Name of the file.
        name: String,
        /// Part of it to read, where the user has chosen one.
        #[serde(default)]
        hints: Hints,
        /// `id` of the open model that will predict it; the last run's if absent.
        tuned: Option<String>,
    },
    /// Stop the first pass over the files that earlier commands opened, and the search for rows. Carried out at once; those
    /// commands are answered by `DataNotOpened` and `TableFailed`, and the search is not answered.
    StopReading,
    /// Predict every row of the table. Answered by `TableProgress`, then `TablePredicted` with a `Blob` next to it, or
    /// `TableFailed`.
    PredictTable {
        /// The columns that the model's input comes from.
        columns: InputColumns,
        /// Format of the result.
        format: TableFormat,
        /// `id` of the open model; the last run's if absent.
        tuned: Option<String>,
    },
    /// Stop predicting the table. Nothing is kept of it.
    StopTable,
    /// Find validation rows that the tuned model of the last run got wrong. Answered by `WrongRowsFound`. If they are to be
    /// compared, `NearestProgress` follows, and `WrongRowsFound` again with the nearest training rows, or `NearestFailed`.
    FindWrongRows {
        /// The rows to find.
        query: WrongRowQuery,
        /// True to compare them with the training rows.
        with_nearest: bool,
    },
    /// Stop looking for the nearest training rows. Nothing is kept of it, and nothing is answered.
    StopNearest,
    /// Draw the maps of the last run's validation rows. Answered by `MapsDrawn`.
    DrawMaps,
    /// Look for wrong labels among the training and validation rows. Answered by `LabelsProgress`, then `LabelsReviewed` or
    /// `LabelsFailed`.
    ReviewLabels,
    /// Stop looking for wrong labels. Nothing is kept of it.
    StopReview,
    /// Ask for the next row to be labeled: the one without a label that teaches most. Answered by `LabelsProgress`, then
    /// `LabelAsked` or `LabelsFailed`.
    AskLabel {
        /// The changes to the training file so far, labels given among them.
        corrections: Vec<Correction>,
        /// Lines of rows that the user has skipped.
        skipped: Vec<u32>,
    },
    /// Stop labeling. The labels given are in the page.
    StopAsking,
    /// Write the training file again with these changes, in its own format or as CSV. Answered by `Corrected` with a `Blob` next
    /// to it, or `CorrectFailed`.
    Correct {
        /// The changes.
        corrections: Vec<Correction>,
    },
    /// Write the folder to download. Answered by `ExportProgress`, then `Exported` with a `Blob` next to it, or
    /// `ExportFailed`.
    Export {
        /// The kind of folder.
        form: ExportForm,
        /// Element type of its weights.
        dtype: ExportDtype,
    },
    /// Write the last run as a script for other machines. Answered like `Export`.
    ExportScript,
    /// Keep the tuned model of the last run in the browser's storage. Answered by `ExportProgress`, then `TunedKept` or
    /// `TunedFailed`; `TunedModels` follows.
    KeepTuned {
        /// Name for the model.
        name: String,
    },
    /// Open these kept models, and close all others. Answered by `TunedOpened` or `TunedFailed`.
    OpenTuned {
        /// `id` of each.
        ids: Vec<String>,
    },
    /// Send the zip of a kept model. Answered by `Exported` with a `Blob` next to it, or `TunedFailed`.
    ExportTuned {
        /// `id` of the model.
        id: String,
    },
    /// Rename a kept model. `TunedModels` follows, or `TunedFailed`.
    RenameTuned {
        /// `id` of the model.
        id: String,
        /// Its new name.
        name: String,
    },
    /// Delete a kept model. `TunedModels` follows.
    DeleteTuned {
        /// `id` of the model.
        id: String,
    },
    /// Remove everything from the browser's storage. `ModelsKept`, `TunedModels` and `RunsSaved` follow.
    ClearStorage,
    /// Time training steps of a synthetic model. Answered by `Benched`.
    Bench {
        /// The benchmark case.
        case: BenchCase,
    },
}

impl Command {
    /// Returns true if it drops the optimizer state of the last run, to make room for its own data: the run can then not be
    /// trained further. `Start` drops it along with the run.
    pub fn drops_optimizer(&self) -> bool {
        matches!(
            self,
            Self::OpenData { .. }
                | Self::MapData { .. }
                | Self::CloseData { .. }
                | Self::LoadModel { .. }
                | Self::LoadFiles { .. }
                | Self::FindRate { .. }
                | Self::TryRates { .. }
        )
    }

    /// Returns true if it changes the data, model or recipe, so that earlier measurements are out of date.
    pub fn changes_what_is_learned(&self) -> bool {
        matches!(
            self,
            Self::OpenData { .. }
                | Self::MapData { .. }
                | Self::CloseData { .. }
                | Self::LoadModel { .. }
                | Self::LoadFiles { .. }
                | Self::Start { .. }
                | Self::Continue { .. }
        )
    }
}
