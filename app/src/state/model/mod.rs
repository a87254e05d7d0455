//! The models on offer and the loaded one.

mod loading;
mod suggestions;

pub use suggestions::Suggestion;

use hone_core::catalog::{CatalogEntry, FoundModel, KeptModel, ModelReport};
use hone_core::diagnostic::Diagnostic;

/// The models on offer and the chosen one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The models on offer: the page's own, then those of a hub, of the browser's storage and of the user.
    pub catalog: Vec<CatalogEntry>,
    /// Why the page's own models could not be listed.
    pub catalog_problem: Option<Diagnostic>,
    /// The models in the browser's storage.
    pub kept: Vec<KeptModel>,
    /// Free space in the browser's storage, in bytes.
    pub free_bytes: Option<f64>,
    /// The last search on a hub.
    pub hub: HubSearch,
    /// Index of the chosen model in the catalog.
    pub chosen: usize,
    /// The state of the chosen model.
    pub load: Load,
    /// Index of the files of the user's own model among the page's blobs.
    pub local_blobs: Option<usize>,
    /// Why another model could not be loaded, so that this one stayed.
    pub rejected: Option<Diagnostic>,
}

/// The state of the chosen model.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// It is not loaded, and nobody has requested it yet.
    Idle {
        /// The model chosen before it.
        previous: Option<Box<PreviousModel>>,
    },
    /// The worker is loading it.
    Loading {
        /// Fraction loaded, from 0 to 1.
        progress: f64,
        /// The model chosen before it.
        previous: Option<Box<PreviousModel>>,
    },
    /// The worker has loaded it.
    Ready(ModelReport),
    /// It cannot be loaded.
    Failed(Diagnostic),
}

impl Default for Load {
    fn default() -> Self {
        Self::Idle { previous: None }
    }
}

/// The model that was chosen before the current one, until that one has loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviousModel {
    /// Its index in the catalog.
    index: usize,
    /// The report on it, if the worker still has it loaded.
    report: Option<ModelReport>,
    /// The user's own model that was on offer, if there was one.
    local: Option<LocalModel>,
}

/// A model of the user's own files.
#[derive(Clone, Debug, PartialEq)]
struct LocalModel {
    /// Its entry in the catalog.
    entry: CatalogEntry,
    /// Index of its files among the page's blobs.
    blobs: usize,
}

/// A search for a model on a hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum HubSearch {
    /// There was no search.
    #[default]
    Idle,
    /// The hub has not answered yet.
    Searching,
    /// The model that was found.
    Found(Box<FoundModel>),
    /// Why no model can be loaded.
    Failed(Diagnostic),
}

impl Model {
    /// The chosen entry of the catalog.
    pub fn entry(&self) -> Option<&CatalogEntry> {
        self.catalog.get(self.chosen)
    }

    /// The loaded model.
    pub fn report(&self) -> Option<&ModelReport> {
        match &self.load {
            Load::Ready(report) => Some(report),
            _ => None,
        }
    }

    /// Returns true while a model is being loaded, which keeps the worker from doing anything else.
    pub fn is_loading(&self) -> bool {
        matches!(self.load, Load::Loading { .. })
    }

    /// A model in the browser's storage, by its id.
    pub fn kept(&self, id: &str) -> Option<&KeptModel> {
        self.kept.iter().find(|kept| kept.entry.id == id)
    }

    /// Stores the list of models in the browser's storage, and offers those that are not on offer yet.
    pub fn on_kept(&mut self, kept: Vec<KeptModel>, free_bytes: Option<f64>) {
        (self.kept, self.free_bytes) = (kept, free_bytes);
        // The page's own models come first.
        if !self.catalog.is_empty() {
            self.offer_kept();
        }
    }

    fn offer_kept(&mut self) {
        for kept in self.kept.clone() {
            self.add(kept.entry);
        }
    }

    /// Stores the page's own list of models.
    pub fn on_catalog(&mut self, entries: Vec<CatalogEntry>) {
        self.catalog = entries;
        self.offer_kept();
    }

    /// Offers a model, if it is not on offer yet. Returns its index.
    fn add(&mut self, entry: CatalogEntry) -> usize {
        let same = |other: &CatalogEntry| other.id == entry.id && other.folder.is_empty() == entry.folder.is_empty();
        self.catalog.iter().position(same).unwrap_or_else(|| {
            self.catalog.push(entry);
            self.catalog.len() - 1
        })
    }

    /// Offers one of the user's kept models. Returns its index.
    pub fn offer(&mut self, entry: CatalogEntry) -> usize {
        self.add(entry)
    }

    /// Index of the user's own model, if there is one on offer.
    fn local_index(&self) -> Option<usize> {
        self.catalog.iter().position(|entry| entry.folder.is_empty())
    }

    /// The user's own model, if there is one on offer.
    fn local(&self) -> Option<LocalModel> {
        let entry = self.catalog.get(self.local_index()?)?.clone();
        Some(LocalModel { entry, blobs: self.local_blobs? })
    }

    /// Offers the user's own model in place of an earlier one. Returns its index.
    fn offer_local(&mut self, LocalModel { entry, blobs }: LocalModel) -> usize {
        self.local_blobs = Some(blobs);
        match self.local_index().and_then(|index| Some((index, self.catalog.get_mut(index)?))) {
            Some((index, offered)) => {
                *offered = entry;
                index
            }
            None => self.add(entry),
        }
    }

