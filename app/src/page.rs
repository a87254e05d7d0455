//! The state shared by all components, and the effects of changing it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use hone_core::dataset::DataRole;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Event;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Blob;

use crate::browser;
use crate::components::{Plain, Watched, memo, watched};
use crate::handles;
use crate::state::{Debounce, Effect, FileChoice, Folds, History, Persistence, State, silence};
use crate::worker::{BlobStore, WorkerHandle, WorkerMessage};

/// Interval at which the worker is checked for silence, and the shortest time between two redraws of a chart.
const TICK: Duration = Duration::from_millis(250);

/// Id of the lesson on the page.
pub const LESSON: &str = "lesson";

/// Reads a part of the state.
type Selector<T> = Box<dyn Fn(&State) -> T + Send + Sync>;

/// The state and the worker, shared by all components.
#[derive(Clone, Copy)]
pub struct Page {
    state: RwSignal<State>,
    /// Incremented to redraw all charts.
    redraw: RwSignal<u32>,
    worker: StoredValue<Option<WorkerHandle>, LocalStorage>,
    blobs: StoredValue<BlobStore, LocalStorage>,
    exported: StoredValue<Option<Blob>, LocalStorage>,
    /// Ticks since the last message of the worker. Counted, not timed: a laptop that slept does not make it silent.
    silent_ticks: StoredValue<u32>,
}

impl Page {
    /// Creates the state and starts the worker. Called once, at the root.
    pub fn open() -> Self {
        let page = Self {
            state: RwSignal::new(State {
                known_check: browser::stored_check(),
                history: History::restored(browser::stored_runs()),
                folds: Folds::from_address(&browser::open_in_address()),
                ..State::default()
            }),
            redraw: RwSignal::new(0),
            worker: StoredValue::new_local(None),
            blobs: StoredValue::new_local(BlobStore::default()),
            exported: StoredValue::new_local(None),
            silent_ticks: StoredValue::new(0),
        };
        provide_context(page);
        page.act(State::restart);
        spawn_local(async move {
            let catalog = browser::fetch_json("catalog.json").await;
            page.act(|state| state.on_catalog(catalog));
        });
        browser::on_new_version(move |version, is_untouched| {
            page.act(|state| state.on_new_version(version, is_untouched));
        });
        let open_link = move || {
            if let Some(read) = browser::recipe_in_address() {
                page.act(|state| state.open_recipe_link(read));
            }
            if let Some(id) = browser::lesson_in_address() {
                page.open_lesson(id);
            }
        };
        open_link();
        // The page listens as long as it is open.
        let _listener = window_event_listener_untyped("hashchange", move |_| open_link());
        page.tick();
        page
    }

    /// Returns the page, in any component under the root.
    pub fn get() -> Self {
        expect_context()
    }

    /// A part of the state that notifies its readers only when it changes.
    pub fn memo<T: Plain>(self, part: impl Fn(&State) -> T + Send + Sync + 'static) -> Memo<T> {
        self.boxed_memo(Box::new(part))
    }

    /// Compiled once for each type, not once for each of a hundred closures. So is [`Self::boxed_slow`].
    fn boxed_memo<T: Plain>(self, part: Selector<T>) -> Memo<T> {
        memo(move || self.state.with(&*part))
    }

    /// A part of the state of any type, that notifies its readers only when it changes.
    pub fn watch<T: Default + PartialEq + Send + 'static>(
        self,
        part: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Watched<T> {
        watched(Box::new(move || part(&self.read())))
    }

    #[inline(never)]
    fn read(&self) -> impl Deref<Target = State> {
        self.state.read()
    }

