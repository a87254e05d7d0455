//! A run: starting, advancing batch by batch, pausing, stopping and ending.

use std::collections::HashSet;
use std::sync::Arc;

use hone_core::catalog::RunAbout;
use hone_core::checkpoint::{self, RestoredRun};
use hone_core::dataset::{DataReport, Dataset};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Backend, Event, RequestId};
use hone_core::recipe::{ParamGroup, RecipeSpec};
use hone_core::run::{EndReason, RunSource, SourceFile, StepMetrics};
use hone_core::runner::{self, PastEntry, PinnedTexts, RunClock, past};
use hone_core::train::{BatchShape, HistoryEntry, Progress, Session, Work};

use crate::data::DataOrigin;
use crate::engine::saving::{self, Store};
use crate::engine::wrong_rows::WrongRows;
use crate::engine::{Engine, inference};
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, report};
use crate::run_storage::{self, RunFolder};

/// Milliseconds between two events about steps, to save the page work.
const STEPS_MS: f64 = 100.0;
/// A batch that takes longer is announced, so that the page does not mistake the silence for a hang.
const LONG_SECONDS: f64 = 5.0;
/// Upper bound on the seconds of a GPU's first batch of a shape, compilation included.
const COMPILE_SECONDS: f64 = 120.0;
/// Tokens per second of the slowest CPU, assumed until a batch has been timed.
const SLOWEST_TOKENS_PER_S: f64 = 50.0;

/// A run and its progress.
pub struct Run {
    /// The request that started it; every event of the run answers it.
    request: RequestId,
    /// The state of training.
    pub session: Session,
    work: Work,
    /// The rows that it was started with.
    pub dataset: Arc<Dataset>,
    /// The report on those rows.
    report: DataReport,
    /// The files of the rows.
    pub files: RunFiles,
    phase: Phase,
    clock: RunClock,
    /// Milliseconds per token of the slowest batch so far, padding included.
    ms_per_token: Option<f64>,
    /// Steps that have not been sent yet.
    unsent: Vec<StepMetrics>,
    /// Time of the last event.
    reported_ms: f64,
    /// Shapes of the batches so far: a GPU compiles kernels for each new one.
    shapes: HashSet<BatchShape>,
    /// Where it is saved; none if it is not.
    pub store: Option<Store>,
    /// The user's own texts, predicted at each evaluation.
    pub pinned: Option<PinnedTexts>,
    /// Number of optimizer steps when it was last measured how far the weights have moved.
    pub measured_step: Option<u32>,
    /// The rows that are wrong, while the user looks at them.
    pub wrong: Option<WrongRows>,
}

/// The files of a run's rows, by their contents.
pub struct RunFiles {
    /// The training file.
    pub train: SourceFile,
    /// The user's own validation file.
    pub validation: Option<SourceFile>,
    /// The user's own test file.
    pub test: Option<SourceFile>,
    /// True if the rows come from two parallel files, which no other program reads as one.
    pub are_joined: bool,
}

impl RunFiles {
    fn of(origin: DataOrigin) -> Self {
        Self {
            train: origin.train_contents,
            validation: origin.validation_contents,
            test: origin.test_contents,
            are_joined: origin.train.aligned_with.is_some(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Paused,
    Ended,
}

/// Starts a run, which is saved under this name.
pub async fn start(engine: &mut Engine, request: RequestId, recipe: RecipeSpec, name: String, copies_data: bool) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("run.running", "A run is going on already.").remedy("Stop it first.");
        return answer(request, &Event::RunFailed { diagnostic });
    }
    let session = engine.session(recipe);
    match session.and_then(|session| Run::new(engine, request, session)) {
        Ok(run) => {
            forget_saved(engine).await;
            begin(engine, run);
            match store(engine, name, copies_data).await {
                Ok(store) => set_store(engine, store),
                Err(diagnostic) => report(&Event::RunUnsaved { diagnostic }),
            }
        }
        Err(diagnostic) => answer(request, &Event::RunFailed { diagnostic }),
    }
}

/// Continues a saved run.
pub async fn continue_saved(engine: &mut Engine, request: RequestId, id: &str) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("run.running", "A run is going on already.").remedy("Stop it first.");
        return answer(request, &Event::RunFailed { diagnostic });
    }
    report(&Event::Busy { seconds: COMPILE_SECONDS });
    match continued(engine, request, id).await {
        Ok((run, store, notices)) => {
            begin(engine, run);
            if let Some(run) = &engine.run {
                run.send_history();
                for diagnostic in notices {
                    run.answer(&Event::RunWarning { diagnostic });
                }
            }
            match store {
                Ok(store) => set_store(engine, store),
                Err(diagnostic) => report(&Event::RunUnsaved { diagnostic }),
            }
        }
        Err(diagnostic) => {
            answer(request, &Event::RunFailed { diagnostic });
            run_storage::report_saved().await;
        }
    }
}

