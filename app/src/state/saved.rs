//! Runs that are saved in this browser: continuing them, and going on by itself after the worker was lost.

use hone_core::catalog::{DataFile, SavedRun, SavedRunEntry};
use hone_core::dataset::{DataRole, Mapping};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Backend, Command, DeviceChoice};

use crate::format;
use crate::state::runs::scores;
use crate::state::{Effect, Export, FileChoice, Form, Keeping, Load, Phase, Run, SavedPoint, State, Topic};

/// Time in which losses of the worker count together, in milliseconds.
const LOSSES_MS: f64 = 600_000.0;
/// Number of times in that time that a run continues by itself.
const MAX_RECOVERIES: usize = 3;

/// The saved runs, and the one that is being continued.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// The runs that no tab is working on, the last one first.
    pub runs: Vec<SavedRunEntry>,
    /// The run that is being continued, until its data and its model are ready.
    pub continuing: Option<Continuing>,
    /// The run whose deletion waits for a second press.
    pub deleting: Option<String>,
    /// Why a run could not be continued, taken away or added.
    pub diagnostic: Option<Diagnostic>,
    /// True while a run's model is being kept.
    pub is_keeping: bool,
    /// Index of the file of the run that is being added, among the page's blobs.
    pub imported: Option<usize>,
    /// True if the next run stores a copy of the data files.
    pub copies_data: bool,
    /// The time, in milliseconds since 1970, when the worker was last lost or checked.
    pub now_ms: f64,
    /// Times at which the worker was lost during a run.
    losses: Vec<f64>,
}

/// A saved run that is being continued.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuing {
    /// Id of the run.
    pub id: String,
    /// Names of the files that the user has to choose again.
    pub asks_for: Vec<String>,
    /// True once its files have been passed to the worker.
    has_files: bool,
    /// True if it was under way in this tab and goes on by itself.
    is_recovery: bool,
}

impl Saved {
    /// A saved run by its id.
    pub fn run(&self, id: &str) -> Option<&SavedRun> {
        self.runs.iter().find_map(|entry| match entry {
            SavedRunEntry::Whole(run) if run.id == id => Some(&**run),
            _ => None,
        })
    }

    /// Size of all runs, in bytes.
    pub fn bytes(&self) -> f64 {
        let bytes = |entry: &SavedRunEntry| match entry {
            SavedRunEntry::Whole(run) => run.bytes,
            SavedRunEntry::Damaged { .. } => 0.0,
        };
        self.runs.iter().map(bytes).sum()
    }
}

/// Fate of a run, in a sentence.
pub fn headline(run: &SavedRun) -> String {
    let step = format::count(f64::from(run.record.step));
    match run.about.ended {
        Some(_) => format!("A run ended at step {step}, and its model is not kept yet."),
        None => {
            let total = format::count(f64::from(run.record.plan.total_steps));
            format!("A run stopped at step {step} of {total}.")
        }
    }
}

