//! A worker that is lost or silent.

use std::time::Duration;

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::{DataRole, Hints};
use hone_core::protocol::{Command, Event};
use hone_core::usage::ExportForm;

use crate::state::tests::{
    MAPPING, chosen, commands, data_ready, device_ready, entry, gone, model_ready, number, opened, ready, running,
    source, tokens_ready, trained,
};
use crate::state::{Effect, Export, Load, Phase, State};

#[test]
fn a_worker_lost_during_a_run_is_replaced_and_everything_else_is_restored() {
    let mut state = running();
    state.form.recipe.epochs = Some(7);
    let effects = state.worker_lost(gone());
    assert!(matches!(
        effects[..],
        [
            Effect::RestartWorker,
            Effect::Send(_, Command::Hello { .. }),
            Effect::Send(_, Command::OpenData { role: DataRole::Train, .. }),
            Effect::Send(_, Command::LoadModel { .. }),
        ]
    ));
    assert_eq!(state.run.phase, Phase::Failed(gone()));
    assert_eq!(state.form.recipe.epochs, Some(7));
    assert!(state.blocker().is_some(), "nothing starts before the file is read again");
    for event in [device_ready(), opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.answer(event);
    }
    assert!(
        matches!(&state.start()[..], [Effect::Send(_, Command::Start { recipe, .. }), ..] if recipe.epochs == Some(7))
    );
}

#[test]
fn a_fresh_worker_gets_every_file() {
    let mut state = trained();
    for role in [DataRole::Validation, DataRole::Test] {
        state.open(role, chosen("rows.csv"));
        state.answer(Event::DataOpened { role, source: source(2) });
    }
    let effects = state.restart();
    for role in DataRole::ALL {
        let reads =
            |effect: &Effect| matches!(effect, Effect::Send(_, Command::OpenData { role: read, .. }) if *read == role);
        assert!(effects.iter().any(reads), "{role:?}");
    }
}

#[test]
fn commands_that_crashed_the_worker_are_not_retried() {
    let mut state = ready();
    state.open(DataRole::Train, chosen("bomb.csv"));
    let effects = state.worker_lost(gone());
    let reopened = effects.iter().find_map(|effect| match effect {
        Effect::Send(_, Command::OpenData { name, .. }) => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(reopened, Some("reviews.csv"), "the earlier file is opened in the fresh worker");
    let rejected = state.data.train.rejected.as_ref().map(|rejected| rejected.choice.name.as_str());
    assert_eq!(rejected, Some("bomb.csv"));

    let mut state = ready();
    state.load_model();
    let effects = state.worker_lost(gone());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::LoadModel { .. }))));
    assert_eq!(state.model.load, Load::Failed(gone()));

    let mut state = State::default();
    state.restart();
    assert_eq!(state.worker_lost(gone()), [], "a worker that never became ready is not replaced in a loop");
    assert_eq!(state.device.failed, Some(gone()));
}

#[test]
fn texts_that_crash_the_worker_are_not_tokenized_in_a_loop() {
    let mut state = ready();
    state.map(MAPPING);
    state.answer(data_ready());
    assert!(!state.is_silent(Duration::from_secs(119)) && state.is_silent(Duration::from_secs(121)));
    let effects = state.worker_lost(gone());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::OpenData { .. }))));
    assert_eq!((state.data.train.diagnostic(), &state.device.lost), (Some(&gone()), &None));
    for event in [device_ready(), model_ready()] {
        assert_eq!(state.answer(event), []);
    }
    assert!(!state.is_silent(Duration::from_secs(121)), "no answer is awaited");

    // With other columns it is tried again.
    assert!(matches!(state.map(MAPPING)[..], [Effect::Send(_, Command::OpenData { .. })]));
    assert!(matches!(state.answer(opened(2))[..], [Effect::Send(_, Command::MapData { .. })]));
}

#[test]
fn answers_to_requests_that_were_given_up_are_dropped() {
    let mut state = trained();
    let export = number(&state.export(ExportForm::Model));
    state.load_model();
    state.answer(model_ready());
    let late = Event::Exported { file_name: "model.zip".into(), bytes: 1.0, rounded: None };
    assert_eq!(state.on_event(Some(export), late), [], "it is for the previous model");
    assert_eq!(state.export, Export::Idle);

    let estimate = number(&ready().request_estimate());
    let mut state = ready();
    state.request_estimate();
    state.worker_lost(gone());
    let before = state.clone();
    state.on_event(Some(estimate), Event::EstimateFailed { diagnostic: gone() });
    assert_eq!(state, before, "it is from the previous worker");
}

#[test]
fn a_model_that_loads_late_is_replaced_by_the_chosen_one() {
    let mut state = trained();
    state.model.on_catalog(vec![entry(), CatalogEntry { id: "other".into(), ..entry() }]);
    state.data.report = None;
    state.choose_model(1);
    let other = number(&state.load_model());
    state.choose(0);
    assert!(matches!(state.model.load, Load::Ready(_)));
    let Event::ModelReady { mut model } = model_ready() else { panic!() };
    model.id = "other".into();
    let effects = state.on_event(Some(other), Event::ModelReady { model });
    assert!(matches!(&commands(effects)[..], [Command::LoadModel { model }] if model.id == "mini"));
    assert!(!state.run.has_weights);
}

#[test]
fn a_run_counts_as_silent_only_while_it_computes() {
    let (short, long) = (Duration::from_secs(29), Duration::from_secs(31));
    let mut state = running();
    assert!(!state.is_silent(short) && state.is_silent(long));
    state.answer(Event::Busy { seconds: 60.0 });
    assert!(!state.is_silent(long), "it announced a minute of silence");
    state.answer(Event::Evaluating { done: 1, total: 2 });
    assert!(state.is_silent(long));
    state.answer(Event::Paused);
    assert!(!state.is_silent(long));
    assert!(!trained().is_silent(long));
}

#[test]
fn any_request_may_be_silent_for_two_minutes() {
    let (short, long) = (Duration::from_secs(119), Duration::from_secs(121));
    let mut fresh = State::default();
    fresh.restart();
    assert!(!fresh.is_silent(long), "it is still being downloaded");
    fresh.on_listening();
    let asked: [fn(&mut State); 5] = [
        |state| drop(state.reread(Hints::default())),
        |state| drop(state.remap()),
        |state| drop(state.load_model()),
        |state| {
            state.inference.text = "x".into();
            state.predict();
        },
        |state| drop(state.export(ExportForm::Model)),
    ];
    let waiting = asked.map(|ask| {
        let mut state = trained();
        assert!(!state.is_silent(long), "no answer is awaited");
        ask(&mut state);
        state
    });
    for mut state in waiting.into_iter().chain([fresh]) {
        assert!(!state.is_silent(short) && state.is_silent(long));
        state.answer(Event::Busy { seconds: 60.0 });
        assert!(!state.is_silent(long));
        state.worker_lost(gone());
        assert!(!state.is_silent(long), "the next one is being fetched, or there is none");
    }
}
