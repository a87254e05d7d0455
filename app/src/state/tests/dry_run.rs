//! The range test and the estimate before a run.

use std::time::Duration;

use hone_core::dataset::{Cut, Cuts};
use hone_core::protocol::{Command, Event};
use hone_core::recipe::RecipeSpec;
use hone_core::run::{Estimate, LrFinderPoint, LrFinderResult};

use crate::state::tests::{data_ready, device_ready, gone, model_ready, opened, ready, tokens_ready};
use crate::state::{Debounce, Effect, FinderStage, State, cut_rows};

#[test]
fn a_learning_rate_is_searched_found_and_adopted() {
    let mut state = ready();
    assert!(matches!(state.find_rate()[..], [Effect::Send(_, Command::FindRate { .. })]));
    assert!(state.blocker().is_some() && state.is_engaged());
    assert!(state.is_silent(Duration::from_secs(31)));
    let point = |lr: f64, smooth| LrFinderPoint { lr, loss: smooth, smooth };
    for at in [point(1e-5, 0.7), point(1e-4, 0.5), point(1e-3, f64::NAN)] {
        state.answer(Event::RateTried { point: at, total: 100 });
    }
    assert!(state.finder.picture().shapes.iter().all(|shape| !shape.path.contains("NaN")));
    let points = state.finder.points.clone();
    let finding = LrFinderResult { points, steepest: Some(1e-4), valley: Some(3.333e-5), diverged: true };
    state.answer(Event::RateFound { finding });
    assert!(state.finder.picture().summary.contains("Valley 3.33e-5"));
    state.take_rate(3.333e-5);
    assert_eq!((state.form.recipe.learning_rate, state.blocker()), (Some(3.3e-5), None));

    state.find_rate();
    state.worker_lost(gone());
    assert_eq!(state.finder.stage, FinderStage::Failed(gone()));
}

#[test]
fn three_rates_are_tried_and_the_finding_stays() {
    let mut state = ready();
    state.form.recipe.learning_rate = Some(1e-4);
    let effects = state.try_rates();
    assert!(
        matches!(&effects[..], [Effect::Send(_, Command::TryRates { rates, .. })] if rates[..] == [1e-5, 1e-4, 1e-3])
    );
    assert!(state.blocker().is_some() && state.is_engaged());
    for (nth, loss) in [(0, Some(0.7)), (1, Some(0.7)), (1, Some(0.4)), (2, None)] {
        state.answer(Event::TrialStep { nth, loss });
    }
    assert_eq!((state.finder.trials.progress(), state.finder.trials.words().as_str()), ((4, 72), ""));
    state.answer(Event::TrialsOver);
    assert!(state.finder.trials.words().contains("1e-3 breaks"), "{}", state.finder.trials.words());
    assert_eq!(state.blocker(), None);
    state.try_rates();
    state.worker_lost(gone());
    assert_eq!((&state.finder.stage, state.finder.is_active()), (&FinderStage::Failed(gone()), false));
}

fn estimate(bytes: f64, nearest: Option<RecipeSpec>) -> Event {
    let (cuts, limit_bytes) = (Cuts::default(), 1e9);
    let estimate = Estimate { seconds: 96.0, bytes, limit_bytes, steps: 24, cuts, step_ms: None, nearest };
    Event::Estimated { estimate }
}

#[test]
fn a_recipe_is_estimated_once_and_again_after_a_change() {
    let mut state = ready();
    assert!(matches!(state.request_estimate()[..], [Effect::Send(_, Command::Estimate { .. })]));
    assert_eq!(state.request_estimate(), [], "it has been requested already");
    assert!(state.is_silent(Duration::from_secs(121)));
    state.answer(estimate(4e8, None));
    assert!(state.estimate().is_some_and(|estimate| estimate.as_ref().is_ok_and(Estimate::fits)));
    state.form.recipe.epochs = Some(3);
    assert_eq!(state.estimate(), None, "it was for another recipe");
    assert!(state.unestimated().is_some());
    state.request_estimate();
    assert!(matches!(
        state.start()[..],
        [Effect::Send(_, Command::Stop), Effect::Send(_, Command::Start { .. }), Effect::Persist]
    ));
    assert_eq!(state.unestimated(), None, "nothing is measured during a run");
    state.answer(estimate(4e8, None));
    assert_eq!(state.estimate(), None, "the request was given up");
}

#[test]
fn the_estimate_replaces_the_planned_steps_and_counts_skipped_rows() {
    let mut state = ready();
    state.form.recipe.epochs = Some(4);
    assert_ne!(state.planned_steps(), 24);
    state.request_estimate();
    state.answer(estimate(4e8, None));
    assert_eq!(state.planned_steps(), 24);
    let cut = |shortened, skipped| Cut { shortened, skipped };
    assert_eq!(
        cut_rows(&Cuts { train: cut(0, 30), validation: cut(2, 1), test: cut(0, 0) }),
        "31 rows skipped as too long, 2 rows truncated"
    );
    assert_eq!(cut_rows(&Cuts::default()), "");
}

#[test]
fn an_estimate_that_crashes_the_worker_is_not_retried() {
    let mut state = ready();
    state.request_estimate();
    state.worker_lost(gone());
    for event in [device_ready(), opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.answer(event);
    }
    assert_eq!((state.unestimated(), state.blocker()), (None, None));
    assert_eq!(state.estimate(), Some(&Err(gone())));
}

#[test]
fn a_recipe_that_does_not_fit_is_refused_and_the_closest_is_offered() {
    let mut state = ready();
    state.form.recipe.batch_size = Some(64);
    state.request_estimate();
    let nearest = RecipeSpec {
        batch_size: Some(4),
        gradient_accumulation_steps: 16,
        model: "mini".into(),
        ..RecipeSpec::default()
    };
    state.answer(estimate(2e9, Some(nearest)));
    assert!(state.blocker().is_some_and(|words| words.contains("2.0\u{a0}GB")));
    assert_eq!(state.start(), []);
    state.take_nearest();
    assert_eq!((state.form.recipe.batch_size, state.form.recipe.gradient_accumulation_steps), (Some(4), 16));
    assert_eq!((state.blocker(), state.form.recipe.model.as_str()), (None, ""));
}

#[test]
fn inputs_settle_before_an_estimate_is_requested() {
    let mut state = ready();
    let mut debounce = Debounce::default();
    let looks = |debounce: &mut Debounce, state: &State| {
        (0..6).map(|_| debounce.is_settled(state.unestimated())).collect::<Vec<_>>()
    };
    assert_eq!(looks(&mut debounce, &state), [false, false, false, false, true, false]);
    state.form.recipe.epochs = Some(5);
    assert!(!debounce.is_settled(state.unestimated()));
    assert_eq!(looks(&mut Debounce::default(), &State::default()), [false; 6]);
}
