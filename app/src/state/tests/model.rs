use hone_core::catalog::{FoundModel, KeptModel};
use hone_core::problem::Problem;
use hone_core::protocol::{Command, Event};

use super::*;
use crate::state::{Effect, Hub, Load};

fn of_hub() -> CatalogEntry {
    CatalogEntry { id: "hub.example/a/b".into(), folder: "https://hub.example/a/b/resolve/1/".into(), ..entry() }
}

fn found() -> Event {
    let found = FoundModel {
        entry: of_hub(),
        layers: 2,
        hidden: 128,
        max_positions: 512,
        least_bytes: 1e8,
        full_bytes: 1e9,
        limit_bytes: 3e9,
    };
    Event::ModelFound { found }
}

fn with_catalog() -> State {
    let mut state = State::default();
    state.catalog(Ok(vec![entry()]));
    state
}

#[test]
fn what_the_storage_holds_is_offered_behind_the_pages_own() {
    let kept = vec![KeptModel { entry: of_hub(), bytes: 5.0, is_complete: true }];
    let event = Event::ModelsKept { kept, free_bytes: None };
    let ids = |state: &State| state.model.catalog.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>();
    let mut early = State::default();
    early.on_event(event.clone());
    early.catalog(Ok(vec![entry()]));
    let mut late = with_catalog();
    late.on_event(event);
    assert_eq!(ids(&early), ["mini", "hub.example/a/b"]);
    assert_eq!(ids(&early), ids(&late));
    assert!(late.model.kept("hub.example/a/b").is_some() && late.model.kept("mini").is_none());
}

#[test]
fn a_found_model_is_loaded_only_when_it_is_taken() {
    let mut state = with_catalog();
    let asked = state.find_model("https://hub.example".into(), "a/b".into());
    assert!(matches!(asked[..], [Effect::Send(Command::FindModel { .. })]));
    assert!(state.on_event(found()).is_empty());
    assert_eq!((state.model.chosen, &state.model.load), (0, &Load::Idle));
    let [Effect::Send(Command::LoadModel { model })] = &state.take_found()[..] else { panic!("nothing is loaded") };
    assert_eq!(model.id, "hub.example/a/b");
    assert_eq!((state.model.chosen, &state.model.hub), (1, &Hub::Idle));
}

#[test]
fn a_question_that_fails_leaves_the_loaded_model() {
    let mut state = with_catalog();
    state.on_event(model_ready());
    state.find_model("https://hub.example".into(), "a/b".into());
    let problem = Problem::new("hub.answer", "a web page");
    state.on_event(Event::ModelFailed { problem: problem.clone() });
    assert_eq!(state.model.hub, Hub::Failed(problem));
    assert!(matches!(state.model.load, Load::Ready(_)));
}

#[test]
fn own_files_go_beside_their_command_and_one_model_of_them_is_offered_at_a_time() {
    let mut state = with_catalog();
    for name in ["first", "second"] {
        let effects = state.take_own(name.into(), 1e6);
        assert_eq!(effects, [Effect::Send(Command::LoadFiles { name: name.into() })]);
    }
    assert_eq!(state.model.catalog.len(), 2);
    state.on_event(model_ready());
    assert_eq!(state.model.entry().map(|entry| (entry.name.as_str(), entry.parameters)), Some(("second", 22.7e6)));
    // A fresh worker gets them again.
    assert!(state.restart().contains(&Effect::Send(Command::LoadFiles { name: "second".into() })));
}

#[test]
fn rows_that_one_model_refuses_another_may_take() {
    let mut state = ready();
    let fail = |state: &mut State, code: &str| {
        state.on_event(Event::DataFailed { role: DataRole::Train, problem: Problem::new(code, "No.") });
        assert!(state.blocker().is_some());
        state.on_event(tokens_ready());
        state.blocker()
    };
    assert_eq!(fail(&mut state, "data.refused"), None);
    assert!(fail(&mut state, "data.no-rows").is_some(), "the file itself is of no use");
}
