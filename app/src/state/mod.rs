//! What the page knows, and how an event or a person changes it. No browser in here: it is tested natively.

pub mod data;
mod device;
mod event;
mod export;
pub mod format;
pub mod inference;
mod model;
mod nav;
pub mod recipe;
mod requests;
pub mod runs;
#[cfg(test)]
mod tests;

use std::time::Duration;

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::DataRole;
use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, DeviceChoice, PROTOCOL_VERSION, RequestId, SelfCheck};
use hone_core::recipe::{ParamGroup, RecipeSpec};
use hone_core::usage::ExportForm;

pub use data::{Chosen, Data, File};
pub use device::Device;
pub use export::Export;
pub use inference::sampling::{SAMPLING, SamplingField};
pub use inference::{Asking, Mistake, Reply, Trial};
pub use model::{Hub, Load, Model};
pub use nav::{Mark, Step};
pub use recipe::estimate::{Estimating, Settling, cut_rows};
pub use recipe::form::Form;
pub use recipe::plan::StageGrid;
pub use requests::{Requests, Topic};
pub use runs::compare::{SERIES, SeedGroup};
pub use runs::finder::{Finder, FinderStage};
pub use runs::history::{History, PastRun};
pub use runs::queue::{Axis, Job, Queue};
pub use runs::run::{Cell, Phase, Run};

/// How long a worker may be silent in a run, beyond what it announced, before it is given up.
const RUN_PATIENCE: Duration = Duration::from_secs(30);
/// The same for all else that it was asked for.
const PATIENCE: Duration = Duration::from_secs(120);

/// All that the page knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// Requests to the worker whose answers are awaited.
    pub requests: Requests,
    /// What is computed on.
    pub device: Device,
    /// Result of an earlier check of the GPU, kept between visits.
    pub known_check: Option<SelfCheck>,
    /// The files.
    pub data: Data,
    /// The models.
    pub model: Model,
    /// The recipe as the person edits it.
    pub form: Form,
    /// The range test.
    pub finder: Finder,
    /// What a run would take.
    pub estimate: Estimating,
    /// What a sweep goes over: one field or two.
    pub axes: [Axis; 2],
    /// Runs that wait.
    pub queue: Queue,
    /// The run.
    pub run: Run,
    /// The run before, while the worker has not yet begun the new one.
    pub previous: Option<Run>,
    /// Runs that are over, kept between visits.
    pub history: History,
    /// How long the worker said that it would be silent; 0 after it was heard again.
    pub busy_s: f64,
    /// Trying it.
    pub trial: Trial,
    /// Taking it away.
    pub export: Export,
}

/// What is to be done in the world after the state has changed.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there are a few at a time, and they are carried out at once")]
pub enum Effect {
    /// End the worker, if there is one, and start a fresh one.
    Replace,
    /// Send this command to the worker, under this number.
    Send(RequestId, Command),
    /// Keep this check for the next visit.
    Keep(SelfCheck),
    /// Keep the history for the next visit.
    KeepRuns,
    /// Hand the model folder that came beside the event to the person.
    Save {
        /// The name of the zip.
        file_name: String,
    },
}

impl State {
    /// Takes a fresh worker to where the last one was: device, files and model.
    pub fn restart(&mut self) -> Vec<Effect> {
        self.requests.give_up_all();
        self.device.report = None;
        self.device.failed = None;
        self.device.is_listening = false;
        self.busy_s = 0.0;
        self.forget_weights();
        self.data.is_mapping = false;
        self.data.forget_tokens();
        self.model.worker_lost();
        let mut effects = vec![Effect::Replace, self.hello()];
        for role in [DataRole::Train, DataRole::Validation] {
            let file = self.data.file_mut(role);
            file.is_opening = false;
            file.closed();
            if file.diagnostic.is_none() {
                effects.extend(self.open_chosen(role));
            }
        }
        if matches!(self.model.load, Load::Loading(_) | Load::Ready(_)) {
            effects.extend(self.load_model());
        }
        effects
    }

    /// Where the page keeps the files that go beside a command; none for one that needs none.
    pub fn blobs_of(&self, command: &Command) -> Option<usize> {
        match command {
            Command::OpenData { role, .. } => self.data.file(*role).chosen.as_ref().map(|chosen| chosen.blobs),
            Command::LoadFiles { .. } => Some(self.model.own_blobs),
            _ => None,
        }
    }

