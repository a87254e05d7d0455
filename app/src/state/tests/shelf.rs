//! Models that are kept in the browser.

use hone_core::catalog::{TUNED_VERSION, TunedEntry, TunedModel};
use hone_core::dataset::DataRole;
use hone_core::inference::{Answer, Query};
use hone_core::protocol::{Command, Event};
use hone_core::recipe::{RecipeSpec, Task};
use hone_core::usage::PromptForm;

use crate::state::tests::{
    commands, data_ready, entry, evaluation, gone, model_ready, opened as file_opened, ready, running, started,
    tokens_ready, trained,
};
use crate::state::{Change, Effect, Export, Keeping, QueryKind, State, Topic};

fn kept(id: &str, task: Task) -> TunedModel {
    TunedModel {
        version: TUNED_VERSION,
        id: id.into(),
        name: format!("Model {id}"),
        kept_ms: 1.0,
        base: entry(),
        recipe: RecipeSpec { task, ..RecipeSpec::default() },
        labels: vec!["a".into(), "b".into()],
        form: PromptForm::default(),
        has_pairs: false,
        input: None,
        best: evaluation(6, 0.9),
        parameters: 1.0,
        bytes: 2.0,
    }
}

fn listed(models: &[TunedModel]) -> Event {
    Event::TunedModels { models: models.iter().map(|model| TunedEntry::Whole(Box::new(model.clone()))).collect() }
}

/// A state with three kept models, the last of which is for another task.
fn with_models(mut state: State) -> State {
    let models = [kept("1", Task::Classification), kept("2", Task::Classification), kept("3", Task::Generation)];
    state.on_event(None, listed(&models));
    state
}

fn opened(state: &mut State, ids: &[&str]) {
    let models = ids.iter().map(|id| state.shelf.model(id).unwrap().clone()).collect();
    state.on_event(state.requests.on(Topic::Shelf), Event::TunedOpened { models });
}

fn answer(share: f32) -> Event {
    Event::Predicted {
        labels: vec!["a".into(), "b".into()],
        base: None,
        tuned: Answer::Classes { probabilities: vec![share, 1.0 - share], unsure_below: 0.0 },
        tokens: 3,
        truncated: false,
    }
}

#[test]
fn one_press_keeps_the_model_of_the_last_run_and_asks_the_browser_to_keep_it() {
    let mut state = trained();
    state.run.data = "reviews.csv".into();
    state.run.base = Some(entry());
    let effects = state.keep_tuned();
    assert_eq!(effects[0], Effect::Persist);
    assert_eq!(commands(effects), [Command::KeepTuned { name: "Mini on reviews.csv".into() }]);
    assert_eq!(state.keep_tuned(), [], "it is being stored already");
    let request = state.requests.on(Topic::Keep);
    state.on_event(request, Event::ExportProgress { fraction: 0.25 });
    assert_eq!((&state.shelf.keeping, &state.export), (&Keeping::Writing(0.25), &Export::Idle));
    state.on_event(request, Event::TunedKept { id: "1".into() });
    assert_eq!(state.shelf.keeping, Keeping::Kept("1".into()));
    state.start();
    state.answer(started());
    assert_eq!(state.shelf.keeping, Keeping::Idle, "the next run has other weights");
    assert_eq!(ready().keep_tuned(), [], "there is nothing to keep before a run");
}

#[test]
fn a_model_that_could_not_be_stored_stays_in_the_tab() {
    let mut state = trained();
    state.keep_tuned();
    state.on_event(state.requests.on(Topic::Keep), Event::TunedFailed { diagnostic: gone() });
    assert_eq!((&state.shelf.keeping, state.run.has_weights), (&Keeping::Failed(gone()), true));
}