    /// A part of the state that notifies its readers at most four times a second.
    pub fn slow<T: Send + Sync + 'static>(self, part: impl Fn(&State) -> T + Send + Sync + 'static) -> Signal<T> {
        self.boxed_slow(Box::new(part))
    }

    fn boxed_slow<T: Send + Sync + 'static>(self, part: Selector<T>) -> Signal<T> {
        Signal::derive(move || {
            self.redraw.track();
            self.state.with_untracked(&*part)
        })
    }

    /// Reads the state without subscribing to it.
    pub fn peek<T>(self, part: impl FnOnce(&State) -> T) -> T {
        part(&self.seen())
    }

    #[inline(never)]
    fn seen(&self) -> impl Deref<Target = State> {
        self.state.read_untracked()
    }

    /// Changes the state and carries out the effects.
    pub fn act(self, change: impl FnOnce(&mut State) -> Vec<Effect>) {
        let mut state = self.before_change();
        let effects = change(&mut state);
        self.after_change(state, effects);
    }

    /// Changes the state without effects.
    pub fn change(self, change: impl FnOnce(&mut State)) {
        self.act(|state| {
            change(state);
            Vec::new()
        });
    }

    /// The common part of all changes, outside of their hundred closures.
    #[inline(never)]
    fn before_change(&self) -> impl DerefMut<Target = State> {
        self.state.write()
    }

    /// Tells everyone who reads the state, and carries out the effects.
    #[inline(never)]
    fn after_change(self, mut state: impl DerefMut<Target = State>, effects: Vec<Effect>) {
        state.open_troubled();
        drop(state);
        for effect in effects {
            self.carry_out(effect);
        }
    }

    /// Opens a file that was chosen, dropped or pasted.
    pub fn open_file(self, role: DataRole, name: String, blob: Blob) {
        self.open_files(role, name, None, vec![blob]);
    }

    /// Opens a file, or two with parallel lines.
    pub fn open_files(self, role: DataRole, name: String, aligned_with: Option<String>, blobs: Vec<Blob>) {
        let blobs = self.store(blobs);
        self.act(|state| state.open(role, FileChoice::new(name, aligned_with, blobs)));
    }

    /// Opens a lesson with its data.
    fn open_lesson(self, id: String) {
        spawn_local(async move {
            let read = browser::fetch_lesson(&id).await;
            self.change(|state| state.open_lesson(&id, read));
            let Some(data) = self.peek(|state| state.lesson().map(|lesson| lesson.data.clone())) else { return };
            match browser::fetch_blob(&data).await {
                Ok(blob) => {
                    let name = data.rsplit('/').next().unwrap_or_default().to_owned();
                    self.open_file(DataRole::Train, name, blob);
                }
                Err(diagnostic) => self.change(|state| state.not_opened(diagnostic)),
            }
            self.change(State::fold_for_lesson);
            browser::focus(LESSON);
        });
    }

    /// Loads a model from the user's own files.
    pub fn open_model(self, name: String, files: Vec<(String, Blob)>) {
        let bytes = files.iter().map(|(_, blob)| blob.size()).sum();
        let (paths, blobs) = files.into_iter().unzip();
        let blobs = self.store(blobs);
        self.act(|state| state.take_local(name, paths, bytes, blobs));
    }

    /// Opens a file whose rows are to be predicted.
    pub fn open_table(self, name: String, blob: Blob) {
        let blobs = self.store(vec![blob]);
        self.act(|state| state.open_table(name, blobs));
    }

    fn store(self, blobs: Vec<Blob>) -> usize {
        self.blobs.try_update_value(|store| store.add(blobs)).unwrap_or_default()
    }

    /// Downloads the last model folder that the worker has written.
    pub fn download(self, file_name: &str) {
        self.exported.with_value(|blob| {
            if let Some(blob) = blob {
                browser::download(blob, file_name);
            }
        });
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::RestartWorker => self.restart_worker(),
            Effect::Send(request, command) => {
                self.silent_ticks.set_value(0);
                let blobs = self.peek(|state| state.blobs_of(&command));
                self.blobs.with_value(|store| {
                    self.worker.update_value(|worker| {
                        if let Some(worker) = worker {
                            worker.send(request, &command, blobs.map_or(&[], |blobs| store.get(blobs)));
                        }
                    });
                });
            }
            Effect::StoreCheck(check) => browser::store_check(&check),
            Effect::StoreRuns => self.peek(|state| browser::store_runs(&state.history.runs)),
            Effect::Persist => spawn_local(async move {
                if let Some(is_granted) = browser::persist().await {
                    let answer = if is_granted { Persistence::Granted } else { Persistence::Refused };
                    self.change(|state| state.shelf.persistence = answer);
                }
            }),
            Effect::KeepHandles(id) => {
                let blobs = |role| self.peek(|state| state.data.file(role).choice().map(|choice| choice.blobs));
                let roles = DataRole::ALL.map(blobs);
                self.blobs.with_value(|store| {
                    let files = |blobs: Option<usize>| blobs.map_or(&[][..], |blobs| store.get(blobs));
                    handles::keep(&id, roles.map(files));
                });
            }
            Effect::OpenHandles(id) => spawn_local(async move {
                match handles::open(&id).await {
                    Some(files) if self.peek(|state| state.is_awaiting_files(&id)) => self.continue_with(files),
                    _ => self.change(|state| state.ask_for_files(&id)),
                }
            }),
            Effect::SweepHandles => handles::sweep(),
            Effect::ClearStorage => browser::clear_storage(),
            Effect::Download { file_name } => self.download(&file_name),
            Effect::OpenCorrected { file_name } => {
                if let Some(blob) = self.exported.with_value(Clone::clone) {
                    let blobs = self.store(vec![blob]);
                    self.act(|state| state.open_corrected(file_name, blobs));
                }
            }
            Effect::OpenNewVersion => browser::open_new_version(),
        }
    }

    fn restart_worker(self) {
        let on_ready = move || {
            self.silent_ticks.set_value(0);
            self.change(State::on_listening);
            self.worker.update_value(|worker| {
                if let Some(worker) = worker {
                    worker.on_ready();
                }
            });
        };
        // The old worker ends before the new one starts: a small machine's memory would not hold both.
        self.worker.set_value(None);
        match WorkerHandle::start(on_ready, move |message| self.on_message(message)) {
            Ok(worker) => self.worker.set_value(Some(worker)),
            Err(diagnostic) => self.lose_worker(diagnostic),
        }
    }

    fn on_message(self, message: WorkerMessage) {
        self.silent_ticks.set_value(0);
        match message {
            // It comes with every tensor that is saved, and the page would look at itself from top to bottom each time.
            WorkerMessage::Event { event, .. } if let Event::Busy { seconds } = *event => {
                self.state.update_untracked(|state| state.on_busy(seconds));
            }
            WorkerMessage::Event { request, event, blob, files } => {
                if blob.is_some() {
                    self.exported.set_value(blob);
                }
                match &*event {
                    Event::SavedData { id, .. } if files.is_empty() => self.change(|state| state.ask_for_files(id)),
                    Event::SavedData { train, validation, .. } => {
                        self.continue_with(by_role(files, [*train as usize, *validation as usize]));
                    }
                    _ => {}
                }
                self.act(|state| {
                    state.saved.now_ms = browser::now();
                    state.on_event(request, *event)
                });
            }
            WorkerMessage::Failed(diagnostic) => self.lose_worker(diagnostic),
        }
    }

    /// Opens the data files of the run that is being continued: for training, validation and test.
    pub fn continue_with(self, [train, validation, test]: [Vec<Blob>; 3]) {
        let train = self.store(train);
        let held_out = [validation, test].map(|files| (!files.is_empty()).then(|| self.store(files)));
        self.act(|state| state.continue_with(train, held_out));
    }

    /// Adds a saved run from a file.
    pub fn import_saved(self, name: String, blob: Blob) {
        let blobs = self.store(vec![blob]);
        self.act(|state| state.import_saved(name, blobs));
    }

    fn lose_worker(self, diagnostic: Diagnostic) {
        self.act(|state| {
            state.saved.now_ms = browser::now();
            state.worker_lost(diagnostic)
        });
    }

    fn tick(self) {
        let drawn = StoredValue::new((0, 0, false));
        let debounce = StoredValue::new(Debounce::default());
        let beat = move || {
            let length = self.peek(|state| (state.run.steps.len(), state.run.evaluations.len(), state.run.is_active()));
            if drawn.get_value() != length {
                drawn.set_value(length);
                self.redraw.update(|count| *count = count.wrapping_add(1));
            }
            let inputs = self.peek(State::unestimated);
            if debounce.try_update_value(|debounce| debounce.is_settled(inputs)) == Some(true) {
                self.act(State::request_estimate);
            }
            self.silent_ticks.update_value(|ticks| *ticks = ticks.saturating_add(1));
            let silent = TICK * self.silent_ticks.get_value();
            if self.peek(|state| state.is_silent(silent)) {
                let in_run = self.peek(|state| state.run.is_active());
                self.lose_worker(silence(silent, in_run));
            }
        };
        // Without a timer, charts do not move and a silent worker is not noticed; the rest of the page still works.
        if set_interval_with_handle(beat, TICK).is_err() {
            leptos::logging::error!("the browser has no timers");
        }
    }
}

/// The files of the training data, of the validation data and of the test data, given how many the first two have.
pub fn by_role(mut files: Vec<Blob>, [train, validation]: [usize; 2]) -> [Vec<Blob>; 3] {
    let mut held_out = files.split_off(files.len().min(train));
    let test = held_out.split_off(held_out.len().min(validation));
    [files, held_out, test]
}
