//! Which models there are, and which is loaded.

use hone_core::catalog::ModelReport;
use hone_core::catalog::{CatalogEntry, FoundModel, KeptModel};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::{Family, Pooling};

use crate::state::{Effect, State, Topic};

/// The models on offer and the chosen one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What can be chosen: the page's own, then those of a hub, of the browser's storage and of the person.
    pub catalog: Vec<CatalogEntry>,
    /// Why there is nothing to choose from.
    pub catalog_problem: Option<Diagnostic>,
    /// What the browser's storage holds.
    pub kept: Vec<KeptModel>,
    /// Bytes that the browser would still give.
    pub free_bytes: Option<f64>,
    /// What a hub was asked for.
    pub hub: Hub,
    /// Index of the chosen one.
    pub chosen: usize,
    /// How far it is.
    pub load: Load,
    /// Where the page keeps the files of the person's own model.
    pub own_blobs: usize,
    /// What was chosen before, until the chosen one has loaded.
    pub previous: Option<Previous>,
    /// Why another model could not be loaded, so that this one stayed.
    pub refused: Option<Diagnostic>,
}

/// A model that another one was chosen after.
#[derive(Clone, Debug, PartialEq)]
pub struct Previous {
    /// Its index in the catalog.
    index: usize,
    /// What it is, where the worker has it loaded.
    report: Option<ModelReport>,
    /// The person's own model that was on offer, if there was one.
    own: Option<CatalogEntry>,
    /// Where its files are.
    own_blobs: usize,
}

/// How far a model is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    /// Nobody asked for it yet.
    #[default]
    Idle,
    /// This share has arrived.
    Loading(f64),
    /// It is there.
    Ready(ModelReport),
    /// It cannot be used.
    Failed(Diagnostic),
}

/// A question to a hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Hub {
    /// None yet.
    #[default]
    Idle,
    /// It has not answered.
    Asked,
    /// What it has.
    Found(Box<FoundModel>),
    /// Why there is nothing to load.
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

    /// Whether one is on its way: the worker does nothing else meanwhile.
    pub fn is_loading(&self) -> bool {
        matches!(self.load, Load::Loading(_))
    }

    /// What the browser's storage has of a model.
    pub fn kept(&self, id: &str) -> Option<&KeptModel> {
        self.kept.iter().find(|kept| kept.entry.id == id)
    }

    /// The storage has told what it holds: what was not on offer is from now on.
    pub fn were_kept(&mut self, kept: Vec<KeptModel>, free_bytes: Option<f64>) {
        (self.kept, self.free_bytes) = (kept, free_bytes);
        // The page's own come first.
        if !self.catalog.is_empty() {
            self.offer_kept();
        }
    }

    fn offer_kept(&mut self) {
        for kept in self.kept.clone() {
            self.add(kept.entry);
        }
    }

    /// The catalog has come.
    pub fn listed(&mut self, entries: Vec<CatalogEntry>) {
        self.catalog = entries;
        self.offer_kept();
    }

    /// Offers a model, if it is not on offer yet. Returns its index.
    fn add(&mut self, entry: CatalogEntry) -> usize {
        let same = |other: &CatalogEntry| other.id == entry.id && other.folder.is_empty() == entry.folder.is_empty();
        match self.catalog.iter().position(same) {
            Some(index) => index,
            None => {
                self.catalog.push(entry);
                self.catalog.len() - 1
            }
        }
    }

    /// Index of the person's own model, if there is one on offer.
    fn own(&self) -> Option<usize> {
        self.catalog.iter().position(|entry| entry.folder.is_empty())
    }

    /// Chooses another model. The loaded one is remembered, and needs no loading when it is chosen again.
    pub fn choose(&mut self, index: usize) {
        self.remember();
        self.chosen = index;
        let again = self.previous.take_if(|previous| previous.index == index);
        self.load = again.and_then(|previous| previous.report).map_or(Load::Idle, Load::Ready);
    }

    /// Whether an entry is the one that the worker has while another one is on its way.
    pub fn is_loaded_before(&self, index: usize) -> bool {
        self.previous.as_ref().is_some_and(|previous| previous.index == index && previous.report.is_some())
    }

    /// Remembers the chosen model, before another one is chosen; rather the last one that the worker has loaded.
    fn remember(&mut self) {
        self.refused = None;
        let report = match std::mem::take(&mut self.load) {
            Load::Ready(report) => Some(report),
            _ => None,
        };
        let has_loaded = self.previous.as_ref().is_some_and(|previous| previous.report.is_some());
        if report.is_some() || !has_loaded {
            let own = self.own().map(|own| self.catalog[own].clone());
            self.previous = Some(Previous { index: self.chosen, report, own, own_blobs: self.own_blobs });
        }
    }

    /// The remembered model is the chosen one again. What was offered in the place of the person's own gives way to it.
    fn take_back(&mut self, previous: Previous, diagnostic: Diagnostic) {
        let Previous { index, report, own, own_blobs } = previous;
        let stays = match &report {
            Some(report) => format!("{} is still loaded.", report.name),
            None => "The model chosen before is chosen again.".into(),
        };
        let done = format!("{} {stays}", diagnostic.done);
        self.refused = Some(diagnostic.done(done.trim_start()));
        if let Some(failed) = self.own().filter(|own| *own == self.chosen) {
            self.own_blobs = own_blobs;
            match own {
                Some(entry) => self.catalog[failed] = entry,
                // The remembered one stands before it: it was on offer when this one came.
                None => drop(self.catalog.remove(failed)),
            }
        }
        (self.chosen, self.load) = (index, report.map_or(Load::Idle, Load::Ready));
    }

    /// The worker is gone with what it had loaded and what it was asked for.
    pub fn worker_lost(&mut self) {
        self.previous = None;
        if self.hub == Hub::Asked {
            self.hub = Hub::Idle;
        }
    }

    /// Part of the chosen model has arrived.
    pub fn progressed(&mut self, share: f64) {
        if let Load::Loading(loaded) = &mut self.load {
            *loaded = share;
        }
    }

    /// A model has loaded: of the person's own files it is known only now what they are.
    pub fn ready(&mut self, report: ModelReport) {
        self.previous = None;
        if let Some(entry) = self.catalog.get_mut(self.chosen).filter(|entry| entry.folder.is_empty()) {
            (entry.family, entry.pooling, entry.parameters) = (report.family, report.pooling, report.parameters);
        }
        self.load = Load::Ready(report);
    }

    /// A model has loaded although another one was chosen meanwhile. It may be the one before that.
    pub fn loaded_late(&mut self, report: ModelReport) {
        let is_of = |index: usize| self.catalog.get(index).is_some_and(|entry| entry.id == report.id);
        self.previous.take_if(|previous| !is_of(previous.index));
        if let Some(previous) = &mut self.previous {
            previous.report = Some(report);
        }
    }

    /// The chosen model could not be loaded: the one before is chosen again, or none is loaded.
    pub fn failed(&mut self, diagnostic: Diagnostic) {
        let own = self.entry().filter(|entry| entry.folder.is_empty());
        let (is_own, is_zip) = (own.is_some(), own.is_some_and(|entry| has_ending(&entry.name, ".zip")));
        let diagnostic = match is_zip {
            true => {
                let remedy = format!("{} If it holds data, unpack it first and drop the file.", diagnostic.remedy);
                diagnostic.remedy(remedy.trim_start())
            }
            false => diagnostic,
        };
        // A model of a hub stays chosen, to go on loading, unless one is loaded.
        match self.previous.take_if(|previous| is_own || previous.report.is_some()) {
            Some(previous) => self.take_back(previous, diagnostic),
            None => self.load = Load::Failed(diagnostic),
        }
    }
}

