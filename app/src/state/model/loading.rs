//! Choosing, finding and loading models.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::Mapping;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Command;
use hone_core::recipe::{Family, Pooling};

use crate::state::model::{HubSearch, Load, LocalModel};
use crate::state::{Effect, State, Topic};

impl State {
    /// Stores the page's own list of models, or the reason why there is none.
    pub fn on_catalog(&mut self, catalog: Result<Vec<CatalogEntry>, Diagnostic>) -> Vec<Effect> {
        match catalog {
            Ok(entries) => self.model.on_catalog(entries),
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
            // It is chosen again once loading the other one has stopped.
            return self.stop_loading();
        }
        self.choose(index);
        self.follow_task();
        if self.data.is_ready() && self.is_model_idle() { self.load_model() } else { Vec::new() }
    }

    /// Chooses a model. One that is being loaded is no longer wanted.
    pub(in crate::state) fn choose(&mut self, index: usize) {
        self.model.choose(index);
        self.requests.give_up(Topic::Model);
    }

    fn is_model_idle(&self) -> bool {
        matches!(self.model.load, Load::Idle { .. })
    }

    /// Loads the chosen model.
    pub fn load_model(&mut self) -> Vec<Effect> {
        let Some(model) = self.model.entry().cloned() else { return Vec::new() };
        self.drop_estimate();
        self.model.start_loading();
        // A model without an address is made of the user's own files.
        let command = if model.folder.is_empty() {
            Command::LoadFiles { name: model.name, paths: model.files }
        } else {
            Command::LoadModel { model }
        };
        vec![self.request(Topic::Model, command)]
    }

    /// Adapts recipe and model to the task of the columns: a model that does not support it is replaced by the first
    /// that does.
    pub(in crate::state) fn follow_task(&mut self) {
        let Some(task) = self.data.mapping.as_ref().map(Mapping::task) else { return };
        let serves = |entry: &CatalogEntry| entry.family.serves(task);
        if !self.model.entry().is_some_and(serves)
            && let Some(fitting) = self.model.catalog.iter().position(serves)
        {
            self.choose(fitting);
        }
        self.form.follow(task, self.model.entry().map_or(0.0, |entry| entry.parameters));
    }

    /// Loads the first model of the catalog once there is data for it. Any other one is loaded only when the user
    /// chooses it.
    pub(in crate::state) fn load_first(&mut self) -> Vec<Effect> {
        let is_wanted = (self.data.is_ready() || self.has_pool()) && self.model.chosen == 0 && self.is_model_idle();
        if is_wanted { self.load_model() } else { Vec::new() }
    }

    /// Looks up a model on a hub.
    pub fn find_model(&mut self, hub: String, id: String) -> Vec<Effect> {
        if id.trim().is_empty() || self.model.is_loading() {
            return Vec::new();
        }
        self.model.hub = HubSearch::Searching;
        vec![self.request(Topic::Hub, Command::FindModel { hub, id })]
    }

    /// Loads the model that was found on a hub.
    pub fn take_found(&mut self) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        let HubSearch::Found(found) = std::mem::take(&mut self.model.hub) else { return Vec::new() };
        let index = self.model.add(found.entry);
        self.model.remember();
        self.model.chosen = index;
        self.load_model()
    }

    /// Loads a model from the user's own files. `files` are their paths in its folder, `bytes` their size together.
    pub fn take_local(&mut self, name: String, files: Vec<String>, bytes: f64, blobs: usize) -> Vec<Effect> {
        if self.is_engaged() {
            return Vec::new();
        }
        // Must come first, as it refers to the model's place in the catalog: only one local model is on offer at a
        // time.
        self.model.remember();
        let entry = CatalogEntry {
            id: name.clone(),
            hub_id: name.clone(),
            name,
            description: "Your own files.".into(),
            license: String::new(),
            languages: String::new(),
            parameters: 0.0,
            bytes,
            folder: String::new(),
            files,
            weights: String::new(),
            sha256: String::new(),
            shards: Vec::new(),
            family: Family::default(),
            pooling: Pooling::Cls,
        };
        self.model.chosen = self.model.offer_local(LocalModel { entry, blobs });
        self.load_model()
    }

    /// Stops loading a model or searching a hub.
    pub fn stop_loading(&mut self) -> Vec<Effect> {
        vec![self.send(Command::StopLoading)]
    }

    /// Removes a model from the browser's storage.
    pub fn forget_model(&mut self, id: String) -> Vec<Effect> {
        vec![self.send(Command::ForgetModel { id })]
    }
}
