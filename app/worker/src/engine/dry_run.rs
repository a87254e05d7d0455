//! Dry runs on a copy of the model: the learning rate range test, trials of several rates, and a few steps that estimate the
//! duration of a run.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Event, RequestId};
use hone_core::recipe::RecipeSpec;
use hone_core::run::Estimate;
use hone_core::train::{LR_FINDER_STEPS, LrFinder, Progress, RateTrial, Session, Work};

use crate::engine::Engine;
use crate::errors;
use crate::js::now_ms;
use crate::mailbox::{answer, report};

/// Number of steps that an estimate times: the first ones compile and allocate.
const TIMED_STEPS: usize = 3;
/// Upper bound on the seconds of a batch, compilation included. It is announced, so that the page does not mistake the
/// silence for a hang.
const BATCH_SECONDS: f64 = 120.0;

/// A dry run under way.
pub enum DryRun {
    /// The range test, and the request that it answers.
    RangeTest(RequestId, Box<LrFinder>),
    /// Some steps at each of several learning rates.
    Trials(Box<Trials>),
    /// The first steps of a run.
    Estimate(Box<TimedSteps>),
}

/// Trials of several learning rates.
pub struct Trials {
    request: RequestId,
    recipe: RecipeSpec,
    rates: Vec<f64>,
    /// Index of the rate that is tried.
    nth: usize,
    trial: RateTrial,
}

/// A few steps that are timed.
pub struct TimedSteps {
    request: RequestId,
    /// Work of the whole run.
    work: Work,
    /// The figures that are known without taking a step.
    estimate: Estimate,
    session: Session,
    /// Milliseconds per unit of work, of each step.
    ms_per_work: Vec<f64>,
    /// Time and work of the step under way.
    step: TimedWork,
}

#[derive(Clone, Copy, Default)]
struct TimedWork {
    ms: f64,
    work: f64,
}

/// Starts a range test.
pub fn find_rate(engine: &mut Engine, request: RequestId, recipe: RecipeSpec) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("rate.running", "A run is going on.").remedy("Stop it or wait for its end.");
        return answer(request, &Event::RateFailed { diagnostic });
    }
    engine.dry_run = None;
    match fitting(engine, LrFinder::recipe(&recipe)) {
        Ok(session) => engine.dry_run = Some(DryRun::RangeTest(request, Box::new(LrFinder::new(session)))),
        Err(diagnostic) => answer(request, &Event::RateFailed { diagnostic }),
    }
}

/// Starts trials of several learning rates.
pub fn try_rates(engine: &mut Engine, request: RequestId, recipe: RecipeSpec, rates: Vec<f64>) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("rate.running", "A run is going on.").remedy("Stop it or wait for its end.");
        return answer(request, &Event::RateFailed { diagnostic });
    }
    engine.dry_run = None;
    begin_trial(engine, request, LrFinder::recipe(&recipe), rates, 0);
}

fn begin_trial(engine: &mut Engine, request: RequestId, recipe: RecipeSpec, rates: Vec<f64>, nth: usize) {
    let Some(&rate) = rates.get(nth) else { return answer(request, &Event::TrialsOver) };
    match fitting(engine, recipe.clone()) {
        Ok(session) => {
            let trial = RateTrial::new(session, rate);
            engine.dry_run = Some(DryRun::Trials(Box::new(Trials { request, recipe, rates, nth, trial })));
        }
        Err(diagnostic) => answer(request, &Event::RateFailed { diagnostic }),
    }
}

/// A session that fits into memory next to the tuned model of the last run, which only a new run replaces.
fn fitting(engine: &Engine, recipe: RecipeSpec) -> Result<Session, Diagnostic> {
    let session = engine.session(recipe)?;
    let (needed, limit) = (session.memory_bytes(), engine.memory_limit());
    if needed + engine.tuned_bytes() <= limit {
        return Ok(session);
    }
    let what = if needed <= limit {
        "There is not enough memory to try this recipe in addition to the tuned model of the last run."
    } else {
        "There is not enough memory for this recipe."
    };
    Err(Diagnostic::new("rate.memory", what).remedy("Use smaller batches or shorter texts."))
}

