//! The tuned models that the user has kept in this browser.

use hone_core::catalog::{TunedEntry, TunedModel};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::Task;

use crate::format;
use crate::state::inference::QueryKind;
use crate::state::runs::scores;
use crate::state::{Effect, State, Topic};

/// The kept models, and those of them that are open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf {
    /// The models in the storage, the last one first.
    pub entries: Vec<TunedEntry>,
    /// Keeping the model of the last run.
    pub keeping: Keeping,
    /// Models that the worker is opening.
    pub opening: Vec<String>,
    /// Models that answer queries in place of the last run: one, or two to compare.
    pub opened: Vec<TunedModel>,
    /// The entry that is being renamed or deleted.
    pub edit: Option<Edit>,
    /// Why a model could not be opened, exported or renamed.
    pub diagnostic: Option<Diagnostic>,
    /// The browser's answer to the request to keep the storage.
    pub persistence: Persistence,
}

/// Keeping the model of the last run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Keeping {
    /// Nobody has requested it yet.
    #[default]
    Idle,
    /// The worker is storing it. The value is the fraction stored, from 0 to 1.
    Writing(f64),
    /// It is stored under this id.
    Kept(String),
    /// Why it could not be stored.
    Failed(Diagnostic),
}

/// A change to an entry that has not been confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A new name is being typed for this id.
    Rename(String),
    /// The deletion of this id waits for a second press.
    Delete(String),
    /// The removal of everything waits for a second press.
    RemoveEverything,
}

/// The browser's answer to the request to keep the storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// It has not answered.
    #[default]
    Unknown,
    /// It removes nothing by itself.
    Granted,
    /// It may clear the storage when space runs low.
    Refused,
}

impl Persistence {
    /// The answer in a sentence; empty if there is none.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Granted => "The browser keeps it until you remove it.",
            Self::Refused => {
                "The browser did not promise to keep it and may remove it when space runs low: download what you cannot lose."
            }
        }
    }
}

impl Shelf {
    /// A model by its id.
    pub fn model(&self, id: &str) -> Option<&TunedModel> {
        self.models().find(|model| model.id == id)
    }

    /// The models that can be opened.
    pub fn models(&self) -> impl Iterator<Item = &TunedModel> {
        self.entries.iter().filter_map(|entry| match entry {
            TunedEntry::Whole(model) => Some(&**model),
            TunedEntry::Damaged { .. } => None,
        })
    }

    /// Size of all models, in bytes.
    pub fn bytes(&self) -> f64 {
        self.models().map(|model| model.bytes).sum()
    }
}

/// Name of a task in a list.
pub fn task_words(task: Task) -> &'static str {
    match task {
        Task::Classification => "classification",
        Task::MultiLabel => "multi-label classification",
        Task::Regression => "regression",
        Task::TokenClassification => "token classification",
        Task::QuestionAnswering => "question answering",
        Task::Generation => "text generation",
        Task::Embeddings => "embeddings",
        Task::Reranking => "reranking",
    }
}

/// Task, base model, score and size of a model, in words.
pub fn facts(model: &TunedModel) -> String {
    format!(
        "{} · from {} · {} · {}",
        task_words(model.task()),
        format::visible(&model.base.name),
        scores::headline(model.task(), &model.best),
        format::bytes(model.bytes),
    )
}

impl State {
    /// Stores the list of kept models.
    pub(in crate::state) fn on_tuned(&mut self, entries: Vec<TunedEntry>) {
        self.shelf.entries = entries;
        let Self { shelf, model, .. } = self;
        for kept in shelf.entries.iter().filter_map(|entry| match entry {
            TunedEntry::Whole(model) => Some(model),
            TunedEntry::Damaged { .. } => None,
        }) {
            for opened in shelf.opened.iter_mut().filter(|opened| opened.id == kept.id) {
                opened.name.clone_from(&kept.name);
            }
            // A base that is on offer has been renamed.
            for offered in model.catalog.iter_mut().filter(|offered| offered.tuned_id() == Some(&kept.id)) {
                offered.name.clone_from(&kept.name);
            }
        }
        let is_there = |opened: &TunedModel| shelf.entries.iter().any(|entry| id_of(entry) == opened.id);
        if !shelf.opened.iter().all(is_there) {
            self.close_tuned_views();
        }
    }

    /// Keeps the model of the last run. The storage is asked to be permanent, which needs a press of the user.
    pub fn keep_tuned(&mut self) -> Vec<Effect> {
        if !self.run.has_weights || matches!(self.shelf.keeping, Keeping::Writing(_)) {
            return Vec::new();
        }
        let base = self.run.base.as_ref().map(|base| base.name.clone()).unwrap_or_default();
        let name = format!("{base} on {}", self.run.data);
        self.shelf.keeping = Keeping::Writing(0.0);
        vec![Effect::Persist, self.request(Topic::Keep, Command::KeepTuned { name })]
    }

    /// Opens a kept model, to try it.
    pub fn open_tuned(&mut self, id: &str) -> Vec<Effect> {
        self.open_all(vec![id.to_owned()])
    }

