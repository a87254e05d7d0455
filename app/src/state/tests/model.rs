use hone_core::catalog::{FoundModel, KeptModel};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event};

use crate::state::tests::*;
use crate::state::{Effect, HubSearch, Load};

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
        largest_bytes: 1e7,
        max_buffer_bytes: None,
    };
    Event::ModelFound { found }
}

fn with_catalog() -> State {
    let mut state = State::default();
    state.on_catalog(Ok(vec![entry()]));
    state
}

#[test]
fn stored_models_are_offered_after_the_pages_own() {
    let kept = vec![KeptModel { entry: of_hub(), bytes: 5.0, is_complete: true }];
    let event = Event::ModelsKept { kept, free_bytes: None };
    let ids = |state: &State| state.model.catalog.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>();
    let mut early = State::default();
    early.answer(event.clone());
    early.on_catalog(Ok(vec![entry()]));
    let mut late = with_catalog();
    late.answer(event);
    assert_eq!(ids(&early), ["mini", "hub.example/a/b"]);
    assert_eq!(ids(&early), ids(&late));
    assert!(late.model.kept("hub.example/a/b").is_some() && late.model.kept("mini").is_none());
}

#[test]
fn a_found_model_is_loaded_only_on_request() {
    let mut state = with_catalog();
    let asked = state.find_model("https://hub.example".into(), "a/b".into());
    assert!(matches!(asked[..], [Effect::Send(_, Command::FindModel { .. })]));
    assert!(state.answer(found()).is_empty());
    assert_eq!((state.model.chosen, &state.model.load), (0, &Load::Idle { previous: None }));
    let [Effect::Send(_, Command::LoadModel { model })] = &state.take_found()[..] else { panic!("nothing is loaded") };
    assert_eq!(model.id, "hub.example/a/b");
    assert_eq!((state.model.chosen, &state.model.hub), (1, &HubSearch::Idle));
}

#[test]
fn a_failed_search_keeps_the_loaded_model() {
    let mut state = with_catalog();
    state.load_model();
    state.answer(model_ready());
    state.find_model("https://hub.example".into(), "a/b".into());
    let diagnostic = Diagnostic::new("hub.answer", "a web page");
    state.answer(Event::ModelNotFound { diagnostic: diagnostic.clone() });
    assert_eq!(state.model.hub, HubSearch::Failed(diagnostic));
    assert!(matches!(state.model.load, Load::Ready(_)));
}

#[test]
fn local_files_are_sent_with_their_command_and_only_one_local_model_is_offered() {
    let mut state = with_catalog();
    let mut requests = Vec::new();
    for (name, blobs) in [("first", 3), ("second", 5)] {
        let effects = state.take_local(name.into(), vec!["config.json".into()], 1e6, blobs);
        let command = Command::LoadFiles { name: name.into(), paths: vec!["config.json".into()] };
        assert_eq!(state.blobs_of(&command), Some(blobs));
        requests.push(number(&effects));
        assert_eq!(commands(effects), [command]);
    }
    assert_eq!(state.model.catalog.len(), 2);
    state.on_event(Some(requests[0]), model_ready());
    assert!(state.model.is_loading(), "the first one is no longer wanted");
    state.answer(model_ready());
    assert_eq!(state.model.entry().map(|entry| (entry.name.as_str(), entry.parameters)), Some(("second", 22.7e6)));
    // A fresh worker gets them again.
    assert!(
        commands(state.restart())
            .contains(&Command::LoadFiles { name: "second".into(), paths: vec!["config.json".into()] })
    );
}

fn model_failed() -> Event {
    Event::ModelFailed { diagnostic: Diagnostic::new("model.zip", "It cannot be read.").remedy("Drop the files.") }
}

#[test]
fn a_model_that_fails_to_load_keeps_the_loaded_one_and_the_tuned_weights() {
    let mut before = trained();
    // Loading a model drops the optimizer state, whatever comes of it.
    before.run.has_optimizer = false;
    let back = |mut state: State| {
        state.model.rejected = None;
        state.estimate = before.estimate.clone();
        state.requests = before.requests.clone();
        state
    };
    let mut own = before.clone();
    own.take_local("bad.zip".into(), Vec::new(), 1e6, 3);
    assert!(!own.can_predict() && own.model.is_loading());
    assert_eq!(own.answer(model_failed()), []);
    let diagnostic = own.model.rejected.clone().unwrap();
    assert_eq!(diagnostic.done, "Mini is still loaded.");
    assert_eq!(diagnostic.remedy, "Drop the files. If it holds data, choose it under Data.");
    assert_eq!(back(own), before);

    let mut hub = before.clone();
    hub.find_model("https://hub.example".into(), "a/b".into());
    hub.answer(found());
    hub.take_found();
    hub.answer(Event::ModelProgress { done_bytes: 1.0, total_bytes: 2.0 });
    hub.stop_loading();
    hub.answer(model_failed());
    assert_eq!(hub.model.catalog.pop(), Some(of_hub()), "it can be chosen again, and the download is resumed");
    assert_eq!(back(hub), before);
}