impl State {
    /// Asks a hub what a model is.
    pub fn find_model(&mut self, hub: String, id: String) -> Vec<Effect> {
        if id.trim().is_empty() || self.model.is_loading() {
            return Vec::new();
        }
        self.model.hub = Hub::Asked;
        vec![self.request(Topic::Hub, Command::FindModel { hub, id })]
    }

    /// Takes the model that a hub has found.
    pub fn take_found(&mut self) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let Hub::Found(found) = std::mem::take(&mut self.model.hub) else { return Vec::new() };
        let index = self.model.add(found.entry);
        self.model.remember();
        self.take(index)
    }

    /// Takes a model of the person's own files, which stand at `files` in its folder and are `bytes` long together.
    pub fn take_own(&mut self, name: String, files: Vec<String>, bytes: f64, blobs: usize) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        // Before its place in the catalog is taken.
        self.model.remember();
        // There is one at a time: its files are kept by the page.
        let entry = CatalogEntry {
            id: name.clone(),
            hub_id: name.clone(),
            name,
            description: "Your own files.".into(),
            license: String::new(),
            parameters: 0.0,
            bytes,
            folder: String::new(),
            files,
            weights: String::new(),
            sha256: String::new(),
            family: Family::default(),
            pooling: Pooling::Cls,
        };
        self.model.own_blobs = blobs;
        let index = match self.model.own() {
            Some(index) => {
                self.model.catalog[index] = entry;
                index
            }
            None => self.model.add(entry),
        };
        self.take(index)
    }

    fn take(&mut self, index: usize) -> Vec<Effect> {
        self.model.chosen = index;
        self.load_model()
    }

    /// Gives up what is loading.
    pub fn stop_loading(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopLoading)]
    }

    /// Takes a model out of the browser's storage.
    pub fn forget_model(&mut self, id: String) -> Vec<Effect> {
        vec![self.send(Command::ForgetModel { id })]
    }
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}