    /// Opens another model next to the one that is open, or closes it if `id` is empty.
    pub fn compare_tuned(&mut self, id: &str) -> Vec<Effect> {
        let first = self.shelf.opened.first().map(|model| model.id.clone());
        let second = (!id.is_empty()).then(|| id.to_owned());
        self.open_all(first.into_iter().chain(second).collect())
    }

    /// Closes the kept models that are open. The last run answers queries again.
    pub fn close_tuned(&mut self) -> Vec<Effect> {
        self.open_all(Vec::new())
    }

    fn open_all(&mut self, ids: Vec<String>) -> Vec<Effect> {
        if self.is_engaged() || self.model.is_loading() || !self.shelf.opening.is_empty() {
            return Vec::new();
        }
        self.shelf.diagnostic = None;
        self.shelf.opening.clone_from(&ids);
        self.requests.give_up(Topic::Prediction);
        self.inference.pending = None;
        vec![self.request(Topic::Shelf, Command::OpenTuned { ids })]
    }

    /// The worker has opened these models, and no others.
    pub(in crate::state) fn on_opened_tuned(&mut self, models: Vec<TunedModel>) {
        self.inference.reset();
        self.forget_table();
        self.shelf.opening.clear();
        self.shelf.opened = models;
    }

    /// A request about a kept model failed.
    pub(in crate::state) fn on_tuned_failed(&mut self, topic: Option<Topic>, diagnostic: Diagnostic) {
        self.shelf.opening.clear();
        match topic {
            Some(Topic::Keep) => self.shelf.keeping = Keeping::Failed(diagnostic),
            _ => self.shelf.diagnostic = Some(diagnostic),
        }
    }

    /// The worker no longer has any kept model open.
    pub(in crate::state) fn close_tuned_views(&mut self) {
        self.requests.give_up(Topic::Shelf);
        self.shelf.opening.clear();
        if !self.shelf.opened.is_empty() {
            self.shelf.opened.clear();
            self.inference.reset();
            self.forget_table();
        }
    }

    /// Loads a kept model as the base of the next run.
    pub fn train_further(&mut self, id: &str) -> Vec<Effect> {
        let Some(entry) = self.shelf.model(id).map(TunedModel::as_base) else { return Vec::new() };
        if self.is_engaged() || self.model.is_loading() {
            return Vec::new();
        }
        self.shelf.diagnostic = None;
        let index = self.model.offer(entry);
        if self.model.chosen != index {
            self.choose(index);
            self.follow_task();
        }
        if self.model.chosen == index && self.model.report().is_none() { self.load_model() } else { Vec::new() }
    }

    /// Downloads a kept model.
    pub fn export_tuned(&mut self, id: &str) -> Vec<Effect> {
        self.shelf.diagnostic = None;
        vec![self.request(Topic::Shelf, Command::ExportTuned { id: id.to_owned() })]
    }

    /// Gives a kept model another name. An empty one changes nothing.
    pub fn rename_tuned(&mut self, id: &str, name: &str) -> Vec<Effect> {
        self.shelf.edit = None;
        let name = name.trim();
        if name.is_empty() {
            return Vec::new();
        }
        self.shelf.diagnostic = None;
        vec![self.request(Topic::Shelf, Command::RenameTuned { id: id.to_owned(), name: name.to_owned() })]
    }

    /// Deletes a kept model.
    pub fn delete_tuned(&mut self, id: &str) -> Vec<Effect> {
        self.shelf.edit = None;
        self.shelf.diagnostic = None;
        if self.shelf.keeping == Keeping::Kept(id.to_owned()) {
            self.shelf.keeping = Keeping::Idle;
        }
        vec![self.send(Command::DeleteTuned { id: id.to_owned() })]
    }

    /// Removes everything that this page has stored in the browser.
    pub fn remove_everything(&mut self) -> Vec<Effect> {
        self.shelf.edit = None;
        if self.is_engaged() {
            return Vec::new();
        }
        self.shelf.keeping = Keeping::Idle;
        self.history.runs.clear();
        self.known_check = None;
        vec![self.send(Command::ClearStorage), Effect::ClearStorage]
    }

    /// The kept models that can answer the same query as the one that is open.
    pub fn comparable(&self) -> Vec<TunedModel> {
        let Some(first) = self.shelf.opened.first() else { return Vec::new() };
        let kind = |model: &TunedModel| QueryKind::of(model.task(), model.has_pairs);
        self.shelf.models().filter(|model| model.id != first.id && kind(model) == kind(first)).cloned().collect()
    }

    /// Returns true if there is a model to try: that of the last run, or a kept one.
    pub fn can_try(&self) -> bool {
        self.run.has_weights || !self.shelf.opened.is_empty()
    }
}

/// Id of an entry.
pub fn id_of(entry: &TunedEntry) -> &str {
    match entry {
        TunedEntry::Whole(model) => &model.id,
        TunedEntry::Damaged { id, .. } => id,
    }
}
