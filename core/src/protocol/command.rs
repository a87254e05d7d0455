//! From the page to the worker.

use serde::{Deserialize, Serialize};

use crate::catalog::CatalogEntry;
use crate::dataset::{DataRole, Encoding, Mapping};
use crate::inference::Query;
use crate::protocol::bench::BenchCase;
use crate::protocol::device::{DeviceChoice, SelfCheck};
use crate::recipe::{ParamGroup, RecipeSpec};
use crate::usage::ExportForm;

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
        validation_ratio: f64,
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
    /// Ask a hub what a model is, without loading its weights. Answered by `ModelFound` or `ModelNotFound`.
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
    /// Start a run. Answered by `Started`; then `Steps`, `ParamGroups`, `Evaluating` and `Evaluated`, and `Measuring` at the
    /// end; then `Finished`. `RunFailed` where it cannot start or go on.
    Start {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
    },
    /// Hold the run after this batch.
    Pause,
    /// Go on.
    Resume,
    /// End the run after this batch and keep the best weights; end a range test or an estimate.
    Stop,
    /// Freeze or thaw a part of the model by hand, from the next batch on. Answered by `ParamGroups`, or by
    /// `RunWarning` where it cannot be.
    SetTrainable {
        /// The part.
        group: ParamGroup,
        /// Whether it learns; as the recipe says when absent.
        trainable: Option<bool>,
    },
    /// Look for a learning rate with this recipe. Answered by `RateTried`s, then `RateFound` or `RateFailed`.
    FindRate {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
    },
    /// Measure what a run of this recipe would take. Answered by `Estimated` or `EstimateFailed`.
    Estimate {
        /// The recipe, not validated yet.
        recipe: RecipeSpec,
    },
    /// Ask the base and the tuned model. Answered by `Busy` while they read, then by `Predicted`, again and again while
    /// they write, or `PredictFailed`. An earlier query that is not answered yet is given up.
    Predict {
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