#[test]
fn a_kept_model_answers_without_data_base_model_or_run() {
    let mut state = with_models(State::default());
    assert!(!state.can_try());
    assert_eq!(commands(state.open_tuned("3")), [Command::OpenTuned { ids: vec!["3".into()] }]);
    assert_eq!(state.open_tuned("1"), [], "one at a time");
    opened(&mut state, &["3"]);
    assert_eq!((state.can_try(), state.query_kind()), (true, QueryKind::Prompt));
    state.inference.text = "x".into();
    let sent = commands(state.predict());
    assert!(matches!(&sent[..], [Command::Predict { query: Query::Prompt { .. }, tuned: Some(id) }] if id == "3"));
    assert!(state.comparable().is_empty(), "the others take no prompts");
}

#[test]
fn two_models_answer_the_same_text_one_after_the_other() {
    let mut state = with_models(trained());
    state.open_tuned("1");
    opened(&mut state, &["1"]);
    assert_eq!(state.comparable().iter().map(|model| model.id.as_str()).collect::<Vec<_>>(), ["2"]);
    assert_eq!(commands(state.compare_tuned("2")), [Command::OpenTuned { ids: vec!["1".into(), "2".into()] }]);
    opened(&mut state, &["1", "2"]);
    state.inference.text = "x".into();
    state.predict();
    let next = state.on_event(state.requests.on(Topic::Prediction), answer(0.1));
    state.inference.text = "typed since".into();
    let query = Query::Text { text: "x".into(), pair: None };
    assert_eq!(commands(next), [Command::Predict { query, tuned: Some("2".into()) }]);
    assert_eq!(state.on_event(state.requests.on(Topic::Prediction), answer(0.8)), []);
    let columns = &state.inference.prediction.as_ref().unwrap().columns;
    assert_eq!(columns.iter().map(|column| column.caption.as_str()).collect::<Vec<_>>(), ["Model 1", "Model 2"]);
    assert_eq!(columns[1].answer, Answer::Classes { probabilities: vec![0.8, 1.0 - 0.8], unsure_below: 0.0 });

    assert_eq!(commands(state.close_tuned()), [Command::OpenTuned { ids: Vec::new() }]);
    opened(&mut state, &[]);
    assert_eq!((state.can_try(), &state.inference.prediction), (true, &None), "the last run answers again");
}

#[test]
fn a_new_run_or_worker_closes_kept_models() {
    for mut state in [with_models(trained()), with_models(running())] {
        state.shelf.opened = vec![kept("1", Task::Classification)];
        state.worker_lost(gone());
        assert!(state.shelf.opened.is_empty());
        assert_eq!(state.shelf.entries.len(), 3, "they are still in the storage");
    }
    let mut state = with_models(running());
    assert_eq!(state.open_tuned("1"), [], "the worker is busy");
    assert_eq!(state.train_further("1"), []);
}

#[test]
fn a_kept_model_is_the_base_of_the_next_run() {
    let mut state = with_models(ready());
    let sent = commands(state.train_further("1"));
    assert!(matches!(&sent[..], [Command::LoadModel { model }] if model.tuned_id() == Some("1")), "{sent:?}");
    let Event::ModelReady { mut model } = model_ready() else { panic!() };
    model.id = "tuned:1".into();
    state.answer(Event::ModelReady { model });
    assert_eq!(state.recipe().model, "tuned:1");
    state.on_event(None, listed(&[TunedModel { name: "Better".into(), ..kept("1", Task::Classification) }]));
    assert_eq!(state.model.entry().unwrap().name, "Better", "it is renamed where it is on offer too");
}

#[test]
fn a_deleted_model_is_closed() {
    let mut state = with_models(trained());
    state.open_tuned("1");
    opened(&mut state, &["1"]);
    assert_eq!(commands(state.delete_tuned("1")), [Command::DeleteTuned { id: "1".into() }]);
    state.on_event(None, listed(&[kept("2", Task::Classification)]));
    assert!(state.shelf.opened.is_empty());
    assert_eq!(state.rename_tuned("2", "  "), [], "an empty name changes nothing");
    let renamed = Command::RenameTuned { id: "2".into(), name: "Ours".into() };
    assert_eq!(commands(state.rename_tuned("2", " Ours ")), [renamed]);
}

