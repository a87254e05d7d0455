//! Saving the run under way, a tensor at a time between its batches.

use hone_core::catalog::RunAbout;
use hone_core::checkpoint::Saving;
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::Evaluation;
use hone_core::protocol::Event;
use hone_core::run::{EndReason, RunRecord, RunSource};
use hone_core::runner::SaveSchedule;
use hone_core::train::Session;

use crate::engine::Engine;
use crate::errors;
use crate::js::now_ms;
use crate::lock::{self, Lock};
use crate::mailbox::report;
use crate::opfs::OpenFile;
use crate::run_storage::RunFolder;

/// Upper bound on the seconds that one tensor takes to read and store.
const TENSOR_SECONDS: f64 = 60.0;

/// Where a run is saved, and when.
pub struct Store {
    /// The folder of the run.
    pub folder: RunFolder,
    /// Its description.
    pub about: RunAbout,
    source: RunSource,
    schedule: SaveSchedule,
    /// True if it is to be saved as soon as possible.
    is_wanted: bool,
    /// True if the run has changed since its last save began.
    has_changed: bool,
    saving: Option<UnderWay>,
    /// Optimizer steps at the last save; none before the first.
    pub saved_step: Option<u32>,
    /// Other tabs see that a run is saved here, and which.
    _locks: [Lock; 2],
}

/// A save that is under way.
struct UnderWay {
    saving: Saving<OpenFile>,
    step: u32,
    begin_ms: f64,
}

impl Store {
    /// A place for a run that begins.
    ///
    /// # Errors
    /// `saved.other-tab` if another tab saves one, `saved.storage` if the browser refuses.
    pub async fn new(about: RunAbout, source: RunSource) -> Result<Self, Diagnostic> {
        if !lock::is_available() {
            return Err(unsaved("this page has no storage, as it was not loaded over HTTPS"));
        }
        let run = Lock::take(lock::RUN).await.ok_or_else(other_tab)?;
        let (folder, this) = RunFolder::new().await.map_err(|reason| unsaved(&reason))?;
        Ok(Self::with(folder, about, source, [run, this], 0.0))
    }

    /// The place of a saved run that continues after this many seconds of work.
    ///
    /// # Errors
    /// `saved.other-tab` if another tab saves a run.
    pub async fn of_saved(
        folder: RunFolder,
        about: RunAbout,
        source: RunSource,
        seconds: f64,
    ) -> Result<Self, Diagnostic> {
        let run = Lock::take(lock::RUN).await.ok_or_else(other_tab)?;
        let this = Lock::take(&folder.lock()).await.ok_or_else(other_tab)?;
        Ok(Self::with(folder, about, source, [run, this], seconds))
    }

    fn with(folder: RunFolder, about: RunAbout, source: RunSource, locks: [Lock; 2], seconds: f64) -> Self {
        Self {
            folder,
            about,
            source,
            schedule: SaveSchedule::new(seconds),
            is_wanted: false,
            has_changed: true,
            saving: None,
            saved_step: None,
            _locks: locks,
        }
    }

    /// Saves the run as soon as possible, unless the last save has it as it is: a needless one would replace the save
    /// before that, which is there in case that the last one gets damaged.
    pub fn want(&mut self) {
        self.is_wanted = true;
    }

    /// Records that the run is no longer as it was saved.
    pub fn changed(&mut self) {
        self.has_changed = true;
    }

    /// Saves the run once more, as it has ended.
    pub fn ended(&mut self, reason: EndReason) {
        (self.about.ended, self.about.has_copy) = (Some(reason), false);
        (self.is_wanted, self.has_changed) = (true, true);
    }

    /// Saves the run on: it had ended and is trained further.
    pub fn extended(&mut self) {
        self.about.ended = None;
        (self.is_wanted, self.has_changed) = (true, true);
    }

    /// Records an evaluation.
    pub fn evaluated(&mut self) {
        self.schedule.evaluated();
    }

    /// Stores the description of the run.
    ///
    /// # Errors
    /// `saved.storage` if the browser refuses.
    pub async fn describe(&self) -> Result<(), Diagnostic> {
        self.folder.describe(&self.about).await.map_err(|error| unsaved(&error.to_string()))
    }

    /// Writes the next tensor, or begins a save that is due after `seconds` of work. Returns false if there is nothing to
    /// do.
    ///
    /// # Errors
    /// If the storage or the device fails. What was saved before is still there.
    async fn advance(&mut self, session: &Session, seconds: f64) -> Result<bool, Diagnostic> {
        if let Some(UnderWay { mut saving, step, begin_ms }) = self.saving.take() {
            if saving.write_next().await? {
                self.saving = Some(UnderWay { saving, step, begin_ms });
                return Ok(true);
            }
            saving.finish(&mut self.folder).await?;
            self.about.saved_ms = js_sys::Date::now();
            self.describe().await?;
            if self.about.ended.is_some() {
                self.folder.remove_data().await;
            }
            self.saved_step = Some(step);
            self.schedule.saved(seconds, (now_ms() - begin_ms) / 1e3);
            report(&Event::RunSaved { id: self.folder.id.clone(), step });
            return Ok(true);
        }
        self.is_wanted &= self.has_changed;
        if !self.is_wanted && !self.schedule.is_due(seconds, session.max_checkpoint_bytes()) {
            return Ok(false);
        }
        // In the middle of an optimizer step, the save waits for its end.
        let Some(checkpoint) = session.checkpoint() else { return Ok(false) };
        (self.is_wanted, self.has_changed) = (false, false);
        let (step, begin_ms) = (session.state().step, now_ms());
        let record = RunRecord {
            plan: session.plan(),
            source: self.source.clone(),
            step,
            seconds,
            test: session.test().map(Evaluation::without_rows),
            best: session.best().map(|(best, _)| best.without_rows()),
        };
        let saving = Saving::begin(&mut self.folder, record, checkpoint).await?;
        self.saving = Some(UnderWay { saving, step, begin_ms });
        Ok(true)
    }
}

/// Does a little of a save that is due. Returns false if there is nothing to do.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(run) = &mut engine.run else { return false };
    let seconds = run.seconds();
    let Some(store) = &mut run.store else { return false };
    if store.saving.is_some() {
        report(&Event::Busy { seconds: TENSOR_SECONDS });
    }
    match errors::checked(store.advance(&run.session, seconds).await) {
        Ok(is_saving) => is_saving,
        // A device that has failed ends the run here; another worker continues it.
        Err(diagnostic) if diagnostic.code == "device.failed" && store.saved_step.is_some() => {
            report(&Event::Fatal { diagnostic });
            run.store = None;
            false
        }
        Err(diagnostic) => {
            let diagnostic = match store.saved_step {
                Some(step) => diagnostic.done(format!("The run goes on unsaved; it is saved up to step {step}.")),
                None => diagnostic.done("The run goes on unsaved."),
            };
            report(&Event::RunUnsaved { diagnostic });
            run.store = None;
            false
        }
    }
}

/// The reason why a run is not saved.
pub fn unsaved(reason: &str) -> Diagnostic {
    Diagnostic::new("saved.storage", format!("The browser does not store the run: {}.", reason.trim_end_matches('.')))
        .done("The run goes on unsaved: keep this tab open.")
        .remedy("Free space in this browser's storage. A private window may have none.")
}

fn other_tab() -> Diagnostic {
    Diagnostic::new("saved.other-tab", "Another tab is saving a run, and a browser saves one at a time.")
        .done("This run goes on unsaved: keep this tab open.")
        .remedy("Close the other tab before you start a run here, if it is to be saved.")
}
