//! Overfitting on purpose.

use hone_core::metrics::Evaluation;
use hone_core::protocol::{Command, Event};
use hone_core::recipe::{RecipeSpec, Task};
use hone_core::run::StepMetrics;

use crate::state::tests::{commands, evaluation, finished, ready, started};
use crate::state::{State, StudyStage};

fn recipes(state: &State) -> Vec<RecipeSpec> {
    state.study.iter().flat_map(|study| &study.jobs).map(|job| job.recipe.clone()).collect()
}

/// A study whose first run has these validation losses.
fn study_with(losses: [f64; 3]) -> State {
    let mut state = ready();
    state.offer_overfit(20);
    state.run_study();
    for _ in 0..4 {
        state.answer(started());
        for (step, loss) in [6, 12, 18].into_iter().zip(losses) {
            let step_of = |step: u32| StepMetrics {
                step,
                epoch: f64::from(step) / 4.0,
                loss: 1.0 / f64::from(step),
                grad_norm: 1.0,
                lr: 5e-4,
                tokens: 100,
                taken: true,
            };
            let steps = (step - 5..=step).map(step_of).collect();
            state.answer(Event::Steps { steps, tokens_per_s: 1.0, seconds_left: None });
            let evaluation = Evaluation { loss, ..evaluation(step, 0.5) };
            state.answer(Event::Evaluated { evaluation, is_best: step == 6 });
        }
        state.answer(finished());
    }
    assert_eq!(state.study.as_ref().unwrap().stage, StudyStage::Ended);
    state
}

#[test]
fn three_remedies_differ_from_the_run_without_in_one_thing_each() {
    let mut state = ready();
    assert!(state.can_overfit());
    state.offer_overfit(20);
    let [none, dropout, decay, stopping] = recipes(&state).try_into().unwrap();
    assert_eq!((none.max_train_samples, none.label_noise, none.max_steps), (60, 0.2, 60));
    let without_dropout = RecipeSpec { dropout: 0.0, attention_dropout: 0.0, head_dropout: 0.0, ..dropout };
    assert_eq!(without_dropout, none);
    assert_eq!(RecipeSpec { weight_decay: 0.0, ..decay }, none);
    assert_eq!(RecipeSpec { early_stopping_patience: Some(0), ..stopping }, none);
    let plan = state.study_plan();
    assert!(plan.contains("no remedy against dropout 40 % against weight decay 1 against early stopping."), "{plan}");
    let sent = commands(state.run_study());
    assert!(matches!(&sent[..], [Command::Start { recipe, .. }] if recipe.label_noise == 0.2), "{sent:?}");
}

#[test]
fn the_turning_point_and_the_gap_are_told_and_drawn() {
    let state = study_with([0.5, 0.8, 1.25]);
    let words = state.gap_words();
    assert!(
        words.starts_with("Without a remedy, validation loss turned at step 6: it was lowest there, 0.500, and 1.250"),
        "{words}"
    );
    let picture = state.gap_picture();
    let classes: Vec<&str> = picture.shapes.iter().map(|shape| shape.class.as_str()).collect();
    assert_eq!(classes, ["gap", "smooth", "validation", "validation dots", "best"]);
    assert!(picture.shapes.iter().all(|shape| !shape.path.is_empty() && !shape.path.contains("NaN")), "{picture:?}");
    let words = study_with([1.0, 0.75, 0.5]).gap_words();
    assert!(words.contains("still falling at the end: 0.500 at step 18. It does not overfit yet"), "{words}");
}

#[test]
fn other_tasks_and_other_studies_have_no_gap() {
    let mut state = ready();
    state.offer_study(hone_core::recipe::Field::named("dropout").unwrap());
    assert_eq!(state.gap_words(), "");
    assert!(!State::default().can_overfit());
    state.form.recipe.task = Task::Regression;
    assert!(!state.takes_overfit());
}
