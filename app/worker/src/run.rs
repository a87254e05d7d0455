//! A run: begun, carried on batch by batch, paused, stopped and ended.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use hone_core::dataset::Dataset;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Backend, Event, RequestId};
use hone_core::recipe::{ParamGroup, RecipeSpec};
use hone_core::run::{EndReason, RunSummary, StepMetrics};
use hone_core::train::{BatchShape, Progress, Session, Work};

use crate::engine::Engine;
use crate::js::now_ms;
use crate::mailbox::{answer, report};
use crate::{errors, memory};

/// Milliseconds between two events of steps: more would only make the page work.
const STEPS_MS: f64 = 100.0;
/// Steps whose speed is told.
const SPEED_STEPS: usize = 10;
/// A batch that will take longer is announced, so that the page does not take silence for death.
const LONG_SECONDS: f64 = 5.0;
/// Seconds in which a GPU's first batch of a shape, with everything that is compiled for it, is surely done.
const COMPILE_SECONDS: f64 = 120.0;
/// Tokens a second that the slowest CPU computes: what is believed before a batch has been measured.
const SLOWEST_TOKENS_PER_S: f64 = 50.0;

/// A run and how it goes.
pub struct Run {
    request: RequestId,
    pub session: Session,
    work: Work,
    /// The rows it was begun with.
    pub dataset: Arc<Dataset>,
    /// SHA-256 of the training file.
    pub sha256: String,
    stage: Stage,
    clock: Clock,
    waiting: Vec<StepMetrics>,
    told_ms: f64,
    /// Shapes of batches so far.
    shapes: HashSet<BatchShape>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Going,
    Paused,
    Over,
}

/// Times of a run. Waiting does not count.
struct Clock {
    began_ms: f64,
    paused_ms: f64,
    pause_began_ms: Option<f64>,
    /// Tokens and end of the last steps.
    recent: VecDeque<(u32, f64)>,
    /// When the first step was done: what is compiled in it says nothing of the others.
    first_step_ms: Option<f64>,
    /// Slowest batch so far, padding counted.
    ms_per_token: Option<f64>,
}

impl Run {
    /// Whether it has begun and not ended.
    pub fn is_under_way(&self) -> bool {
        self.stage != Stage::Over
    }

    fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let steps = std::mem::take(&mut self.waiting);
        let done = self.session.state().step;
        let seconds_left = self.clock.seconds_left(done, &self.work);
        answer(self.request, &Event::Steps { steps, tokens_per_s: self.clock.tokens_per_s(), seconds_left });
        self.told_ms = now_ms();
    }

    fn tell_parts(&mut self) {
        self.flush();
        answer(
            self.request,
            &Event::ParamGroups { step: self.session.state().step, param_groups: self.session.param_groups() },
        );
    }

    fn finish(&mut self, reason: EndReason, advice: Option<Diagnostic>) {
        self.stage = Stage::Over;
        let Some((best, _)) = self.session.best() else { return };
        let summary = RunSummary {
            reason,
            steps: self.session.state().step,
            best: best.clone(),
            baseline: self.session.data().baseline(),
            forgetting: self.session.forgetting(),
            seconds: self.clock.seconds(),
            advice,
        };
        answer(self.request, &Event::Finished { summary });
    }
}

/// What to do about numbers that were not finite.
fn not_finite() -> Diagnostic {
    Diagnostic::new("run.not-finite", "Loss or gradient was not a number three times in a row.")
        .done("The run was ended and the best weights are kept.")
        .remedy("Take a lower learning rate (a third of this one), or a longer warm-up.")
}

impl Clock {
    fn new() -> Self {
        let (began_ms, recent) = (now_ms(), VecDeque::new());
        Self { began_ms, paused_ms: 0.0, pause_began_ms: None, recent, first_step_ms: None, ms_per_token: None }
    }

    /// Milliseconds of work since the beginning.
    fn worked_ms(&self) -> f64 {
        now_ms() - self.began_ms - self.paused_ms
    }

    fn seconds(&self) -> f64 {
        self.worked_ms() / 1e3
    }

    fn step(&mut self, tokens: u32) {
        let now = self.worked_ms();
        self.first_step_ms.get_or_insert(now);
        self.recent.push_back((tokens, now));
        if self.recent.len() > SPEED_STEPS + 1 {
            self.recent.pop_front();
        }
    }