type Continued = (Run, Result<Store, Diagnostic>, Vec<Diagnostic>);

async fn continued(engine: &Engine, request: RequestId, id: &str) -> Result<Continued, Diagnostic> {
    let mut folder = RunFolder::existing(id).await?;
    let (Some(chosen), Some(source)) = (&engine.device, source(engine)) else { return Err(not_ready()) };
    let saved = checkpoint::load(&mut folder, &chosen.device).await?;
    let nothing = || Diagnostic::new("saved.nothing", "Nothing is saved of this run.").remedy("Delete it.");
    let RestoredRun { record, state, tensors, notice } = saved.ok_or_else(nothing)?;
    let session = engine.session(record.plan.recipe.clone())?;
    let rounding = record.check(session.recipe().spec(), &source)?;
    let mut run = Run::new(engine, request, session.restore(state, tensors)?)?;
    run.clock = RunClock::continued(now_ms(), record.seconds);
    let about = RunAbout { ended: None, ..folder.about().await };
    let mut store = Store::of_saved(folder, about, source, record.seconds).await;
    if let Ok(store) = &mut store {
        store.saved_step = Some(record.step);
    }
    Ok((run, store, notice.into_iter().chain(rounding).collect()))
}

fn begin(engine: &mut Engine, run: Run) {
    run.answer(&Event::Started { plan: run.session.plan() });
    for diagnostic in run.session.warnings() {
        run.answer(&Event::RunWarning { diagnostic });
    }
    engine.run = Some(run);
    engine.tuned.clear();
}

fn set_store(engine: &mut Engine, store: Store) {
    if let Some(run) = &mut engine.run {
        run.store = Some(store);
    }
}

/// A place to save a run that has just begun.
async fn store(engine: &Engine, name: String, copies_data: bool) -> Result<Store, Diagnostic> {
    let (Some(source), Some(origin), Some(model)) = (source(engine), engine.data.origin(), &engine.model) else {
        return Err(not_ready());
    };
    let has_pairs = engine
        .run
        .as_ref()
        .is_some_and(|run| run.dataset.validation.first().is_some_and(|row| run.dataset.second_text(*row).is_some()));
    let about = RunAbout {
        name,
        model: (!model.entry.folder.is_empty()).then(|| model.entry.clone()),
        train: Some(origin.train),
        validation: origin.validation,
        test: origin.test,
        has_pairs,
        input: engine.run.as_ref().and_then(|run| run.dataset.input_columns().cloned()),
        saved_ms: js_sys::Date::now(),
        has_copy: copies_data,
        ended: None,
    };
    let mut store = Store::new(about, source).await?;
    if copies_data && let Err(error) = store.folder.copy_data(&origin.files).await {
        store.about.has_copy = false;
        store.folder.remove_data().await;
        let diagnostic = saving::unsaved(&error.to_string()).done("The run is saved without a copy of your file.");
        if let Some(run) = &engine.run {
            run.answer(&Event::RunWarning { diagnostic });
        }
    }
    // Before the first save, so that whatever is saved has a description.
    store.describe().await?;
    Ok(store)
}

