//! Studies: short runs that differ in one field.

use hone_core::metrics::{Evaluation, Interval};
use hone_core::protocol::{Command, Event};
use hone_core::recipe::{Field, Metric, UnfreezeUnit, Unfreezing};
use hone_core::run::RunSummary;

use crate::state::tests::{commands, evaluation, finished, gone, ready, started, trained};
use crate::state::{State, StudyStage};

fn field(name: &str) -> &'static Field {
    Field::named(name).unwrap()
}

/// The end of a run with a score, in an interval of this width on both sides.
fn ended(accuracy: f64, reach: f64) -> Event {
    let Event::Finished { summary } = finished() else { panic!() };
    let intervals =
        [(Metric::Accuracy, Interval { low: accuracy - reach, high: accuracy + reach })].into_iter().collect();
    let best = Evaluation { intervals, ..evaluation(18, accuracy) };
    Event::Finished { summary: RunSummary { best, ..summary } }
}

fn outcome(scores: [f64; 2], reach: f64) -> String {
    let mut state = ready();
    state.offer_study(field("dropout"));
    state.run_study();
    for score in scores {
        state.answer(started());
        state.answer(Event::Evaluated { evaluation: evaluation(18, score), is_best: true });
        state.answer(ended(score, reach));
    }
    state.study_sentence()
}

#[test]
fn a_field_is_shown_by_two_runs_that_differ_in_it_alone() {
    let mut state = ready();
    assert!(state.can_study(field("dropout")));
    state.offer_study(field("dropout"));
    let plan = state.study_plan();
    assert!(plan.contains("Dropout 10 % against Dropout 0 %. "), "{plan}");
    let Some(Command::Start { recipe: first, .. }) = commands(state.run_study()).pop() else { panic!() };
    state.answer(started());
    let Some(Command::Start { recipe: second, .. }) = commands(state.answer(finished())).pop() else { panic!() };
    assert_eq!((first.dropout, second.dropout), (0.1, 0.0));
    assert_eq!(hone_core::recipe::RecipeSpec { dropout: 0.1, ..second }, first);
    assert_eq!(state.study.as_ref().unwrap().stage, StudyStage::Running);
    assert_eq!(state.study_sentence(), "");
    state.answer(started());
    state.answer(finished());
    assert_eq!(state.study.as_ref().unwrap().stage, StudyStage::Ended);
    assert_eq!(state.study_score_picture().series.len(), 2);
}

#[test]
fn a_difference_comes_with_whether_the_intervals_overlap() {
    let words = outcome([0.8, 0.82], 0.1);
    assert!(words.starts_with("Best validation accuracy: 0.800 (Dropout 10 %), 0.820 (Dropout 0 %). "), "{words}");
    let expected = " The 95 % intervals overlap: 10 validation rows may be too few to tell them apart. ";
    assert!(words.contains(expected), "{words}");
    let words = outcome([0.5, 0.9], 0.1);
    let expected = " Dropout 0 % is better than Dropout 10 % by 0.400, and their 95 % intervals do not overlap. ";
    assert!(words.contains(expected), "{words}");
}

#[test]
fn a_long_run_is_shortened_with_its_stages() {
    let mut state = ready();
    let recipe = &mut state.form.recipe;
    (recipe.batch_size, recipe.epochs, recipe.unfreezing) = (Some(1), Some(4), Unfreezing::Gradual);
    state.offer_study(field("unfreezing"));
    let jobs = &state.study.as_ref().unwrap().jobs;
    let [gradual, all] = [&jobs[0].recipe, &jobs[1].recipe];
    assert_eq!((gradual.max_steps, gradual.eval_every_steps), (60, Some(10)));
    assert_eq!((gradual.unfreeze_unit, gradual.unfreeze_every), (UnfreezeUnit::Steps, 15.0));
    assert_eq!((all.unfreezing, all.max_steps), (Unfreezing::All, 60));
}

#[test]
fn a_study_says_that_it_replaces_the_last_model_and_ends_with_a_failure() {
    let mut state = trained();
    state.offer_study(field("learning_rate"));
    assert!(state.study_plan().contains("The model of the last run is replaced"), "{}", state.study_plan());
    state.run_study();
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert_eq!(state.study.as_ref().unwrap().stage, StudyStage::Ended);
    assert!(!State::default().can_study(field("dropout")), "nothing is there yet");
}