/// Starts to measure a run, unless its memory already shows that it does not fit.
pub fn estimate(engine: &mut Engine, request: RequestId, recipe: RecipeSpec) {
    // An estimate must not disturb a run or a range test.
    if engine.is_running() || matches!(engine.dry_run, Some(DryRun::RangeTest(..) | DryRun::Trials(_))) {
        return;
    }
    engine.dry_run = None;
    let session = match engine.session(recipe.clone()) {
        Ok(session) => session,
        Err(diagnostic) => return answer(request, &Event::EstimateFailed { diagnostic }),
    };
    let limit_bytes = engine.memory_limit();
    let mut estimate = Estimate {
        seconds: 0.0,
        bytes: session.memory_bytes(),
        limit_bytes,
        steps: session.total_steps(),
        cuts: session.data().cuts,
        step_ms: None,
        nearest: None,
    };
    if !estimate.fits() {
        estimate.nearest = session.nearest_that_fits(limit_bytes);
        return answer(request, &Event::Estimated { estimate });
    }
    let work = Work::new(&session);
    // Dropped first, because two sessions at once need not fit.
    drop(session);
    // With the recipe of a range test, every group that will ever be trainable is trainable.
    match fitting(engine, LrFinder::recipe(&recipe)) {
        Ok(session) => {
            let (session, ms_per_work, step) = (session.for_dry_run(), Vec::new(), TimedWork::default());
            let timed = TimedSteps { request, work, estimate, session, ms_per_work, step };
            engine.dry_run = Some(DryRun::Estimate(Box::new(timed)));
        }
        Err(diagnostic) => answer(request, &Event::EstimateFailed { diagnostic }),
    }
}

/// Ends a range test or trials with the result so far; an estimate is dropped.
pub fn stop(engine: &mut Engine) {
    match engine.dry_run.take() {
        Some(DryRun::RangeTest(request, finder)) => answer(request, &Event::RateFound { finding: finder.finish() }),
        Some(DryRun::Trials(trials)) => answer(trials.request, &Event::TrialsOver),
        Some(DryRun::Estimate(_)) | None => {}
    }
}

/// Runs the next batch of a dry run. Returns false if there is none.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(dry_run) = engine.dry_run.take() else { return false };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    engine.dry_run = match dry_run {
        DryRun::RangeTest(request, finder) => advance_finder(request, finder).await,
        DryRun::Estimate(timed) => advance_estimate(timed).await,
        DryRun::Trials(trials) => {
            advance_trials(engine, trials).await;
            return true;
        }
    };
    true
}

async fn advance_trials(engine: &mut Engine, mut trials: Box<Trials>) {
    match errors::checked(trials.trial.advance().await) {
        Ok(Some(loss)) => {
            let loss = Some(loss).filter(|loss| loss.is_finite());
            answer(trials.request, &Event::TrialStep { nth: trials.nth as u32, loss });
        }
        Ok(None) => {}
        Err(diagnostic) => return answer(trials.request, &Event::RateFailed { diagnostic }),
    }
    if !trials.trial.is_over() {
        engine.dry_run = Some(DryRun::Trials(trials));
        return;
    }
    // Its session ends before the next one begins, because two at once need not fit.
    let Trials { request, recipe, rates, nth, trial } = *trials;
    drop(trial);
    begin_trial(engine, request, recipe, rates, nth + 1);
}

async fn advance_finder(request: RequestId, mut finder: Box<LrFinder>) -> Option<DryRun> {
    match errors::checked(finder.advance().await) {
        Ok(Some(point)) => answer(request, &Event::RateTried { point, total: LR_FINDER_STEPS }),
        Ok(None) => {}
        Err(diagnostic) => {
            answer(request, &Event::RateFailed { diagnostic });
            return None;
        }
    }
    if finder.is_over() {
        answer(request, &Event::RateFound { finding: finder.finish() });
        return None;
    }
    Some(DryRun::RangeTest(request, finder))
}

async fn advance_estimate(mut timed: Box<TimedSteps>) -> Option<DryRun> {
    let (work, begin_ms) = (timed.session.next_work(), now_ms());
    let progress = match errors::checked(timed.session.advance().await) {
        Ok(progress) => progress,
        Err(diagnostic) => {
            answer(timed.request, &Event::EstimateFailed { diagnostic });
            return None;
        }
    };
    timed.step.ms += now_ms() - begin_ms;
    timed.step.work += work;
    // Only a whole step waits for the device.
    if !matches!(progress, Progress::Step(_)) {
        return Some(DryRun::Estimate(timed));
    }
    let step = std::mem::take(&mut timed.step);
    timed.ms_per_work.push(step.ms / step.work.max(1.0));
    if timed.ms_per_work.len() < TIMED_STEPS {
        return Some(DryRun::Estimate(timed));
    }
    let fastest = timed.ms_per_work.iter().copied().fold(f64::INFINITY, f64::min);
    let seconds = timed.work.total() * fastest / 1e3;
    let estimate = Estimate { seconds, step_ms: Some(step.ms), ..timed.estimate };
    answer(timed.request, &Event::Estimated { estimate });
    None
}