    /// A worker ended or fell silent. What was under way is not tried again by itself; all else is restored. Tuned
    /// weights were in the worker: trying and export close until the next run.
    pub fn worker_lost(&mut self, diagnostic: Diagnostic) -> Vec<Effect> {
        if self.device.report.is_none() {
            self.device.failed = Some(diagnostic);
            self.device.lost = None;
            return Vec::new();
        }
        // Told in the place of what was under way.
        self.device.lost = None;
        let finder = std::mem::take(&mut self.finder);
        let mut failed_finder = None;
        if self.run.is_active() {
            self.run_failed(diagnostic);
        } else if finder.is_active() {
            failed_finder = Some(Finder { stage: FinderStage::Failed(diagnostic), ..finder });
        } else if self.estimate.is_pending() {
            self.estimate.lost(Some(diagnostic));
        } else if self.data.is_busy() {
            let role = if self.data.validation.is_opening { DataRole::Validation } else { DataRole::Train };
            self.data.not_opened(role, diagnostic);
        } else if self.model.hub == Hub::Asked {
            self.model.hub = Hub::Failed(diagnostic);
        } else if self.model.is_loading() {
            self.model.failed(diagnostic);
        } else if self.awaits_tokens() {
            self.data.train.diagnostic = Some(diagnostic);
        } else {
            self.device.lost = Some(diagnostic);
        }
        let effects = self.restart();
        self.finder = failed_finder.unwrap_or_default();
        effects
    }

    /// Whether the worker has been silent for too long.
    pub fn is_silent(&self, silent: Duration) -> bool {
        let announced = Duration::try_from_secs_f64(self.busy_s).unwrap_or_default();
        self.patience().is_some_and(|patience| silent > patience + announced)
    }

    /// How long the worker may be silent; none where nothing is awaited of it. Before it listens it is on its way over
    /// a network of unknown speed.
    fn patience(&self) -> Option<Duration> {
        if self.device.failed.is_some() || !self.device.is_listening {
            return None;
        }
        if self.run.is_computing() || self.finder.is_active() {
            return Some(RUN_PATIENCE);
        }
        let is_awaited = self.device.report.is_none()
            || self.data.is_busy()
            || self.awaits_tokens()
            || self.model.is_loading()
            || self.model.hub == Hub::Asked
            || self.trial.pending.is_some()
            || self.estimate.is_pending()
            || matches!(self.export, Export::Writing(_));
        is_awaited.then_some(PATIENCE)
    }

    /// The worker has loaded and takes commands.
    pub fn listening(&mut self) {
        self.device.is_listening = true;
    }

    /// Computes on something else, with a fresh worker.
    pub fn choose_device(&mut self, choice: DeviceChoice) -> Vec<Effect> {
        self.device.choice = choice;
        self.device.lost = None;
        self.restart()
    }

    /// The catalog has come, or why it has not.
    pub fn catalog(&mut self, catalog: Result<Vec<CatalogEntry>, Diagnostic>) -> Vec<Effect> {
        match catalog {
            Ok(entries) => self.model.listed(entries),
            Err(diagnostic) => self.model.catalog_problem = Some(diagnostic),
        }
        self.follow_task();
        self.load_first()
    }

    /// Chooses a model of the catalog.
    pub fn choose_model(&mut self, index: usize) -> Vec<Effect> {
        if self.is_engaged() || index == self.model.chosen {
            return Vec::new();
        }
        if self.model.is_loading() && self.model.is_loaded_before(index) {
            // It is chosen again as soon as the other is given up.
            return self.stop_loading();
        }
        self.model.choose(index);
        self.requests.give_up(Topic::Model);
        self.follow_task();
        if self.data.is_ready() && self.model.load == Load::Idle { self.load_model() } else { Vec::new() }
    }

    /// Loads the chosen model.
    pub fn load_model(&mut self) -> Vec<Effect> {
        let Some(model) = self.model.entry().cloned() else { return Vec::new() };
        self.drop_estimate();
        self.model.load = Load::Loading(0.0);
        // Without an address the files are the person's own.
        let command = if model.folder.is_empty() {
            Command::LoadFiles { name: model.name, paths: model.files }
        } else {
            Command::LoadModel { model }
        };
        vec![self.request(Topic::Model, command)]
    }

    /// Recipe and model follow the task of the columns: a model that cannot learn it gives way to the first that can.
    fn follow_task(&mut self) {
        let Some(task) = self.data.mapping.as_ref().map(Mapping::task) else { return };
        let serves = |entry: &CatalogEntry| entry.family.serves(task);
        if !self.model.entry().is_some_and(serves)
            && let Some(fitting) = self.model.catalog.iter().position(serves)
        {
            self.model.choose(fitting);
        }
        self.form.follow(task, self.model.entry().map_or(0.0, |entry| entry.parameters));
    }

