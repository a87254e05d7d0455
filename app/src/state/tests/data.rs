//! Files dropped, read, mapped and split.

use hone_core::dataset::{Encoding, Mapping};
use hone_core::protocol::{Command, DataRole, Event};

use super::{
    MAPPING, data_ready, device_ready, entry, gone, model_ready, opened, read, ready, running, source, tokens_ready,
    trained,
};
use crate::state::{Effect, Mark, State, Step};

#[test]
fn a_dropped_file_is_read_mapped_by_the_guess_and_brings_the_model() {
    let mut state = State::default();
    state.restart();
    state.catalog(Ok(vec![entry()]));
    assert!(matches!(
        state.open(DataRole::Train, "reviews.csv".into(), None)[..],
        [Effect::Send(Command::OpenData { role: DataRole::Train, .. })]
    ));
    assert_eq!(state.line(Step::Data).mark, Mark::Busy);
    let mapped = state.on_event(opened(2));
    assert!(matches!(
        mapped[..],
        [Effect::Send(Command::MapData { mapping: MAPPING, validation_share: 0.1, seed: 42 })]
    ));
    assert!(matches!(state.on_event(data_ready())[..], [Effect::Send(Command::LoadModel { .. })]));
    assert_eq!(state.line(Step::Data).text, "100 rows, 2 labels");
    assert!(state.blocker().is_some(), "the model is not there yet");
    state.on_event(model_ready());
    assert_eq!(state.blocker().as_deref(), Some("Your texts are being split into tokens."));
    assert_eq!(state.on_event(tokens_ready()), [], "the model is not loaded twice");
    assert_eq!(state.blocker(), None);
    state.load_model();
    state.on_event(model_ready());
    assert!(state.blocker().is_some(), "another model has other tokens");
}

#[test]
fn a_file_dropped_during_a_run_changes_nothing_but_is_spoken_of() {
    let mut state = running();
    let before = state.clone();
    assert_eq!(state.open(DataRole::Train, "other.csv".into(), None), []);
    assert!(state.data.notice.take().is_some_and(|notice| notice.what.contains("other.csv")));
    assert_eq!(state, before);
}

#[test]
fn only_the_last_of_two_files_dropped_in_a_row_counts() {
    let mut state = ready();
    state.open(DataRole::Train, "first.csv".into(), None);
    state.open(DataRole::Train, "second.csv".into(), None);
    assert_eq!(state.on_event(opened(9)), []);
    assert!(matches!(state.on_event(opened(2))[..], [Effect::Send(Command::MapData { .. })]));
}

#[test]
fn a_file_that_cannot_be_read_blocks_the_start_and_can_be_read_otherwise() {
    let mut state = ready();
    state.open(DataRole::Train, "latin.csv".into(), None);
    state.on_event(Event::DataFailed { role: DataRole::Train, problem: gone() });
    assert_eq!(state.line(Step::Data).mark, Mark::Wrong);
    assert!(state.blocker().is_some());
    let again = state.reread(Some(Encoding::Windows1252), None);
    assert!(matches!(
        again[..],
        [Effect::Send(Command::OpenData { encoding: Some(Encoding::Windows1252), has_header: None, .. })]
    ));
    assert_eq!(state.data.train.problem, None);
}

#[test]
fn columns_chosen_by_the_person_outlast_the_worker_but_not_the_file() {
    let mut state = ready();
    let swapped = Mapping::Classification { text: 1, pair: None, label: 0 };
    state.map(swapped.clone());
    state.on_event(data_ready());
    state.worker_lost(gone());
    state.on_event(device_ready());
    assert!(
        matches!(&state.on_event(opened(2))[..], [Effect::Send(Command::MapData { mapping, .. })] if *mapping == swapped)
    );
    state.open(DataRole::Train, "other.csv".into(), None);
    assert!(matches!(state.on_event(opened(2))[..], [Effect::Send(Command::MapData { mapping: MAPPING, .. })]));
}

#[test]
fn an_own_validation_file_takes_the_place_of_the_split() {
    let mut state = ready();
    state.open(DataRole::Validation, "check.csv".into(), None);
    let mapped = state.on_event(Event::DataOpened { role: DataRole::Validation, source: source(2) });
    assert!(matches!(mapped[..], [Effect::Send(Command::MapData { validation_share: 0.0, .. })]));
    let closed = state.close_validation();
    assert!(matches!(
        closed[..],
        [Effect::Send(Command::CloseValidation), Effect::Send(Command::MapData { validation_share: 0.1, .. })]
    ));
}

#[test]
fn a_validation_file_taken_away_while_it_is_read_stays_away() {
    let mut state = ready();
    state.open(DataRole::Validation, "check.csv".into(), None);
    state.close_validation();
    let late = Event::DataOpened { role: DataRole::Validation, source: source(2) };
    assert_eq!(state.on_event(late), []);
    assert_eq!(state.data.validation, Default::default());

    state.open(DataRole::Validation, "check.csv".into(), None);
    state.close_validation();
    state.on_event(Event::DataFailed { role: DataRole::Validation, problem: gone() });
    assert_eq!(state.data.validation, Default::default());
    assert!(state.data.is_mapping, "the new split is still awaited");
}

#[test]
fn a_recipe_file_splits_the_rows_again_only_when_it_says_so_and_never_in_a_run() {
    let mut state = trained();
    for harmless in [r#"{"epochs": 5}"#, "broken"] {
        assert_eq!(state.open_recipe(read(harmless)), []);
        assert!(state.run.has_weights);
    }
    assert_eq!(state.form.recipe.epochs, 5);
    assert!(matches!(state.open_recipe(read(r#"{"seed": 7}"#))[..], [Effect::Send(Command::MapData { seed: 7, .. })]));

    let mut state = running();
    let before = state.clone();
    assert_eq!(state.open_recipe(read(r#"{"seed": 7}"#)), []);
    assert_eq!(state, before);
}
