//! Early stopping, stopping by hand and runs that fail.

use super::*;

fn weights(model: &TaskModel) -> Vec<f32> {
    let mut values = Vec::new();
    model.visit(&mut |weight| values.extend(weight.values().0.into_data().try_into_vec::<f32>().unwrap()));
    values
}

#[test]
fn early_stopping_ends_the_run_with_the_best_weights() {
    // With a learning rate near 0, no evaluation is better than the first by more than the minimum.
    let raw = RecipeSpec {
        learning_rate: Some(1e-7),
        early_stopping_patience: Some(2),
        early_stopping_min_delta: 1e-3,
        epochs: Some(10),
        metric_for_best_model: Some(Metric::MacroF1),
        ..raw()
    };
    let mut session = session(raw, data(64));
    let (_, evaluations, reason) = run(&mut session);
    assert_eq!(reason, EndReason::EarlyStopped);
    assert_eq!(evaluations.len(), 3);
    let best = evaluations.iter().rfind(|(_, is_best)| *is_best).unwrap();
    assert_eq!(session.best().unwrap().0.step, best.0.step);
}

#[test]
fn runs_of_one_and_two_steps_learn() {
    for steps in [1, 2] {
        let raw = RecipeSpec { epochs: Some(1), eval_every_steps: Some(1), batch_size: Some(16), ..raw() };
        let mut session = session(raw, data(16 * steps));
        let before = weights(session.model());
        let (taken, evaluations, reason) = run(&mut session);
        assert_eq!((taken.len(), reason), (steps as usize, EndReason::Completed));
        // The first of two steps is the warmup at rate 0: the untouched model is not the best.
        assert_eq!(evaluations.iter().map(|e| e.1).collect::<Vec<_>>(), [false, true][2 - steps as usize..]);
        assert_eq!(session.best().unwrap().0.step, steps);
        assert!(weights(session.model()) != before);
    }
}

#[test]
fn a_run_of_at_most_seven_steps_has_the_schedule_of_seven_and_can_go_on() {
    let mut limited = session(RecipeSpec { max_steps: 7, ..raw() }, data(160));
    assert_eq!((limited.plan().total_steps, limited.plan().steps_per_epoch), (7, 10));
    let (steps, evaluations, reason) = run(&mut limited);
    assert_eq!((steps.len(), evaluations.last().unwrap().0.step, reason), (7, 7, EndReason::Completed));
    assert!(steps[6].lr < steps[3].lr / 2.0, "the rate has fallen at the end");
    limited.extend(1).unwrap();
    assert_eq!(limited.total_steps(), 20, "the limit is gone");
    let unlimited = session(RecipeSpec { max_steps: 1_000, ..raw() }, data(160));
    assert_eq!(unlimited.total_steps(), 40);
}

#[test]
fn stopping_at_any_time_keeps_the_best_weights() {
    for batches in [0, 1, 7, 30] {
        let mut session = session(raw(), data(160));
        for _ in 0..batches {
            ready(session.advance()).unwrap();
        }
        session.stop();
        let (_, _, reason) = run(&mut session);
        assert_eq!(reason, EndReason::Stopped, "after {batches} batches");
        assert!(session.best().is_some());
    }
}

#[test]
fn a_stopped_run_measures_forgetting_unless_stopped_again() {
    for stops in [1, 2] {
        let mut session = session(raw(), TrainingData { general: general(), ..data(160) });
        ready(session.advance()).unwrap();
        session.stop();
        while !matches!(ready(session.advance()).unwrap(), Progress::Measuring { .. }) {}
        if stops == 2 {
            session.stop();
        }
        assert_eq!(run(&mut session).2, EndReason::Stopped);
        assert_eq!(session.forgetting().is_some(), stops == 1);
    }
}

#[test]
fn non_finite_steps_are_skipped_and_end_the_run() {
    let mut poisoned = model();
    let mut last = 0;
    poisoned.visit(&mut |_| last += 1);
    poisoned.visit_mut(&mut |weight| {
        last -= 1;
        if let (0, WeightMut::Vector(bias)) = (last, weight) {
            bias.tensor = bias.tensor.clone() * f32::NAN;
        }
    });
    let mut session = session_of(poisoned, raw(), data(160));
    let (steps, _, reason) = run(&mut session);
    assert_eq!(reason, EndReason::NotFinite);
    assert_eq!(steps.iter().map(|step| step.taken).collect::<Vec<_>>(), [false; 3]);
    let finite = |model: &TaskModel| weights(model).into_iter().filter(|w| w.is_finite()).collect::<Vec<_>>();
    assert_eq!(finite(session.base()), finite(session.model()));
}

#[test]
fn test_rows_choose_nothing_and_are_scored_with_the_weights_that_are_kept() {
    let with_test = TrainingData { test: data(24).train, ..data(160) };
    let (mut alone, mut tested) = (session(raw(), data(160)), session(raw(), with_test));
    assert_eq!(run(&mut alone), run(&mut tested), "the run is the same");
    assert_eq!(weights(alone.model()), weights(tested.model()));
    assert_eq!((alone.best().unwrap(), alone.test()), (tested.best().unwrap(), None));
    let test = tested.test().unwrap();
    let again = ready(tested.evaluate(tested.model(), |_, _| {})).unwrap();
    assert_eq!(again.test.as_ref(), Some(test));
    assert_eq!(&again.validation, tested.best().unwrap().0);
    assert_ne!(test.loss, again.validation.loss);
}

#[test]
fn a_stopped_run_is_tested_unless_stopped_again() {
    for stops in [1, 2] {
        let mut session = session(raw(), TrainingData { test: data(24).train, ..data(160) });
        ready(session.advance()).unwrap();
        session.stop();
        while !matches!(ready(session.advance()).unwrap(), Progress::Testing { .. }) {}
        if stops == 2 {
            session.stop();
        }
        assert_eq!(run(&mut session).2, EndReason::Stopped);
        assert_eq!(session.test().is_some(), stops == 1);
    }
}