    /// Loads the model that the data wait for. Only the first of the catalog comes by itself: another is loaded when the
    /// person chooses it.
    fn load_first(&mut self) -> Vec<Effect> {
        let is_wanted = self.data.is_ready() && self.model.chosen == 0 && self.model.load == Load::Idle;
        if is_wanted { self.load_model() } else { Vec::new() }
    }

    /// Takes a recipe that was read from a file, unless a run is going on. Rows are split again only where it says so.
    pub fn open_recipe(&mut self, read: Result<RecipeSpec, String>) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let split = |form: &Form| (form.recipe.validation_ratio, form.recipe.seed);
        let before = split(&self.form);
        self.form.import(read, self.facts());
        self.follow_task();
        if split(&self.form) == before { Vec::new() } else { self.remap() }
    }

    /// Whether the worker is at something that data, model and recipe must not change under.
    pub fn is_engaged(&self) -> bool {
        self.run.is_active() || self.finder.is_active()
    }

    /// What keeps a run from being started, in words, but for the memory it would need.
    fn obstacle(&self) -> Option<String> {
        let words = if self.device.failed.is_some() {
            "The engine is not running: see Model above."
        } else if self.data.is_busy() {
            "Your file is being read."
        } else if self.data.report.is_none() || self.data.train.diagnostic.is_some() {
            "Waits for data: choose a file above."
        } else if self.data.validation.diagnostic.is_some() {
            "The validation file cannot be used: take it away or choose another."
        } else if !matches!(self.model.load, Load::Ready(_)) {
            match self.model.load {
                Load::Idle => "Waits for the model: load it above.",
                _ => "Waits for the model.",
            }
        } else if !self.form.errors.is_empty() {
            "A field under Advanced is out of its range."
        } else if let Some(Err(error)) = self.planned() {
            return Some(format!("The recipe does not fit: {error}."));
        } else if self.data.report.as_ref().is_some_and(|report| report.tokens.is_none()) {
            "Your texts are being split into tokens."
        } else {
            return None;
        };
        Some(words.into())
    }

    /// What keeps a run from starting, in words.
    pub fn blocker(&self) -> Option<String> {
        self.obstacle().or_else(|| match self.estimate() {
            _ if self.finder.is_active() => Some("A rate is being looked for.".into()),
            Some(Ok(estimate)) if !estimate.fits() => Some(recipe::estimate::too_large(estimate)),
            _ => None,
        })
    }

    /// Whether a run cannot start because of the recipe, rather than of what is not there yet.
    fn has_wrong_recipe(&self) -> bool {
        let is_too_large = matches!(self.estimate(), Some(Ok(estimate)) if !estimate.fits());
        !self.form.errors.is_empty() || matches!(self.planned(), Some(Err(_))) || is_too_large
    }

    /// The recipe of the form, for the chosen model.
    fn recipe(&self) -> RecipeSpec {
        let model = self.model.entry().map(|entry| entry.id.clone()).unwrap_or_default();
        RecipeSpec { model, ..self.form.recipe.clone() }
    }

    /// Starts a run.
    pub fn start(&mut self) -> Vec<Effect> {
        if self.blocker().is_some() || self.is_engaged() {
            return Vec::new();
        }
        self.queue.clear();
        let changed = if self.form.is_changed() { ", changed" } else { "" };
        let name = format!("{}{changed}", recipe::presets::name(self.form.preset));
        self.begin(Job { recipe: self.recipe(), name })
    }

    /// Begins a run.
    fn begin(&mut self, Job { recipe, name }: Job) -> Vec<Effect> {
        let name = format!("{} · {name}", self.history.next_id());
        let run = Run {
            phase: Phase::Starting,
            name,
            data: self.data.train.chosen.as_ref().map(|chosen| chosen.name.clone()).unwrap_or_default(),
            is_of_pairs: self.data.mapping.as_ref().is_some_and(Mapping::has_pairs),
            base: self.model.entry().cloned(),
            base_bytes: self.model.report().map_or(0.0, |report| report.bytes),
            ..Run::default()
        };
        self.previous = Some(std::mem::replace(&mut self.run, run));
        self.device.lost = None;
        self.data.forget_refused();
        self.model.refused = None;
        let mut effects = self.give_up_estimate();
        effects.push(self.request(Topic::Run, Command::Start { recipe }));
        effects
    }

    /// The run cannot start or go on, and those that waited for it do not begin. One that never began leaves the one
    /// before it in place.
    fn run_failed(&mut self, mut diagnostic: Diagnostic) {
        let dropped = self.queue.clear() as u32;
        if dropped > 0 {
            let waited = format::counted(dropped, "run that waited was", "runs that waited were");
            diagnostic.done = format!("{} {waited} not begun.", diagnostic.done).trim_start().to_owned();
        }
        match self.previous.take().filter(|run| run.plan.is_some()) {
            Some(previous) => self.run = Run { rejected: Some(diagnostic), ..previous },
            None => self.run.phase = Phase::Failed(diagnostic),
        }
    }

    /// Freezes a part that learns, or thaws one that is frozen.
    pub fn toggle_trainable(&mut self, group: ParamGroup) -> Vec<Effect> {
        let is_trainable = self.run.part(group).is_some_and(|part| part.trainable);
        self.set_trainable(group, Some(!is_trainable))
    }

    /// Lets the recipe decide again of every part that was frozen or thawed by hand.
    pub fn follow_recipe(&mut self) -> Vec<Effect> {
        let by_hand: Vec<ParamGroup> =
            self.run.param_groups.iter().filter(|part| part.by_hand).map(|part| part.group).collect();
        by_hand.into_iter().flat_map(|group| self.set_trainable(group, None)).collect()
    }

    /// Freezes or thaws a part by hand; without a word, it does as the recipe says again.
    pub fn set_trainable(&mut self, group: ParamGroup, trainable: Option<bool>) -> Vec<Effect> {
        if !self.run.is_active() {
            return Vec::new();
        }
        vec![self.send(Command::SetTrainable { group, trainable })]
    }

    /// Pauses the run, or resumes it.
    pub fn toggle_pause(&mut self) -> Vec<Effect> {
        let command = if self.run.phase == Phase::Paused { Command::Resume } else { Command::Pause };
        vec![self.send(command)]
    }

    /// Ends the run and keeps the best weights.
    pub fn stop(&mut self) -> Vec<Effect> {
        self.run.phase = Phase::Stopping;
        vec![self.send(Command::Stop)]
    }

    /// Opens a cell of the confusion matrix.
    pub fn open_cell(&mut self, actual: u32, predicted: u32) -> Vec<Effect> {
        if !self.run.has_weights {
            return Vec::new();
        }
        self.run.cell = Some(Cell { actual, predicted, rows: None, total: 0 });
        vec![self.request(Topic::Cell, Command::Rows { actual, predicted })]
    }

    /// Fetches rows that validation got wrong, to try them.
    pub fn fetch_mistakes(&mut self) -> Vec<Effect> {
        let Some((actual, predicted)) = self.run.worst_cell() else { return Vec::new() };
        self.trial.is_picking = true;
        vec![self.request(Topic::Mistakes, Command::Rows { actual, predicted })]
    }

    /// Makes a folder to take away.
    pub fn export(&mut self, form: ExportForm) -> Vec<Effect> {
        self.export = Export::Writing(0.0);
        vec![self.request(Topic::Export, Command::Export { form })]
    }

    /// The greeting to a fresh worker.
    fn hello(&mut self) -> Effect {
        let (device, known_check) = (self.device.choice, self.known_check.clone());
        self.request(Topic::Device, Command::Hello { version: PROTOCOL_VERSION, device, known_check })
    }

    /// Sends a command whose answers are awaited, in place of an earlier one on the same topic.
    fn request(&mut self, topic: Topic, command: Command) -> Effect {
        Effect::Send(self.requests.open(topic), command)
    }

    /// Sends a command that has no answer of its own.
    fn send(&mut self, command: Command) -> Effect {
        Effect::Send(self.requests.number(), command)
    }

    /// The worker has another model, or is another worker: what was tuned cannot be tried or taken away any more.
    fn forget_weights(&mut self) {
        self.forget_measured();
        self.run.has_weights = false;
        self.run.cell = None;
        self.forget_answers();
    }

    /// What was asked of the tuned weights does not hold for the next ones.
    fn forget_answers(&mut self) {
        for topic in [Topic::Prediction, Topic::Cell, Topic::Mistakes, Topic::Export] {
            self.requests.give_up(topic);
        }
        self.trial.reset();
        self.export = Export::Idle;
    }

    /// Data or model change: what was measured with the old ones holds no more.
    fn forget_measured(&mut self) {
        // The worker drops an estimate under way, which was of the old ones too.
        self.drop_estimate();
        self.requests.give_up(Topic::RateTest);
        self.finder = Finder::default();
    }
}
