//! The fields that Hone chooses from the data and the model, and those that the user edits.

use hone_core::protocol::{Command, Event};
use hone_core::recipe::{Field, FieldKind, Number, Preset, RecipeSpec};

use crate::state::recipe::fields;
use crate::state::tests::{read, ready, tokens_ready};
use crate::state::{Axis, Effect, State};

fn number(name: &str) -> (&'static Field, &'static Number) {
    match Field::named(name).map(|field| (field, &field.kind)) {
        Some((field, FieldKind::Number(number))) => (field, number),
        _ => panic!("{name} is not a numeric field"),
    }
}

/// Another file, with this many training rows.
fn with_rows(mut state: State, rows: u32) -> State {
    let Event::DataReady { mut report } = tokens_ready() else { panic!() };
    report.train_rows = rows;
    state.data.report = Some(report);
    state
}

#[test]
fn fields_follow_the_data_until_the_user_edits_them_and_again_after_a_reset() {
    let (field, epochs) = number("epochs");
    let shown = |state: &State| fields::shown(epochs, &state.filled_form());
    let (small, large) = (with_rows(ready(), 90), with_rows(ready(), 90_000));
    assert_ne!(shown(&small), shown(&large));
    assert!(!small.form.is_changed() && small.default_of(epochs).is_empty(), "nothing was edited");

    let mut edited = small.clone();
    assert!(edited.form.type_in(field, "7"));
    assert_eq!((shown(&edited).as_str(), edited.default_of(epochs)), ("7", shown(&small)));
    assert!(edited.form.is_changed());
    edited = with_rows(edited, 90_000);
    assert_eq!((shown(&edited).as_str(), edited.default_of(epochs)), ("7", shown(&large)));
    assert!(edited.form.type_in(field, ""));
    assert_eq!(shown(&edited), shown(&large));
    assert!(!edited.form.is_changed());
}

#[test]
fn each_preset_gets_a_learning_rate_for_what_it_trains() {
    let mut state = ready();
    let mut rates = Vec::new();
    for preset in [Preset::Full, Preset::Balanced, Preset::Adapter, Preset::Quick] {
        state.form.take_preset(preset);
        rates.push(state.planned_peak());
        assert!(!state.form.is_changed(), "{preset:?}");
    }
    assert!(rates.is_sorted() && rates[0] < rates[3], "{rates:?}");
}

#[test]
fn a_sentence_says_what_was_chosen_and_leaves_out_what_was_edited() {
    assert_eq!(State::default().chosen_words(), "", "there is no data yet");
    let mut state = ready();
    let epochs = state.filled_form().epochs.unwrap();
    let words = state.chosen_words();
    assert!(words.contains("90 training rows in 2 classes") && words.contains(&format!("{epochs} epochs")), "{words}");
    state.form.type_in(number("epochs").0, "7");
    assert!(!state.chosen_words().contains("epochs"));
    for (name, value) in [("learning_rate", "1e-4"), ("batch_size", "16")] {
        state.form.type_in(number(name).0, value);
    }
    assert_eq!(state.chosen_words(), "");
}

#[test]
fn a_recipe_leaves_the_page_with_every_value_filled_in() {
    let mut state = ready();
    let is_complete = |recipe: &RecipeSpec| {
        let json = serde_json::to_value(recipe).unwrap();
        let missing = |name: &&&str| json[**name].is_null();
        let chosen = ["learning_rate", "epochs", "batch_size", "warmup_ratio", "eval_every_epochs", "max_length"];
        let others = ["early_stopping_patience", "pooling", "metric_for_best_model"];
        let missing: Vec<_> = chosen.iter().chain(&others).filter(missing).collect();
        assert!(missing.is_empty(), "{missing:?}");
    };
    let saved = state.filled_form();
    is_complete(&saved);
    assert!(
        matches!(&state.start()[..], [Effect::Send(_, Command::Start { recipe, .. }), ..] if { is_complete(recipe); true })
    );

    let mut other = with_rows(ready(), 90_000);
    other.open_recipe(read(&serde_json::to_string(&saved).unwrap()));
    assert_eq!(other.filled_form(), saved, "a recipe that names values keeps them");
}

#[test]
fn each_run_of_a_sweep_gets_the_defaults_of_its_own_recipe() {
    let mut state = ready();
    state.axes[0] = Axis { field: "epochs".into(), values: "3, 60".into() };
    let first = state.start_sweep();
    let patience = |effects: &[Effect]| match effects {
        [Effect::Send(_, Command::Start { recipe, .. })] => recipe.early_stopping_patience.unwrap(),
        other => panic!("{other:?}"),
    };
    let second = state.next_run();
    assert!(patience(&first) < patience(&second));
}