/// Everything that a run comes from, apart from the recipe.
fn source(engine: &Engine) -> Option<RunSource> {
    let (model, origin, chosen) = (engine.model.as_ref()?, engine.data.origin()?, engine.device.as_ref()?);
    let device = match chosen.report.backend {
        Backend::Cpu => "cpu",
        Backend::WebGpu => "gpu",
    };
    Some(RunSource {
        model: SourceFile { name: model.entry.id.clone(), sha256: model.sha256.clone() },
        data: origin.train_contents,
        validation: origin.validation_contents,
        test: origin.test_contents,
        mapping: origin.mapping,
        build: env!("HONE_BUILD").into(),
        device: device.into(),
    })
}

fn not_ready() -> Diagnostic {
    Diagnostic::new("run.not-ready", "Data, model or device is not ready yet.")
}

/// Removes what is saved of the last run, which has ended and whose model is no longer needed or is kept elsewhere.
pub async fn forget_saved(engine: &mut Engine) {
    let Some(run) = &mut engine.run else { return };
    if let Some(store) = run.store.take_if(|store| store.about.ended.is_some()) {
        // Its lock is free only after that, and other tabs do not list it.
        run_storage::delete(&store.folder.id).await;
    }
}

/// Continues the last run for more epochs.
pub fn train_further(engine: &mut Engine, request: RequestId, epochs: u32) {
    engine.dry_run = None;
    inference::stop(engine);
    let Some(run) = engine.run.as_mut().filter(|run| !run.is_under_way()) else {
        let diagnostic = Diagnostic::new("run.no-further", "There is no run that could be trained further.");
        return answer(request, &Event::RunFailed { diagnostic: diagnostic.remedy("Start a run.") });
    };
    match run.session.extend(epochs) {
        Ok(()) => {
            (run.request, run.work, run.phase) = (request, Work::new(&run.session), Phase::Running);
            run.clock.resume(now_ms());
            if let Some(store) = &mut run.store {
                store.extended();
            }
            run.answer(&Event::Started { plan: run.session.plan() });
        }
        Err(diagnostic) => answer(request, &Event::RunFailed { diagnostic }),
    }
}

/// Freezes or unfreezes a parameter group by hand.
pub fn set_trainable(engine: &mut Engine, group: ParamGroup, trainable: Option<bool>) {
    let Some(run) = under_way(engine) else { return };
    match run.session.set_trainable(group, trainable) {
        Ok(()) => {
            run.send_param_groups();
            run.changed();
        }
        Err(diagnostic) => run.answer(&Event::RunWarning { diagnostic }),
    }
}

/// Sets the probability below which a prediction is unsure.
pub fn set_unsure(engine: &mut Engine, below: f32) {
    if let Some(run) = &mut engine.run {
        run.session.set_unsure_below(below);
        run.changed();
    }
}

/// Pauses the run.
pub fn pause(engine: &mut Engine) {
    let Some(run) = under_way(engine) else { return };
    run.flush();
    run.clock.pause(now_ms());
    run.phase = Phase::Paused;
    run.answer(&Event::Paused);
    save(engine);
}

/// Saves the run as soon as possible.
pub fn save(engine: &mut Engine) {
    if let Some(store) = under_way(engine).and_then(|run| run.store.as_mut()) {
        store.want();
    }
}

/// Resumes a paused run.
pub fn resume(engine: &mut Engine) {
    let Some(run) = under_way(engine) else { return };
    run.clock.resume(now_ms());
    run.phase = Phase::Running;
    run.answer(&Event::Resumed);
}

/// Ends the run after this batch, even if it is paused.
pub fn stop(engine: &mut Engine) {
    let Some(run) = under_way(engine) else { return };
    run.session.stop();
    if run.phase == Phase::Paused {
        resume(engine);
    }
}