#[test]
fn everything_is_removed_at_once_but_not_during_a_run() {
    let mut state = with_models(trained());
    assert!(!state.history.runs.is_empty());
    let effects = state.remove_everything();
    assert!(matches!(effects[..], [Effect::Send(_, Command::ClearStorage), Effect::ClearStorage]));
    assert!(state.history.runs.is_empty());
    assert_eq!(running().remove_everything(), []);
}

/// A page with a change to the file of its last run, and what the worker answers up to the open corrected file.
fn mending() -> State {
    let mut state = trained();
    state.change_row(Change { line: 7, word: None, given: "a".into(), labels: Some(vec!["b".into()]) });
    assert!(matches!(commands(state.retrain())[..], [Command::KeepTuned { .. }]));
    assert!(!state.can_retrain() && state.retraining_words().starts_with("Keeping"));
    let kept_now = state.on_event(state.requests.on(Topic::Keep), Event::TunedKept { id: "1".into() });
    assert_eq!(kept_now, [], "the list of kept models follows");
    let effects = state.on_event(None, listed(&[kept("1", Task::Classification)]));
    assert!(matches!(commands(effects)[..], [Command::Correct { .. }]));
    let effects = state.answer(Event::Corrected { file_name: "new.csv".into() });
    assert_eq!(effects, [Effect::OpenCorrected { file_name: "new.csv".into() }]);
    state.open_corrected("new.csv".into(), 99);
    state
}

#[test]
fn one_press_trains_the_tuned_model_further_on_the_corrected_file() {
    let mut state = mending();
    assert!(state.run.has_weights, "they can be tried until the next run");
    state.answer(file_opened(2));
    let sent = commands(state.answer(data_ready()));
    assert!(matches!(&sent[..], [Command::LoadModel { model }] if model.tuned_id() == Some("1")), "{sent:?}");
    let Event::ModelReady { mut model } = model_ready() else { panic!() };
    model.id = "tuned:1".into();
    assert_eq!(commands(state.answer(Event::ModelReady { model })), [], "the texts are tokenized first");
    assert!(state.retraining_words().starts_with("Loading"));
    let sent = commands(state.answer(tokens_ready()));
    let start = sent.iter().find_map(|command| match command {
        Command::Start { recipe, .. } => Some(recipe.model.clone()),
        _ => None,
    });
    assert_eq!(start.as_deref(), Some("tuned:1"));
    assert_eq!((state.retraining_words(), &state.run.data), ("", &"new.csv".to_owned()));
}

#[test]
fn a_step_that_fails_on_the_way_ends_it_with_the_reason() {
    let mut state = mending();
    state.answer(Event::DataNotOpened { role: DataRole::Train, diagnostic: gone() });
    assert_eq!((state.retraining_words(), state.changes.list.len()), ("", 1));
    assert!(state.can_retrain(), "the model is kept, and everything is as it was");
    assert!(matches!(commands(state.retrain())[..], [Command::Correct { .. }]), "it is not kept twice");
    state.answer(Event::CorrectFailed { diagnostic: gone() });
    assert_eq!((state.retraining_words(), state.changes.diagnostic.take()), ("", Some(gone())));

    let mut state = mending();
    state.answer(file_opened(2));
    state.answer(data_ready());
    state.answer(Event::ModelFailed { diagnostic: gone() });
    let reason = state.changes.diagnostic.take().unwrap();
    assert_eq!(
        (state.retraining_words(), reason.what, reason.done.as_str()),
        ("", gone().what, "Mini is still loaded.")
    );

    let mut state = trained();
    state.change_row(Change { line: 7, word: None, given: "a".into(), labels: None });
    state.retrain();
    state.on_event(state.requests.on(Topic::Keep), Event::TunedFailed { diagnostic: gone() });
    assert_eq!((state.retraining_words(), state.changes.diagnostic.take()), ("", Some(gone())));

    let mut state = mending();
    state.answer(file_opened(2));
    state.answer(data_ready());
    state.worker_lost(gone());
    assert_eq!(state.retraining_words(), "");
}