    fn previous(&self) -> Option<&PreviousModel> {
        match &self.load {
            Load::Idle { previous } | Load::Loading { previous, .. } => previous.as_deref(),
            Load::Ready(_) | Load::Failed(_) => None,
        }
    }

    /// Chooses another model. The loaded one is remembered, and needs no loading when it is chosen again.
    pub fn choose(&mut self, index: usize) {
        self.remember();
        self.chosen = index;
        let is_again = self.previous().is_some_and(|previous| previous.index == index);
        if is_again {
            let previous = self.take_previous();
            self.load = previous.and_then(|previous| previous.report).map_or_else(Load::default, Load::Ready);
        }
    }

    /// Returns true if the worker has this entry loaded while another one is being loaded.
    pub fn is_loaded_before(&self, index: usize) -> bool {
        self.previous().is_some_and(|previous| previous.index == index && previous.report.is_some())
    }

    /// Takes out the remembered model; the chosen one is then idle.
    fn take_previous(&mut self) -> Option<PreviousModel> {
        match std::mem::take(&mut self.load) {
            Load::Idle { previous } | Load::Loading { previous, .. } => previous.map(|previous| *previous),
            Load::Ready(_) | Load::Failed(_) => None,
        }
    }

    /// Remembers the chosen model before another one is chosen, or the last one that the worker loaded.
    fn remember(&mut self) {
        self.rejected = None;
        let report = self.report().cloned();
        let before = self.take_previous().filter(|before| report.is_none() && before.report.is_some());
        let previous = before.unwrap_or_else(|| PreviousModel { index: self.chosen, report, local: self.local() });
        self.load = Load::Idle { previous: Some(previous.into()) };
    }

    /// Begins to load the chosen model.
    fn start_loading(&mut self) {
        let previous = self.take_previous().map(Box::new);
        self.load = Load::Loading { progress: 0.0, previous };
    }

    /// Chooses the remembered model again. If the user's own model failed, the one on offer before it comes back too.
    fn restore(&mut self, previous: PreviousModel, diagnostic: Diagnostic) {
        let PreviousModel { index, report, local } = previous;
        let stays = match &report {
            Some(report) => format!("{} is still loaded.", report.name),
            None => "The earlier choice of model is back.".into(),
        };
        let done = format!("{} {stays}", diagnostic.done);
        self.rejected = Some(diagnostic.done(done.trim_start()));
        if let Some(failed) = self.local_index().filter(|local| *local == self.chosen) {
            match local {
                Some(local) => _ = self.offer_local(local),
                // The remembered model comes before this one in the list: it was on offer first.
                None => {
                    self.catalog.remove(failed);
                    self.local_blobs = None;
                }
            }
        }
        (self.chosen, self.load) = (index, report.map_or_else(Load::default, Load::Ready));
    }

    /// The worker is gone, along with its model and the requests sent to it.
    pub fn worker_lost(&mut self) {
        if let Load::Idle { previous } | Load::Loading { previous, .. } = &mut self.load {
            *previous = None;
        }
        if self.hub == HubSearch::Searching {
            self.hub = HubSearch::Idle;
        }
    }

    /// Updates the fraction of the chosen model that is loaded.
    pub fn on_progress(&mut self, loaded: f64) {
        if let Load::Loading { progress, .. } = &mut self.load {
            *progress = loaded;
        }
    }

    /// The chosen model has loaded. Facts about the user's own model are available only now.
    pub fn on_ready(&mut self, report: ModelReport) {
        if let Some(entry) = self.catalog.get_mut(self.chosen).filter(|entry| entry.folder.is_empty()) {
            (entry.family, entry.pooling, entry.parameters) = (report.family, report.pooling, report.parameters);
        }
        self.load = Load::Ready(report);
    }

    /// A model finished loading after another one was chosen. It may be the previous one.
    pub fn on_late_ready(&mut self, report: ModelReport) {
        let Self { catalog, load, .. } = self;
        if let Load::Idle { previous } | Load::Loading { previous, .. } = load {
            let is_of = |index: usize| catalog.get(index).is_some_and(|entry| entry.id == report.id);
            previous.take_if(|previous| !is_of(previous.index));
            if let Some(previous) = previous {
                previous.report = Some(report);
            }
        }
    }

    /// The chosen model could not be loaded: the previous one is restored, if there is one.
    pub fn on_failed(&mut self, diagnostic: Diagnostic) {
        let local = self.entry().filter(|entry| entry.folder.is_empty());
        let (is_local, is_zip) = (local.is_some(), local.is_some_and(|entry| has_ending(&entry.name, ".zip")));
        let diagnostic = if is_zip {
            let remedy = format!("{} If it holds data, choose it under Data.", diagnostic.remedy);
            diagnostic.remedy(remedy.trim_start())
        } else {
            diagnostic
        };
        // A model of a hub stays chosen, so that loading it can be resumed, unless another one is loaded.
        match self.take_previous().filter(|previous| is_local || previous.report.is_some()) {
            Some(previous) => self.restore(previous, diagnostic),
            None => self.load = Load::Failed(diagnostic),
        }
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}