/// Runs the next batch of the run. Returns false if there is none.
pub async fn advance(engine: &mut Engine) -> bool {
    let is_gpu = engine.device.as_ref().is_some_and(|chosen| chosen.report.backend == Backend::WebGpu);
    let Some(run) = engine.run.as_mut().filter(|run| run.phase == Phase::Running) else { return false };
    let shape = run.session.next_batch();
    let tokens = shape.map_or(0.0, |shape| (shape.rows * shape.len) as f64);
    let is_new = shape.is_some_and(|shape| run.shapes.insert(shape));
    run.announce(tokens, is_new && is_gpu);
    let begin_ms = now_ms();
    let progress = errors::checked(run.session.advance().await);
    if tokens > 0.0 && !is_new {
        let ms_per_token = (now_ms() - begin_ms) / tokens;
        run.ms_per_token = Some(run.ms_per_token.map_or(ms_per_token, |slowest| slowest.max(ms_per_token)));
    }
    match progress {
        Ok(progress) => run.on_progress(progress),
        Err(diagnostic) => run.fail(diagnostic),
    }
    if run.session.take_trainable_changed() {
        run.send_param_groups();
    }
    true
}

fn under_way(engine: &mut Engine) -> Option<&mut Run> {
    engine.run.as_mut().filter(|run| run.is_under_way())
}

impl Run {
    fn new(engine: &Engine, request: RequestId, mut session: Session) -> Result<Self, Diagnostic> {
        let limit = engine.memory_limit();
        if session.memory_bytes() > limit {
            let (needed, limit) = (session.memory_bytes() / 1e6, limit / 1e6);
            let what =
                format!("This recipe needs about {needed:.0} MB of memory, but only {limit:.0} MB is available.");
            return Err(Diagnostic::new("run.memory", what)
                .done("No run was started.")
                .remedy("Use smaller batches with more accumulation, shorter texts, or fewer trainable layers."));
        }
        let collected = engine.data.collected();
        let collected = collected.ok_or_else(|| Diagnostic::new("run.not-ready", "The data is not ready yet."))?;
        let files = RunFiles::of(engine.data.origin().ok_or_else(not_ready)?);
        session.record_vectors();
        Ok(Self {
            request,
            work: Work::new(&session),
            session,
            dataset: collected.rows.dataset().clone(),
            report: collected.rows.report().clone(),
            files,
            phase: Phase::Running,
            clock: RunClock::new(now_ms()),
            ms_per_token: None,
            unsent: Vec::new(),
            reported_ms: now_ms(),
            shapes: HashSet::new(),
            store: None,
            pinned: None,
            measured_step: None,
            wrong: None,
        })
    }

    /// Seconds of work so far.
    pub fn seconds(&self) -> f64 {
        self.clock.seconds(now_ms())
    }

    /// Sends all steps and evaluations again, for a page that has not seen them.
    fn send_history(&self) {
        let (mut steps, mut evaluations) = (Vec::new(), Vec::new());
        for PastEntry { entry, is_best } in past(&self.session) {
            match entry {
                HistoryEntry::Step(step) => steps.push(step),
                HistoryEntry::Evaluation(evaluation) => evaluations.push(Event::Evaluated { evaluation, is_best }),
            }
        }
        self.answer(&Event::Steps { steps, tokens_per_s: 0.0, seconds_left: None });
        evaluations.iter().for_each(|event| self.answer(event));
        let (step, param_groups) = (self.session.state().step, self.session.param_groups());
        self.answer(&Event::ParamGroups { step, param_groups });
    }

    /// Returns true if the run has not ended.
    pub fn is_under_way(&self) -> bool {
        self.phase != Phase::Ended
    }

