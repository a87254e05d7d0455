//! The page's one object: the state, and what it does to the world.

use std::time::Duration;

use hone_core::dataset::DataRole;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::Blob;

use crate::browser;
use crate::state::{Chosen, Effect, History, Settling, State};
use crate::worker::{self, Files, Link, Told};

/// How often a silent worker is looked for, and charts are redrawn at most.
const TICK: Duration = Duration::from_millis(250);

/// A part of the state.
type Part<T> = Box<dyn Fn(&State) -> T + Send + Sync>;

/// The state and the worker, shared by all components.
#[derive(Clone, Copy)]
pub struct Page {
    state: RwSignal<State>,
    /// Counts up when charts are to be redrawn.
    redraw: RwSignal<u32>,
    link: StoredValue<Option<Link>, LocalStorage>,
    files: StoredValue<Files, LocalStorage>,
    exported: StoredValue<Option<Blob>, LocalStorage>,
    /// Ticks since the worker was last heard. Counted, not timed: a laptop that slept does not make a worker silent.
    silent_ticks: StoredValue<u32>,
}

impl Page {
    /// Sets up the page and starts its worker. Called once, at the root.
    pub fn open() -> Self {
        let page = Self {
            state: RwSignal::new(State {
                known_check: browser::known_check(),
                history: History::restored(browser::kept_runs()),
                ..State::default()
            }),
            redraw: RwSignal::new(0),
            link: StoredValue::new_local(None),
            files: StoredValue::new_local(Files::default()),
            exported: StoredValue::new_local(None),
            silent_ticks: StoredValue::new(0),
        };
        provide_context(page);
        page.act(State::restart);
        spawn_local(async move {
            let catalog = browser::fetch_json("catalog.json").await;
            page.act(|state| state.catalog(catalog));
        });
        page.tick();
        page
    }

    /// The page, in any component under the root.
    pub fn get() -> Self {
        expect_context()
    }

    /// A part of the state that wakes its readers only when it changes.
    pub fn memo<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&State) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        self.boxed_memo(Box::new(part))
    }

    /// Compiled once for each type, not once for each closure: there are a hundred.
    fn boxed_memo<T: PartialEq + Send + Sync + 'static>(self, part: Part<T>) -> Memo<T> {
        Memo::new(move |_| self.state.with(&*part))
    }

    /// A part of the state that wakes its readers at most four times a second.
    pub fn slow<T: Send + Sync + 'static>(self, part: impl Fn(&State) -> T + Send + Sync + 'static) -> Signal<T> {
        Signal::derive(move || {
            self.redraw.track();
            self.state.with_untracked(&part)
        })
    }

    /// Reads the state without being woken by it.
    pub fn peek<T>(self, part: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(part)
    }

    /// Changes the state and does what follows from it.
    pub fn act(self, change: impl FnOnce(&mut State) -> Vec<Effect>) {
        let mut effects = Vec::new();
        self.state.update(|state| effects = change(state));
        for effect in effects {
            self.carry_out(effect);
        }
    }

    /// Changes the state; nothing else follows.
    pub fn change(self, change: impl FnOnce(&mut State)) {
        self.state.update(change);
    }

    /// Takes a file that was chosen, dropped or pasted.
    pub fn open_file(self, role: DataRole, name: String, blob: Blob) {
        self.open_files(role, name, None, vec![blob]);
    }

    /// Takes a file, or two whose lines belong together.
    pub fn open_files(self, role: DataRole, name: String, aligned_with: Option<String>, blobs: Vec<Blob>) {
        let blobs = self.keep(blobs);
        self.act(|state| state.open(role, Chosen::new(name, aligned_with, blobs)));
    }

    /// Takes the files of a model of the person's own.
    pub fn open_model(self, name: String, files: Vec<(String, Blob)>) {
        let bytes = files.iter().map(|(_, blob)| blob.size()).sum();
        let (paths, blobs) = files.into_iter().unzip();
        let blobs = self.keep(blobs);
        self.act(|state| state.take_own(name, paths, bytes, blobs));
    }

    fn keep(self, blobs: Vec<Blob>) -> usize {
        self.files.try_update_value(|files| files.keep(blobs)).unwrap_or_default()
    }

    /// Hands the finished model folder to the person once more.
    pub fn save_again(self, file_name: &str) {
        self.exported.with_value(|blob| {
            if let Some(blob) = blob {
                browser::save(blob, file_name);
            }
        });
    }

    fn carry_out(self, effect: Effect) {
        match effect {
            Effect::Replace => self.replace(),
            Effect::Send(request, command) => {
                self.silent_ticks.set_value(0);
                let blobs = self.peek(|state| state.blobs_of(&command));
                self.files.with_value(|files| {
                    self.link.update_value(|link| {
                        if let Some(link) = link {
                            link.send(request, &command, blobs.map_or(&[], |blobs| files.get(blobs)));
                        }
                    });
                });
            }
            Effect::Keep(check) => browser::keep_check(&check),
            Effect::KeepRuns => self.peek(|state| browser::keep_runs(&state.history.runs)),
            Effect::Save { file_name } => self.save_again(&file_name),
        }
    }

    fn replace(self) {
        let on_ready = move || {
            self.silent_ticks.set_value(0);
            self.change(State::listening);
            self.link.update_value(|link| {
                if let Some(link) = link {
                    link.ready();
                }
            });
        };
        // The old worker ends before the new one starts: both would not fit into a small machine's memory.
        self.link.set_value(None);
        match Link::start(on_ready, move |told| self.hear(told)) {
            Ok(link) => self.link.set_value(Some(link)),
            Err(diagnostic) => self.act(|state| state.worker_lost(diagnostic)),
        }
    }

    fn hear(self, told: Told) {
        self.silent_ticks.set_value(0);
        match told {
            Told::Event { request, event, blob } => {
                if blob.is_some() {
                    self.exported.set_value(blob);
                }
                self.act(|state| state.on_event(request, *event));
            }
            Told::Broken(diagnostic) => self.act(|state| state.worker_lost(diagnostic)),
        }
    }

    fn tick(self) {
        let drawn = StoredValue::new((0, 0, false));
        let settling = StoredValue::new(Settling::default());
        let beat = move || {
            let length = self.peek(|state| (state.run.steps.len(), state.run.evaluations.len(), state.run.is_active()));
            if drawn.get_value() != length {
                drawn.set_value(length);
                self.redraw.update(|count| *count = count.wrapping_add(1));
            }
            let question = self.peek(State::open_question);
            if settling.try_update_value(|settling| settling.is_settled(question)) == Some(true) {
                self.act(State::ask_estimate);
            }
            self.silent_ticks.update_value(|ticks| *ticks = ticks.saturating_add(1));
            let silent = TICK * self.silent_ticks.get_value();
            if self.peek(|state| state.is_silent(silent)) {
                self.act(|state| state.worker_lost(worker::silent(silent, state.run.is_active())));
            }
        };
        // Without a timer charts stand still, and a silent worker is not noticed; the page itself goes on.
        if set_interval_with_handle(beat, TICK).is_err() {
            leptos::logging::error!("the browser gives no timers");
        }
    }
}
