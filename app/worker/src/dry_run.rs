//! What is tried on a copy before a run: a range test for the learning rate, or a few steps to tell how long a run takes.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Event, RequestId};
use hone_core::recipe::RecipeSpec;
use hone_core::run::Estimate;
use hone_core::train::{LR_FINDER_STEPS, LrFinder, Progress, Session, Work};

use crate::engine::Engine;
use crate::js::now_ms;
use crate::mailbox::{answer, report};
use crate::{errors, memory, run};

/// Steps of a trial: the first ones compile and allocate.
const TRIAL_STEPS: usize = 3;
/// Seconds in which a batch of a rehearsal is surely done, compiling counted: announced, so that the page does not take
/// silence for death.
const BATCH_SECONDS: f64 = 120.0;

/// What is under way.
pub enum Rehearsal {
    FindRate(RequestId, Box<LrFinder>),
    Estimate(Box<Trial>),
}

/// A run of a few batches.
pub struct Trial {
    request: RequestId,
    /// What it measures.
    work: Work,
    /// What is known before a step is taken.
    estimate: Estimate,
    session: Session,
    /// Milliseconds for each unit of work, of each step.
    speeds: Vec<f64>,
    /// Milliseconds and work of the step under way.
    step: (f64, f64),
}

/// Begins a range test.
pub fn find_rate(engine: &mut Engine, request: RequestId, recipe: RecipeSpec) {
    if engine.is_running() {
        let diagnostic = Diagnostic::new("rate.running", "A run is going on.").remedy("Stop it, or wait for its end.");
        return answer(request, &Event::RateFailed { diagnostic });
    }
    engine.rehearsal = None;
    match fitting(engine, LrFinder::recipe(&recipe)) {
        Ok(session) => engine.rehearsal = Some(Rehearsal::FindRate(request, Box::new(LrFinder::new(session)))),
        Err(diagnostic) => answer(request, &Event::RateFailed { diagnostic }),
    }
}

/// A session that the memory is enough for beside what the last run has tuned, which only a new run takes the place of.
fn fitting(engine: &Engine, recipe: RecipeSpec) -> Result<Session, Diagnostic> {
    let session = run::session(engine, recipe)?;
    let (needed, limit) = (session.memory_bytes(), memory::limit(engine));
    if needed + memory::tuned(engine) <= limit {
        return Ok(session);
    }
    let what = match needed <= limit {
        true => "The memory is not enough to try this recipe beside the tuned model of the last run.",
        false => "The memory is not enough for this recipe.",
    };
    Err(Diagnostic::new("rate.memory", what).remedy("Take smaller batches or shorter texts."))
}

/// Begins to measure what a run would take, unless its memory tells already that it cannot be.
pub fn estimate(engine: &mut Engine, request: RequestId, recipe: RecipeSpec) {
    // A run, or a range test that someone watches, is not disturbed by a figure.
    if engine.is_running() || matches!(engine.rehearsal, Some(Rehearsal::FindRate(..))) {
        return;
    }
    engine.rehearsal = None;
    let session = match run::session(engine, recipe.clone()) {
        Ok(session) => session,
        Err(diagnostic) => return answer(request, &Event::EstimateFailed { diagnostic }),
    };
    let limit_bytes = memory::limit(engine);
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
    // What it holds need not be there twice.
    drop(session);
    // All that will ever learn learns in the trial.
    match fitting(engine, LrFinder::recipe(&recipe)) {
        Ok(session) => {
            let (session, speeds, step) = (session.for_dry_run(), Vec::new(), (0.0, 0.0));
            let trial = Trial { request, work, estimate, session, speeds, step };
            engine.rehearsal = Some(Rehearsal::Estimate(Box::new(trial)));
        }
        Err(diagnostic) => answer(request, &Event::EstimateFailed { diagnostic }),
    }
}

/// Ends a range test with what it has found; an estimate is dropped.
pub fn stop(engine: &mut Engine) {
    if let Some(Rehearsal::FindRate(request, finder)) = engine.rehearsal.take() {
        answer(request, &Event::RateFound { finding: finder.finish() });
    }
}

/// Does the next batch of what is rehearsed. False when there is nothing.
pub async fn advance(engine: &mut Engine) -> bool {
    let Some(rehearsal) = engine.rehearsal.take() else { return false };
    report(&Event::Busy { seconds: BATCH_SECONDS });
    errors::clear();
    engine.rehearsal = match rehearsal {
        Rehearsal::FindRate(request, finder) => advance_finder(request, finder).await,
        Rehearsal::Estimate(trial) => advance_trial(trial).await,
    };
    true
}

async fn advance_finder(request: RequestId, mut finder: Box<LrFinder>) -> Option<Rehearsal> {
    let point = match (finder.advance().await, errors::take_logged()) {
        (Ok(point), None) => point,
        (Err(diagnostic), _) | (_, Some(diagnostic)) => {
            answer(request, &Event::RateFailed { diagnostic });
            return None;
        }
    };
    if let Some(point) = point {
        answer(request, &Event::RateTried { point, total: LR_FINDER_STEPS });
    }
    if finder.is_over() {
        answer(request, &Event::RateFound { finding: finder.finish() });
        return None;
    }
    Some(Rehearsal::FindRate(request, finder))
}

async fn advance_trial(mut trial: Box<Trial>) -> Option<Rehearsal> {
    let (work, begin) = (trial.session.next_work(), now_ms());
    let progress = match (trial.session.advance().await, errors::take_logged()) {
        (Ok(progress), None) => progress,
        (Err(diagnostic), _) | (_, Some(diagnostic)) => {
            answer(trial.request, &Event::EstimateFailed { diagnostic });
            return None;
        }
    };
    trial.step = (trial.step.0 + now_ms() - begin, trial.step.1 + work);
    // Only a whole step awaits the device.
    if !matches!(progress, Progress::Step(_)) {
        return Some(Rehearsal::Estimate(trial));
    }
    let (step_ms, work) = std::mem::take(&mut trial.step);
    trial.speeds.push(step_ms / work.max(1.0));
    if trial.speeds.len() < TRIAL_STEPS {
        return Some(Rehearsal::Estimate(trial));
    }
    let fastest = trial.speeds.iter().copied().fold(f64::INFINITY, f64::min);
    let seconds = trial.work.total() * fastest / 1e3;
    let estimate = Estimate { seconds, step_ms: Some(step_ms), ..trial.estimate };
    answer(trial.request, &Event::Estimated { estimate });
    None
}