    /// Returns true while it is being trained, and not paused.
    pub fn is_advancing(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Sends an event of the run.
    pub fn answer(&self, event: &Event) {
        answer(self.request, event);
    }

    /// Sends the steps that have not been sent yet.
    fn flush(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        let steps = std::mem::take(&mut self.unsent);
        let seconds_left = self.clock.seconds_left(self.session.state().step, &self.work, now_ms());
        self.answer(&Event::Steps { steps, tokens_per_s: self.clock.tokens_per_s(), seconds_left });
        self.reported_ms = now_ms();
    }

    fn send_param_groups(&mut self) {
        self.flush();
        let (step, param_groups) = (self.session.state().step, self.session.param_groups());
        self.answer(&Event::ParamGroups { step, param_groups });
    }

    /// Announces a batch that takes long, because it is large or because the GPU `compiles` for its shape.
    fn announce(&mut self, tokens: f64, compiles: bool) {
        let seconds = match self.ms_per_token {
            _ if compiles => COMPILE_SECONDS,
            Some(ms) => tokens * ms / 1e3,
            None => tokens / SLOWEST_TOKENS_PER_S,
        };
        if seconds > LONG_SECONDS {
            self.flush();
            report(&Event::Busy { seconds });
        }
    }

    /// Records that the run is no longer as it was saved.
    fn changed(&mut self) {
        if let Some(store) = &mut self.store {
            store.changed();
        }
    }

    fn on_progress(&mut self, progress: Progress) {
        self.changed();
        let silent_ms = now_ms() - self.reported_ms;
        match progress {
            // There is nothing to report except that the run is still active.
            Progress::Accumulated | Progress::Recomputed if silent_ms >= 1e3 * LONG_SECONDS => {
                self.reported_ms = now_ms();
                report(&Event::Busy { seconds: 0.0 });
            }
            Progress::Accumulated | Progress::Recomputed => {}
            Progress::Step(metrics) => {
                self.clock.step(metrics.tokens, now_ms());
                if let Some(diagnostic) = runner::lost_step(&metrics) {
                    self.answer(&Event::RunWarning { diagnostic });
                }
                self.unsent.push(metrics);
                if silent_ms >= STEPS_MS {
                    self.flush();
                }
            }
            Progress::Evaluating { done, total } if done == 0 || silent_ms >= STEPS_MS => {
                self.flush();
                self.reported_ms = now_ms();
                self.answer(&Event::Evaluating { done, total });
            }
            Progress::Evaluating { .. } => {}
            Progress::Evaluated { evaluation, is_best } => {
                self.flush();
                self.answer(&Event::Evaluated { evaluation, is_best });
                if let Some(store) = &mut self.store {
                    store.evaluated();
                }
            }
            Progress::Testing { done, total } if done == 0 || silent_ms >= STEPS_MS => {
                self.flush();
                self.reported_ms = now_ms();
                self.answer(&Event::Testing { done, total });
            }
            Progress::Testing { .. } => {}
            Progress::Measuring { done, total } => self.answer(&Event::Measuring { done, total }),
            Progress::Finished(reason) => {
                self.flush();
                self.finish(reason, runner::advice(reason));
            }
        }
    }

    /// Ends a run whose device has failed. If it is saved, the page continues it in another worker; otherwise the best weights
    /// are in place if there are any.
    pub fn fail(&mut self, failure: Diagnostic) {
        self.flush();
        self.phase = Phase::Ended;
        let store = self.store.take();
        if store.is_some_and(|store| store.saved_step.is_some()) {
            return report(&Event::Fatal { diagnostic: failure });
        }
        match runner::abort(&mut self.session, failure) {
            Ok(advice) => self.finish(EndReason::DeviceFailed, Some(advice)),
            Err(diagnostic) => self.answer(&Event::RunFailed { diagnostic }),
        }
    }

    fn finish(&mut self, reason: EndReason, advice: Option<Diagnostic>) {
        self.phase = Phase::Ended;
        if let Some(store) = &mut self.store {
            store.ended(reason);
        }
        // Stopped: the run may be trained further later.
        self.clock.pause(now_ms());
        if let Some(summary) = runner::summary(&self.session, &self.report, reason, self.seconds(), advice) {
            self.answer(&Event::Finished { summary });
        }
    }
}
