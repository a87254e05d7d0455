//! Which models there are, and which is loaded.

use hone_core::catalog::{CatalogEntry, FoundModel, KeptModel};
use hone_core::problem::Problem;
use hone_core::protocol::{Command, ModelReport};
use hone_core::recipe::{Family, Pooling};

use super::{Effect, State};

/// The models on offer and the chosen one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// What can be chosen: the page's own, then those of a hub, of the browser's storage and of the person.
    pub catalog: Vec<CatalogEntry>,
    /// Why there is nothing to choose from.
    pub catalog_problem: Option<Problem>,
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
    Failed(Problem),
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
    Failed(Problem),
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

    /// A model has loaded: of the person's own files it is known only now what they are.
    pub fn ready(&mut self, report: ModelReport) {
        if let Some(entry) = self.catalog.get_mut(self.chosen).filter(|entry| entry.folder.is_empty()) {
            (entry.family, entry.parameters) = (report.family, report.parameters);
        }
        self.load = Load::Ready(report);
    }

    /// A model could not be found, or not be loaded.
    pub fn failed(&mut self, problem: Problem) {
        match self.hub {
            Hub::Asked => self.hub = Hub::Failed(problem),
            _ => self.load = Load::Failed(problem),
        }
    }
}

impl State {
    /// Asks a hub what a model is.
    pub fn find_model(&mut self, hub: String, id: String) -> Vec<Effect> {
        if id.trim().is_empty() || matches!(self.model.load, Load::Loading(_)) {
            return Vec::new();
        }
        self.model.hub = Hub::Asked;
        vec![Effect::Send(Command::FindModel { hub, id })]
    }

    /// Takes the model that a hub has found.
    pub fn take_found(&mut self) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let Hub::Found(found) = std::mem::take(&mut self.model.hub) else { return Vec::new() };
        let index = self.model.add(found.entry);
        self.take(index)
    }

    /// Takes a model of the person's own files, which are `bytes` long together.
    pub fn take_own(&mut self, name: String, bytes: f64) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
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
            files: Vec::new(),
            weights: String::new(),
            sha256: String::new(),
            family: Family::default(),
            pooling: Pooling::Cls,
        };
        let index = match self.model.catalog.iter().position(|entry| entry.folder.is_empty()) {
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
        self.forget_weights();
        self.load_model()
    }

    /// Gives up what is loading.
    pub fn stop_loading(&mut self) -> Vec<Effect> {
        vec![Effect::Send(Command::StopLoading)]
    }

    /// Takes a model out of the browser's storage.
    pub fn forget_model(&mut self, id: String) -> Vec<Effect> {
        vec![Effect::Send(Command::ForgetModel { id })]
    }
}