    fn tokens_per_s(&self) -> f64 {
        let (Some((_, begin)), Some((_, end))) = (self.recent.front(), self.recent.back()) else { return 0.0 };
        let tokens: u32 = self.recent.iter().skip(1).map(|(tokens, _)| tokens).sum();
        if end > begin { f64::from(tokens) / (end - begin) * 1e3 } else { 0.0 }
    }

    fn seconds_left(&self, done: u32, work: &Work) -> Option<f64> {
        let first = self.first_step_ms.filter(|_| done >= SPEED_STEPS as u32)?;
        let ms_per_work = (self.worked_ms() - first) / (work.done(done) - work.done(1)).max(f64::EPSILON);
        Some(ms_per_work * (work.total() - work.done(done)) / 1e3)
    }

    fn pause(&mut self, pause: bool) {
        match (pause, self.pause_began_ms.take()) {
            (true, began) => self.pause_began_ms = began.or(Some(now_ms())),
            (false, Some(began)) => {
                self.paused_ms += now_ms() - began;
                self.recent.clear();
            }
            (false, None) => {}
        }
    }
}

/// Begins a run.
pub fn start(engine: &mut Engine, request: RequestId, recipe: RecipeSpec) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("run.running", "A run is going on already.").remedy("Stop it first.");
        return answer(request, &Event::RunFailed { diagnostic });
    }
    match begin(engine, request, recipe) {
        Ok(run) => {
            answer(request, &Event::Started { plan: run.session.plan() });
            engine.run = Some(run);
        }
        Err(diagnostic) => answer(request, &Event::RunFailed { diagnostic }),
    }
}

fn begin(engine: &Engine, request: RequestId, recipe: RecipeSpec) -> Result<Run, Diagnostic> {
    let session = session(engine, recipe)?;
    let limit = memory::limit(engine);
    if session.memory_bytes() > limit {
        let (needed, limit) = (session.memory_bytes() / 1e6, limit / 1e6);
        let what = format!("This recipe would take about {needed:.0} MB of memory, and there are {limit:.0} MB.");
        return Err(Diagnostic::new("run.memory", what)
            .done("No run was begun.")
            .remedy("Take smaller batches with more accumulation, shorter texts, or fewer live layers."));
    }
    let Some(ready) = engine.data.ready() else { return Err(not_ready("The data")) };
    Ok(Run {
        request,
        work: Work::new(&session),
        session,
        dataset: ready.dataset.clone(),
        sha256: ready.sha256.clone(),
        stage: Stage::Going,
        clock: Clock::new(),
        waiting: Vec::new(),
        told_ms: now_ms(),
        shapes: HashSet::new(),
    })
}

fn not_ready(what: &str) -> Diagnostic {
    Diagnostic::new("run.not-ready", format!("{what} is not ready yet."))
}

/// A session of this recipe on what is loaded.
pub fn session(engine: &Engine, recipe: RecipeSpec) -> Result<Session, Diagnostic> {
    let (Some(chosen), Some(model)) = (&engine.device, &engine.model) else { return Err(not_ready("The model")) };
    let ready = engine.data.ready().ok_or_else(|| not_ready("The data"))?;
    let Some(rows) = ready.rows() else {
        return Err(not_ready("The data").remedy("Its texts are being split into tokens; try again in a moment."));
    };
    model.pretrained.session(recipe, rows, &chosen.device, chosen.masks)
}

/// Freezes or thaws a part of the model while it runs.
pub fn set_trainable(engine: &mut Engine, group: ParamGroup, trainable: Option<bool>) {
    let Some(run) = engine.run.as_mut().filter(|run| run.is_under_way()) else { return };
    match run.session.set_trainable(group, trainable) {
        Ok(()) => run.tell_parts(),
        Err(diagnostic) => answer(run.request, &Event::RunWarning { diagnostic }),
    }
}

/// Holds the run, or lets it go on.
pub fn pause(engine: &mut Engine, pause: bool) {
    let Some(run) = engine.run.as_mut().filter(|run| run.is_under_way()) else { return };
    run.flush();
    run.clock.pause(pause);
    run.stage = if pause { Stage::Paused } else { Stage::Going };
    answer(run.request, if pause { &Event::Paused } else { &Event::Resumed });
}

