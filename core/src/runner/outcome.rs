//! The end of a run, with messages for the user.

use crate::dataset::DataReport;
use crate::diagnostic::Diagnostic;
use crate::metrics::Evaluation;
use crate::run::{EndReason, RunLog, RunSummary, StepMetrics};
use crate::train::{HistoryEntry, Session};

/// Summary of a run that has ended, on the rows of `report`; `None` if nothing was evaluated.
pub fn summary(
    session: &Session,
    report: &DataReport,
    reason: EndReason,
    seconds: f64,
    advice: Option<Diagnostic>,
) -> Option<RunSummary> {
    let (best, _) = session.best()?;
    let (baseline, history) = (session.baseline(), &session.state().history);
    let step = |entry: &HistoryEntry| if let HistoryEntry::Step(step) = entry { Some(step.clone()) } else { None };
    let evaluation =
        |entry: &HistoryEntry| if let HistoryEntry::Evaluation(found) = entry { Some(found.clone()) } else { None };
    let (steps, evaluations): (Vec<StepMetrics>, Vec<Evaluation>) =
        (history.iter().filter_map(step).collect(), history.iter().filter_map(evaluation).collect());
    let log = RunLog {
        reason,
        recipe: session.recipe().spec(),
        metric: session.recipe().metric_for_best_model(),
        steps: &steps,
        evaluations: &evaluations,
        best,
        baseline: baseline.as_ref(),
        validation_rows: session.data().validation.rows() as u32,
        rows: report.rows_kept,
        contradictions: report.contradictions,
    };
    let mut verdict = log.verdict();
    if let (Some(verdict), Some(words)) = (&mut verdict, unreached_stages(session, reason)) {
        verdict.sentence = format!("{} {words}", verdict.sentence);
    }
    Some(RunSummary {
        reason,
        steps: session.state().step,
        best: best.clone(),
        test: session.test().cloned(),
        verdict,
        baseline,
        forgetting: session.forgetting(),
        seconds,
        advice,
    })
}

/// Note about stages of unfreezing that a run never reached because of its scores.
fn unreached_stages(session: &Session, reason: EndReason) -> Option<String> {
    let is_over = matches!(reason, EndReason::Completed | EndReason::EarlyStopped);
    let (schedule, state) = (session.recipe().unfreeze_schedule(), session.state());
    let note = schedule.unreached(state.stage, &state.ever_trainable, reason == EndReason::EarlyStopped);
    note.filter(|_| is_over)
}

/// Advice about a run that ended early because of an error.
pub fn advice(reason: EndReason) -> Option<Diagnostic> {
    (reason == EndReason::NotFinite).then(|| {
        Diagnostic::new("run.not-finite", "Loss or gradient was not finite in three steps in a row.")
            .done("The run was ended and the best weights are kept.")
            .remedy("Use a lower learning rate (a third of this one) or a longer warmup.")
    })
}

/// Warning about a step that was skipped because its loss or gradients were not finite.
pub fn lost_step(step: &StepMetrics) -> Option<Diagnostic> {
    (!step.taken).then(|| {
        Diagnostic::new("run.step-lost", format!("Loss or gradient of step {} was not finite.", step.step))
            .done("The step was skipped; the weights are unchanged.")
    })
}

/// Ends a run whose device has failed, with its best weights in place. Returns a message for the user.
///
/// # Errors
/// A message for the user, if there are no weights to keep.
pub fn abort(session: &mut Session, failure: Diagnostic) -> Result<Diagnostic, Diagnostic> {
    let kept = session.abort();
    let done = match kept {
        Some(step) => format!("{} The best weights so far (step {step}) are kept.", failure.done),
        None => format!("{} No weights were kept: the run had not been evaluated yet.", failure.done),
    };
    let diagnostic = failure.done(done.trim_start());
    if kept.is_some() { Ok(diagnostic) } else { Err(diagnostic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_without_finite_numbers_ends_with_advice() {
        let diagnostic = advice(EndReason::NotFinite).unwrap();
        assert!(!diagnostic.done.is_empty() && !diagnostic.remedy.is_empty());
        for reason in [EndReason::Completed, EndReason::EarlyStopped, EndReason::Stopped] {
            assert_eq!(advice(reason), None);
        }
    }

    #[test]
    fn a_skipped_step_is_reported() {
        let step =
            |taken| StepMetrics { step: 7, epoch: 0.5, loss: f64::NAN, grad_norm: 1.0, lr: 1e-5, tokens: 9, taken };
        assert!(lost_step(&step(false)).unwrap().what.contains("step 7"));
        assert_eq!(lost_step(&step(true)), None);
    }
}