/// Name, data, base model, best score and size of a run, in words.
pub fn facts(run: &SavedRun) -> String {
    let record = &run.record;
    let model = run.about.model.as_ref().map_or(&record.source.model.name, |model| &model.name);
    let task = record.plan.recipe.task;
    let best = record.best.as_ref().map(|best| format!("best {}", scores::headline(task, best)));
    let [name, data, model] = [&run.about.name, &record.source.data.name, model].map(|name| format::visible(name));
    let parts = [Some(format!("“{name}” on {data}, from {model}")), best, Some(format::bytes(run.bytes))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Names of the files that a run was started with.
fn file_names(run: &SavedRun) -> Vec<String> {
    let source = &run.record.source;
    let Some(train) = &run.about.train else {
        return [Some(&source.data), source.validation.as_ref(), source.test.as_ref()]
            .into_iter()
            .flatten()
            .map(|file| file.name.clone())
            .collect();
    };
    let names = |file: &DataFile| [Some(file.name.clone()), file.aligned_with.clone()];
    [Some(train), run.about.validation.as_ref(), run.about.test.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(names)
        .flatten()
        .collect()
}

impl State {
    /// Continues a saved run: loads its model, and asks for its data unless a copy is stored.
    pub fn continue_saved(&mut self, id: &str) -> Vec<Effect> {
        let Some(saved) = self.saved.run(id).cloned() else { return Vec::new() };
        if self.is_engaged() || self.device.report.is_none() {
            return Vec::new();
        }
        self.saved.diagnostic = None;
        self.model.rejected = None;
        self.data.forget_rejected();
        let source = &saved.record.source;
        let is_loaded = self.model.report().is_some_and(|report| report.id == source.model.name);
        let offered = || self.model.catalog.iter().position(|entry| entry.id == source.model.name);
        let index = match saved.about.model.clone() {
            _ if is_loaded => Some(self.model.chosen),
            Some(entry) => Some(self.model.offer(entry)),
            // The worker compares the weights themselves.
            None => offered().or_else(|| self.model.report().map(|_| self.model.chosen)),
        };
        let Some(index) = index else {
            let what = format!("The run was started from {}.", format::visible(&source.model.name));
            let diagnostic = Diagnostic::new("saved.no-model", what).done("The saved run is unchanged.");
            self.saved.diagnostic = Some(diagnostic.remedy("Load that model first, and continue the run then."));
            return Vec::new();
        };
        // The split follows from the recipe.
        self.form = Form::new(saved.record.plan.recipe.clone());
        let mut effects = Vec::new();
        if self.model.chosen != index {
            self.choose(index);
        }
        if self.model.report().is_none() && !self.model.is_loading() {
            effects.extend(self.load_model());
        }
        self.saved.continuing =
            Some(Continuing { id: id.to_owned(), asks_for: Vec::new(), has_files: false, is_recovery: false });
        effects.push(if saved.about.has_copy {
            self.request(Topic::Saved, Command::OpenSavedData { id: id.to_owned() })
        } else {
            Effect::OpenHandles(id.to_owned())
        });
        effects
    }

    /// Returns true while a run that is being continued has no files yet.
    pub fn is_awaiting_files(&self, id: &str) -> bool {
        self.saved.continuing.as_ref().is_some_and(|continuing| continuing.id == id && !continuing.has_files)
    }

    /// Asks the user for the files of the run that is being continued.
    pub fn ask_for_files(&mut self, id: &str) {
        let names = self.saved.run(id).map(file_names).unwrap_or_default();
        if let Some(continuing) = &mut self.saved.continuing
            && continuing.id == id
            && !continuing.has_files
        {
            continuing.asks_for = names;
        }
    }

    /// Numbers of files that the training data and the validation data of the run being continued consist of.
    pub fn continued_files(&self) -> [usize; 2] {
        let saved = self.saved.continuing.as_ref().and_then(|continuing| self.saved.run(&continuing.id));
        let Some(SavedRun { about, record, .. }) = saved else { return [1, 0] };
        let files = |file: Option<&DataFile>| 1 + usize::from(file.is_some_and(|file| file.aligned_with.is_some()));
        let validation = record.source.validation.as_ref().map_or(0, |_| files(about.validation.as_ref()));
        [files(about.train.as_ref()), validation]
    }

    /// Opens the data files of the run that is being continued. `train` and `held_out`, for validation and test, are their
    /// places among the page's blobs.
    pub fn continue_with(&mut self, train: usize, held_out: [Option<usize>; 2]) -> Vec<Effect> {
        let Some(continuing) = &mut self.saved.continuing else { return Vec::new() };
        continuing.asks_for.clear();
        continuing.has_files = true;
        let id = continuing.id.clone();
        let Some(saved) = self.saved.run(&id).cloned() else { return Vec::new() };
        let choice = |file: Option<DataFile>, name: &str, blobs| {
            let DataFile { name, aligned_with, hints } =
                file.unwrap_or(DataFile { name: name.to_owned(), ..DataFile::default() });
            FileChoice { name, aligned_with, blobs, hints }
        };
        let source = &saved.record.source;
        let mut effects = Vec::new();
        for role in [DataRole::Validation, DataRole::Test] {
            if self.data.file(role).choice().is_some() {
                effects.extend(self.close_data(role));
            }
        }
        effects.extend(self.open(DataRole::Train, choice(saved.about.train, &source.data.name, train)));
        let [validation, test] = held_out;
        let files = [
            (DataRole::Validation, &source.validation, saved.about.validation, validation),
            (DataRole::Test, &source.test, saved.about.test, test),
        ];
        for (role, file, about, blobs) in files {
            if let (Some(file), Some(blobs)) = (file, blobs) {
                effects.extend(self.open(role, choice(about, &file.name, blobs)));
            }
        }
        effects
    }

    /// The columns of the run that is being continued, once its files have been chosen.
    pub(in crate::state) fn continued_mapping(&self) -> Option<Mapping> {
        let continuing = self.saved.continuing.as_ref().filter(|continuing| continuing.has_files)?;
        self.saved.run(&continuing.id).map(|saved| saved.record.source.mapping.clone())
    }

    /// Gives up continuing a run, which stays saved.
    pub fn give_up_continuing(&mut self) -> Vec<Effect> {
        self.saved.continuing = None;
        self.requests.give_up(Topic::Saved);
        Vec::new()
    }

    /// Continues the saved run as soon as its data and its model are ready.
    pub(in crate::state) fn continue_if_ready(&mut self) -> Vec<Effect> {
        let Some(continuing) = &self.saved.continuing else { return Vec::new() };
        let is_recovery = continuing.is_recovery;
        if let Some(diagnostic) = self.cannot_continue() {
            self.saved.continuing = None;
            if is_recovery {
                self.run_failed(diagnostic);
            } else {
                self.saved.diagnostic = Some(diagnostic);
            }
            return Vec::new();
        }
        let has_tokens = self.data.report.as_ref().is_some_and(|report| report.tokens.is_some());
        let is_ready = continuing.has_files
            && self.device.report.is_some()
            && has_tokens
            && !self.data.is_busy()
            && self.model.report().is_some();
        if !is_ready {
            return Vec::new();
        }
        let id = continuing.id.clone();
        self.saved.continuing = None;
        if is_recovery {
            // The worker sends all of them again.
            (self.run.steps, self.run.evaluations, self.run.best) = (Vec::new(), Vec::new(), None);
        } else {
            let saved = self.saved.run(&id).cloned();
            let run = Run {
                phase: Phase::Starting,
                name: saved.as_ref().map(|saved| saved.about.name.clone()).unwrap_or_default(),
                data: self.data.train.choice().map(|choice| choice.name.clone()).unwrap_or_default(),
                file: self.data.train.choice().map(|choice| choice.blobs),
                mapping: self.data.mapping.clone(),
                base: self.model.entry().cloned(),
                base_bytes: self.model.report().map_or(0.0, |report| report.bytes),
                // One that had ended is in the list of runs already.
                past_id: saved.as_ref().and_then(|saved| self.history.id_of(&saved.record)),
                saved: saved.map(|saved| SavedPoint { id: saved.id, step: saved.record.step }),
                ..Run::default()
            };
            self.previous = Some(std::mem::replace(&mut self.run, run));
            self.saved.runs.retain(|entry| id_of(entry) != id);
            self.folds.on_run();
        }
        let mut effects = self.cancel_estimate();
        // The file may have moved since, and was chosen again then.
        effects.push(Effect::KeepHandles(id.clone()));
        let pinned = self.pinned_queries();
        effects.push(self.request(Topic::Run, Command::Continue { id, pinned }));
        effects
    }

    /// Why data or model cannot be those of the run.
    fn cannot_continue(&self) -> Option<Diagnostic> {
        let data = &self.data;
        let rejected = data.train.rejected.as_ref().map(|rejected| &rejected.diagnostic);
        let of_data = data.diagnostic().or(rejected);
        let of_model = match &self.model.load {
            Load::Failed(diagnostic) => Some(diagnostic),
            _ => self.model.rejected.as_ref(),
        };
        let has_files = self.saved.continuing.as_ref().is_some_and(|continuing| continuing.has_files);
        of_data.filter(|_| has_files).or(of_model).cloned()
    }

    /// The worker was lost during a run that is saved: another one continues it. After three times in ten minutes, it
    /// computes on the CPU; if it does already, the run ends, and can be continued by hand.
    pub(in crate::state) fn recover(&mut self, point: SavedPoint, diagnostic: Diagnostic) -> Vec<Effect> {
        let SavedPoint { id, step } = point;
        let saved = &mut self.saved;
        saved.losses.retain(|lost| saved.now_ms - lost < LOSSES_MS);
        saved.losses.push(saved.now_ms);
        let is_often = saved.losses.len() > MAX_RECOVERIES;
        let is_on_cpu = self.device.report.as_ref().is_none_or(|device| device.backend == Backend::Cpu);
        if is_often && is_on_cpu {
            let done = format!("The engine was replaced {MAX_RECOVERIES} times. The run is saved up to step {step}.");
            self.run_failed(
                diagnostic.done(done).remedy("Continue it from the list of saved runs, or keep the best so far."),
            );
            return self.restart();
        }
        let place = if is_often { " on the CPU" } else { "" };
        if is_often {
            self.device.choice = DeviceChoice::Cpu;
        }
        let done = format!("Another engine continues the run from step {step}{place}. Nothing before it is lost.");
        self.run.warnings.push(diagnostic.done(done).remedy(""));
        self.run.phase = Phase::Starting;
        (self.run.evaluating, self.run.testing, self.run.measuring) = (None, None, None);
        self.run.seconds_left = None;
        let effects = self.restart();
        self.saved.continuing = Some(Continuing { id, asks_for: Vec::new(), has_files: true, is_recovery: true });
        effects
    }

    /// Returns true if the run continues by itself.
    pub fn is_recovering(&self) -> bool {
        self.saved.continuing.as_ref().is_some_and(|continuing| continuing.is_recovery)
    }

    /// Keeps the model with the best weights of a saved run.
    pub fn keep_saved(&mut self, id: &str) -> Vec<Effect> {
        let Some(saved) = self.saved.run(id) else { return Vec::new() };
        if self.is_engaged() || self.saved.is_keeping {
            return Vec::new();
        }
        let source = &saved.record.source;
        let model = saved.about.model.as_ref().map_or(&source.model.name, |model| &model.name);
        let command = Command::KeepSaved { id: id.to_owned(), name: format!("{model} on {}", source.data.name) };
        (self.saved.diagnostic, self.saved.is_keeping) = (None, true);
        vec![Effect::Persist, self.request(Topic::Saved, command)]
    }

    /// Downloads a saved run as a file.
    pub fn export_saved(&mut self, id: &str) -> Vec<Effect> {
        self.saved.diagnostic = None;
        vec![self.request(Topic::Saved, Command::ExportSaved { id: id.to_owned() })]
    }

    /// Adds a saved run from a file.
    pub fn import_saved(&mut self, name: String, blobs: usize) -> Vec<Effect> {
        self.saved.diagnostic = None;
        self.saved.imported = Some(blobs);
        vec![self.request(Topic::Saved, Command::ImportSaved { name })]
    }

    /// Deletes a saved run.
    pub fn delete_saved(&mut self, id: &str) -> Vec<Effect> {
        self.saved.deleting = None;
        self.saved.runs.retain(|entry| id_of(entry) != id);
        vec![self.send(Command::DeleteSaved { id: id.to_owned() })]
    }

    /// A request about a saved run failed.
    pub(in crate::state) fn on_saved_failed(&mut self, diagnostic: Diagnostic) {
        (self.saved.is_keeping, self.saved.diagnostic) = (false, Some(diagnostic));
        if !self.is_recovering() {
            self.saved.continuing = None;
        }
    }

    /// Saves the run, as the page may soon be gone.
    pub fn save(&mut self) -> Vec<Effect> {
        if self.run.is_active() { vec![self.send(Command::Save)] } else { Vec::new() }
    }

    /// Returns true if closing the tab would lose a run or its model.
    pub fn has_unsaved(&self) -> bool {
        let is_saved = self.run.saved.is_some() && !self.run.is_unsaved;
        let is_taken = matches!(self.shelf.keeping, Keeping::Kept(_)) || matches!(self.export, Export::Done { .. });
        (self.run.is_active() || (self.run.has_weights && !is_taken)) && !is_saved
    }
}

/// Id of an entry.
pub fn id_of(entry: &SavedRunEntry) -> &str {
    match entry {
        SavedRunEntry::Whole(run) => &run.id,
        SavedRunEntry::Damaged { id, .. } => id,
    }
}