/// Ends the run after this batch; a paused one too.
pub fn stop(engine: &mut Engine) {
    let Some(run) = engine.run.as_mut().filter(|run| run.is_under_way()) else { return };
    run.session.stop();
    if run.stage == Stage::Paused {
        pause(engine, false);
    }
}

/// Does the next batch of the run. False when there is none to do.
pub async fn advance(engine: &mut Engine) -> bool {
    let backend = engine.device.as_ref().map_or(Backend::Cpu, |chosen| chosen.report.backend);
    let Some(run) = engine.run.as_mut().filter(|run| run.stage == Stage::Going) else { return false };
    let shape = run.session.next_batch();
    let tokens = shape.map_or(0.0, |shape| (shape.rows * shape.len) as f64);
    let is_new = shape.is_some_and(|shape| run.shapes.insert(shape));
    announce(run, tokens, is_new && backend == Backend::WebGpu);
    let begin = now_ms();
    let progress = run.session.advance().await;
    let progress = match errors::take_logged() {
        Some(diagnostic) => Err(diagnostic),
        None => progress,
    };
    if tokens > 0.0 && !is_new {
        let ms_per_token = (now_ms() - begin) / tokens;
        run.clock.ms_per_token = Some(run.clock.ms_per_token.map_or(ms_per_token, |slowest| slowest.max(ms_per_token)));
    }
    match progress {
        Ok(progress) => tell(run, progress),
        Err(diagnostic) => fail(run, diagnostic),
    }
    if run.session.take_trainable_changed() {
        run.tell_parts();
    }
    true
}

/// Tells the page of a batch that will take long: because it is large, or because the GPU `compiles` for its shape.
fn announce(run: &mut Run, tokens: f64, compiles: bool) {
    let seconds = match run.clock.ms_per_token {
        _ if compiles => COMPILE_SECONDS,
        Some(ms) => tokens * ms / 1e3,
        None => tokens / SLOWEST_TOKENS_PER_S,
    };
    if seconds > LONG_SECONDS {
        run.flush();
        report(&Event::Busy { seconds });
    }
}

fn tell(run: &mut Run, progress: Progress) {
    match progress {
        // Nothing to tell but that it goes on.
        Progress::Accumulated if now_ms() - run.told_ms >= 1e3 * LONG_SECONDS => {
            run.told_ms = now_ms();
            report(&Event::Busy { seconds: 0.0 });
        }
        Progress::Accumulated => {}
        Progress::Step(metrics) => {
            run.clock.step(metrics.tokens);
            if !metrics.taken {
                let diagnostic =
                    Diagnostic::new("run.step-lost", format!("Step {} gave no finite numbers.", metrics.step))
                        .done("It was not taken; the weights are as before.");
                answer(run.request, &Event::RunWarning { diagnostic });
            }
            run.waiting.push(metrics);
            if now_ms() - run.told_ms >= STEPS_MS {
                run.flush();
            }
        }
        Progress::Evaluating { done, total } if done == 0 || now_ms() - run.told_ms >= STEPS_MS => {
            run.flush();
            run.told_ms = now_ms();
            answer(run.request, &Event::Evaluating { done, total });
        }
        Progress::Evaluating { .. } => {}
        Progress::Evaluated { evaluation, is_best } => {
            run.flush();
            answer(run.request, &Event::Evaluated { evaluation, is_best });
        }
        Progress::Measuring { done, total } => answer(run.request, &Event::Measuring { done, total }),
        Progress::Finished(reason) => {
            run.flush();
            run.finish(reason, (reason == EndReason::NotFinite).then(not_finite));
        }
    }
}

/// Ends a run whose device has failed: with the best weights, where there are some.
fn fail(run: &mut Run, diagnostic: Diagnostic) {
    run.flush();
    run.stage = Stage::Over;
    let kept = run.session.abort();
    let done = match kept {
        Some(step) => format!("{} The best weights so far (step {step}) are kept.", diagnostic.done),
        None => format!("{} No weights were kept: the run had not been evaluated yet.", diagnostic.done),
    };
    let diagnostic = diagnostic.done(done.trim_start());
    match kept {
        Some(_) => run.finish(EndReason::DeviceFailed, Some(diagnostic)),
        None => answer(run.request, &Event::RunFailed { diagnostic }),
    }
}