#[test]
fn a_zip_without_a_model_does_not_prevent_loading_the_first_model() {
    let mut early = with_catalog();
    early.take_local("data.zip".into(), Vec::new(), 1e6, 3);
    early.answer(model_failed());
    assert_eq!(early.model.rejected.as_ref().unwrap().done, "The earlier choice of model is back.");
    assert_eq!(
        (early.model.chosen, early.model.catalog.len(), &early.model.load),
        (0, 1, &Load::Idle { previous: None })
    );

    let mut state = ready();
    state.model.load = Load::Idle { previous: None };
    let first = number(&state.load_model());
    state.take_local("data.zip".into(), Vec::new(), 1e6, 3);
    let mut failed_too = state.clone();
    state.on_event(Some(first), model_ready());
    assert!(state.model.is_loading(), "the zip is not read yet");
    assert_eq!(state.answer(model_failed()), []);
    assert!(state.model.chosen == 0 && matches!(state.model.load, Load::Ready(_)));

    failed_too.on_event(Some(first), model_failed());
    assert!(matches!(failed_too.answer(model_failed())[..], [Effect::Send(_, Command::LoadModel { .. })]));
}

#[test]
fn the_users_own_model_is_restored_with_its_files() {
    let mut state = ready();
    state.take_local("good.gguf".into(), Vec::new(), 1e6, 3);
    state.answer(model_ready());
    let before = state.model.clone();
    state.take_local("bad.gguf".into(), Vec::new(), 1e6, 5);
    assert_eq!(state.model.local_blobs, Some(5));
    state.answer(model_failed());
    state.model.rejected = None;
    assert_eq!(state.model, before);
}

#[test]
fn a_model_that_crashes_the_worker_is_replaced_by_the_previous_one() {
    let mut state = trained();
    state.take_local("bomb.gguf".into(), Vec::new(), 1e6, 3);
    let effects = state.worker_lost(gone());
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::LoadModel { .. }))));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::LoadFiles { .. }))));
    assert!(state.model.rejected.is_some() && !state.run.has_weights);
    // Once more, and it stops.
    let effects = state.worker_lost(gone());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_, Command::LoadModel { .. }))));
}

#[test]
fn choosing_the_loaded_model_again_needs_no_loading() {
    let mut state = trained();
    state.model.on_catalog(vec![entry(), of_hub()]);
    assert!(matches!(state.choose_model(1)[..], [Effect::Send(_, Command::LoadModel { .. })]));
    assert_eq!(commands(state.choose_model(0)), [Command::StopLoading]);
    state.answer(model_failed());
    assert!(state.run.has_weights && matches!(state.model.load, Load::Ready(_)));

    state.data.report = None;
    assert_eq!(state.choose_model(1), []);
    assert!(matches!(state.model.load, Load::Idle { .. }));
    assert_eq!(state.choose_model(0), []);
    assert!(state.run.has_weights && matches!(state.model.load, Load::Ready(_)));
}

#[test]
fn rows_that_one_model_rejects_may_fit_another() {
    let mut state = ready();
    let fail = |state: &mut State, code: &str| {
        state.answer(Event::DataFailed { role: DataRole::Train, diagnostic: Diagnostic::new(code, "No.") });
        assert!(state.blocker().is_some());
        state.answer(tokens_ready());
        state.blocker()
    };
    assert_eq!(fail(&mut state, "data.refused"), None);
    assert!(fail(&mut state, "data.no-rows").is_some(), "the file itself is unusable");
}

#[test]
fn suggestions_follow_the_task_and_the_search() {
    let mut state = State::default();
    let ids = |state: &State, search: &str| state.suggestions(search).iter().map(|found| found.id).collect::<Vec<_>>();
    assert!(ids(&state, "").len() > 10, "without data, all of them");
    let multilingual = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2";
    assert_eq!(ids(&state, "any language apache embed"), [multilingual]);
    assert_eq!(ids(&state, "QWEN 2.5"), ["Qwen/Qwen2.5-0.5B-Instruct"]);
    assert_eq!(ids(&state, "no such words"), [""; 0]);
    state.data.mapping = Some(Mapping::Corpus { text: 0 });
    assert!(ids(&state, "").contains(&"unsloth/gemma-3-270m-it") && ids(&state, "ModernBERT").is_empty());
}

#[test]
fn a_multilingual_model_is_proposed_where_the_texts_are_not_english() {
    let mut state = ready();
    assert_eq!((state.multilingual(), state.language_words()), (None, String::new()));
    state.data.report.as_mut().expect("a report").other_languages = Some("German".into());
    assert!(
        state.language_words().starts_with("Most of your texts are in German. Mini was"),
        "{}",
        state.language_words()
    );
    assert!(state.multilingual_label().starts_with("Look up sentence-transformers/"), "nothing on offer reads German");
    let command = commands(state.take_multilingual(Some("https://hub.example".into())));
    assert!(matches!(command.as_slice(), [Command::FindModel { .. }]), "{command:?}");

    let mut state = ready();
    state.data.report.as_mut().expect("a report").other_languages = Some("German".into());
    let offered = CatalogEntry { id: "e5".into(), name: "E5".into(), languages: "100 languages".into(), ..entry() };
    state.model.catalog.push(offered);
    assert_eq!(state.multilingual_label(), "Choose E5");
    state.take_multilingual(None);
    assert_eq!((state.model.chosen, state.multilingual()), (1, None), "it is chosen, and reads them");
}
