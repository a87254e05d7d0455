//! The state of the page, and how events and user actions change it. Nothing in here uses the browser, so all of it is
//! tested natively.

mod changes;
pub mod data;
mod device;
mod event;
mod export;
mod folds;
pub mod inference;
mod labeling;
mod lesson;
mod lifecycle;
mod model;
mod nav;
mod new_version;
mod readiness;
pub mod recipe;
mod requests;
mod review;
pub mod runs;
pub mod saved;
pub mod shelf;
pub mod table;
#[cfg(test)]
mod tests;

use hone_core::protocol::{Command, RequestId, SelfCheck};

pub use changes::{Change, Changes, CorrectedUse, labels_in_words};
pub use data::Data;
pub use data::file::FileChoice;
pub use device::Device;
pub use export::{Export, ExportChoice};
pub use folds::{Fold, Folds};
pub use inference::sampling::{SAMPLING, SamplingField};
pub use inference::{Column, Inference, Prediction, QueryKind};
pub use labeling::Labeling;
pub use lesson::{Lesson, LessonState};
pub use lifecycle::silence;
pub use model::{HubSearch, Load, Model, Suggestion};
pub use nav::{Status, Step};
pub use new_version::NewVersion;
pub use recipe::estimate::{Debounce, EstimateState, cut_rows};
pub use recipe::form::{Form, RecipeLink};
pub use recipe::plan::StageGrid;
pub use requests::{Requests, Topic};
pub use review::Review;
pub use runs::compare::{SERIES, SeedGroup};
pub use runs::finder::{Finder, FinderStage};
pub use runs::history::{History, PastRun};
pub use runs::movements::{MovementCell, MovementTable};
pub use runs::pins::Pins;
pub use runs::queue::{Axis, Job, Queue};
pub use runs::replay::Replay;
pub use runs::run::{Movement, Phase, PinnedAnswers, Run, SavedPoint};
pub use runs::study::{Study, StudyStage};
pub use runs::trials::Trials;
pub use saved::Saved;
pub use shelf::{Edit, Keeping, Persistence, Shelf};
pub use table::{TableStage, TableState};

/// The state of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Requests to the worker whose answers are awaited.
    pub requests: Requests,
    /// The device and the worker.
    pub device: Device,
    /// The result of an earlier check of the GPU, kept between visits.
    pub known_check: Option<SelfCheck>,
    /// The data files.
    pub data: Data,
    /// The models.
    pub model: Model,
    /// The recipe as the user edits it.
    pub form: Form,
    /// The search for wrong labels.
    pub review: Review,
    /// Labeling rows that have no label.
    pub labeling: Labeling,
    /// Changes to the training file.
    pub changes: Changes,
    /// The learning rate finder.
    pub finder: Finder,
    /// The estimate of time and memory.
    pub estimate: EstimateState,
    /// The fields of a sweep: one or two.
    pub axes: [Axis; 2],
    /// Runs that are waiting.
    pub queue: Queue,
    /// The current run.
    pub run: Run,
    /// The run before it, until the worker has begun the current one.
    pub previous: Option<Run>,
    /// Finished runs, kept between visits.
    pub history: History,
    /// Seconds of silence that the worker announced; 0 once it has sent another event.
    pub busy_s: f64,
    /// Trying the model on the user's own texts.
    pub inference: Inference,
    /// A table whose rows are predicted.
    pub table: TableState,
    /// The download of the model.
    pub export: Export,
    /// A new version of the page.
    pub new_version: NewVersion,
    /// The kept models.
    pub shelf: Shelf,
    /// The chosen form of the download.
    pub export_choice: ExportChoice,
    /// The saved runs.
    pub saved: Saved,
    /// The open parts of the page.
    pub folds: Folds,
    /// The replay of early stopping.
    pub replay: Replay,
    /// The user's own texts for the next run.
    pub pins: Pins,
    /// Runs that show what a field does.
    pub study: Option<Study>,
    /// The lesson that is open.
    pub lesson: LessonState,
}

/// An action outside the state, to be carried out after the state has changed.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there are a few at a time, and they are carried out at once")]
pub enum Effect {
    /// End the worker, if there is one, and start a fresh one.
    RestartWorker,
    /// Send this command to the worker, under this number.
    Send(RequestId, Command),
    /// Store this check for the next visit.
    StoreCheck(SelfCheck),
    /// Store the history for the next visit.
    StoreRuns,
    /// Ask the browser to keep what is stored, and note its answer.
    Persist,
    /// Keep the handles of the data files with this saved run.
    KeepHandles(String),
    /// Open the data files of this saved run by their handles.
    OpenHandles(String),
    /// Remove the handles of runs that are no longer saved.
    SweepHandles,
    /// Remove the page's own part of the storage; the worker removes the rest.
    ClearStorage,
    /// Download the model folder that came with the event.
    Download {
        /// The name of the zip.
        file_name: String,
    },
    /// Open the corrected file that came with the event as the training file.
    OpenCorrected {
        /// Its name.
        file_name: String,
    },
    /// Reload the page in its new version.
    OpenNewVersion,
}

impl State {
    /// Index of the blobs that go with a command; `None` if it needs no file.
    pub fn blobs_of(&self, command: &Command) -> Option<usize> {
        match command {
            Command::OpenData { role, .. } => self.data.file(*role).choice().map(|choice| choice.blobs),
            Command::LoadFiles { .. } => self.model.local_blobs,
            Command::ImportSaved { .. } => self.saved.imported,
            Command::OpenTable { .. } => self.table.blobs,
            _ => None,
        }
    }

    /// Sends a command whose answers are awaited, in place of an earlier one on the same topic.
    fn request(&mut self, topic: Topic, command: Command) -> Effect {
        self.run.has_optimizer &= !command.drops_optimizer();
        Effect::Send(self.requests.open(topic), command)
    }

    /// Sends a command that has no answer of its own.
    fn send(&mut self, command: Command) -> Effect {
        self.run.has_optimizer &= !command.drops_optimizer();
        Effect::Send(self.requests.number(), command)
    }
}
