//! The effects of the task: on the model, the recipe and the queries.

use hone_core::catalog::CatalogEntry;
use hone_core::dataset::DataRole;
use hone_core::dataset::Mapping;
use hone_core::inference::{Answer, Hit, Query};
use hone_core::protocol::{Command, Event};
use hone_core::recipe::{AdapterKind, Family, Field, FieldKind, Metric, Preset, RecipeSpec, Schedule, Task};
use hone_core::run::WrongRow;

use crate::state::tests::{commands, data_ready, device_ready, entry, offering, started};
use crate::state::{Effect, FileChoice, Load, Phase, QueryKind, State, Topic};

fn completion() -> Mapping {
    Mapping::Completion { prompt: "{0}".into(), completion: 1 }
}

/// A page with two models on offer and a file whose columns are prompts and completions.
fn writing() -> State {
    let decoder = CatalogEntry { id: "writer".into(), family: Family::Llama, parameters: 135e6, ..entry() };
    let mut state = State::default();
    state.restart();
    state.on_catalog(Ok(vec![entry(), decoder]));
    state.on_listening();
    state.answer(device_ready());
    state.open(DataRole::Train, FileChoice::new("a.fra".into(), Some("a.eng".into()), 0));
    let source = offering(vec![completion()], 2);
    state.answer(Event::DataOpened { role: DataRole::Train, source });
    state
}

/// A run of a task that has begun.
fn running(task: Task) -> State {
    let mut state = writing();
    let Event::Started { mut plan } = started() else { panic!() };
    plan.recipe.task = task;
    state.run.phase = Phase::Starting;
    state.requests.open(Topic::Run);
    state.answer(Event::Started { plan });
    state
}

#[test]
fn two_files_are_sent_to_the_worker_together() {
    let mut state = State::default();
    let effects = state.open(DataRole::Train, FileChoice::new("a.fra".into(), Some("a.eng".into()), 0));
    assert!(matches!(
        &effects[..],
        [Effect::Send(_, Command::OpenData { aligned_with: Some(other), .. })] if other == "a.eng"
    ));
}

#[test]
fn generation_chooses_a_decoder_but_does_not_load_it() {
    let mut state = writing();
    assert!(state.model.chosen == 1 && matches!(state.model.load, Load::Idle { .. }));
    assert_eq!(state.answer(data_ready()), [], "a large model is loaded only when the user chooses it");
    assert_eq!(state.blocker().as_deref(), Some("Waiting for the model. Load it above."));
    let recipe = &state.form.recipe;
    assert_eq!(
        (recipe.task, recipe.adapter, state.form.preset),
        (Task::Generation, AdapterKind::Lora, Preset::Adapter)
    );
    assert_eq!((recipe.dropout, recipe.schedule, state.filled_form().batch_size), (0.0, Schedule::Cosine, Some(4)));
    assert!(!state.form.is_changed());
    state.map(Mapping::Classification { text: 0, pair: None, label: 1 });
    assert_eq!((state.model.chosen, state.form.recipe.task), (0, Task::Classification));
    assert_eq!(state.form.recipe, RecipeSpec::default());
    assert!(
        matches!(&state.answer(data_ready())[..], [Effect::Send(_, Command::LoadModel { model })] if model.id == "mini")
    );
}

#[test]
fn changes_for_a_task_are_kept_while_the_task_stays() {
    let mut state = writing();
    state.form.recipe.epochs = Some(9);
    state.map(Mapping::Corpus { text: 0 });
    assert_eq!(state.form.recipe.epochs, Some(9));
}

#[test]
fn fields_without_effect_on_a_task_are_hidden_and_each_task_has_its_metrics() {
    for task in Task::ALL {
        let mut recipe = RecipeSpec { task, ..RecipeSpec::default() };
        let applies = |name: &str| {
            Field::named(name).is_some_and(|field| (field.applies)(&RecipeSpec { task, ..RecipeSpec::default() }))
        };
        let has_classes = matches!(task, Task::Classification | Task::TokenClassification);
        assert_eq!([applies("class_weights"), applies("focal_gamma"), applies("r_drop")], [has_classes; 3]);
        assert_eq!(applies("label_smoothing"), has_classes || task == Task::Generation);
        assert_eq!(applies("doc_stride"), task == Task::QuestionAnswering);
        assert_eq!(applies("generated_rows"), task == Task::Generation);
        let Some(FieldKind::Choice(best)) = Field::named("metric_for_best_model").map(|field| &field.kind) else {
            panic!()
        };
        let labels: Vec<&str> = (best.options)(&recipe).iter().map(|option| option.label).collect();
        let names: Vec<&str> = Metric::of(task).iter().map(|metric| metric.name()).collect();
        assert_eq!(labels, names);
        (best.set)(&mut recipe, 1);
        assert_eq!((recipe.metric_for_best_model, (best.get)(&recipe)), (Some(Metric::of(task)[1]), 1));
        (best.set)(&mut recipe, 0);
        assert_eq!(recipe.metric_for_best_model, None, "the default metric is left automatic");
    }
}

#[test]
fn a_generated_text_grows_until_it_is_complete() {
    let mut state = running(Task::Generation);
    assert_eq!(state.query_kind(), QueryKind::Prompt);
    state.inference.text = "Say".into();
    assert!(matches!(&state.predict()[..], [Effect::Send(_, Command::Predict { query: Query::Prompt { .. }, .. })]));
    let written = |text: &str, is_over| Answer::Generated { text: text.into(), is_over };
    let answer = |text, is_over| Event::Predicted {
        labels: Vec::new(),
        base: Some(written("x", true)),
        tuned: written(text, is_over),
        tokens: 1,
        truncated: false,
    };
    for (text, is_over) in [("so", false), ("so be", false), ("so be it", true)] {
        state.answer(answer(text, is_over));
        assert_eq!((state.is_generating(), state.can_predict()), (!is_over, is_over), "{text}");
    }
    let tuned = state.inference.prediction.as_ref().and_then(|reply| reply.columns.last());
    assert_eq!(tuned.map(|column| &column.answer), Some(&written("so be it", true)));
    assert_eq!(commands(state.stop_generating()), [Command::StopWriting]);
}

#[test]
fn lines_are_searched_and_what_is_nearest_comes_before_beside_after() {
    let mut state = running(Task::Embeddings);
    assert_eq!(state.query_kind(), QueryKind::Search);
    state.inference.text = "one\n\n  two \n".into();
    assert!(!state.can_predict(), "nothing to search for");
    state.inference.other = "a query".into();
    let effects = state.predict();
    let [Effect::Send(_, Command::Predict { query: Query::Search { query, texts }, .. })] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((query.as_str(), texts.join("|").as_str()), ("a query", "one|two"));
    let nearest = |text: &str| Answer::Nearest { hits: vec![Hit { text: text.into(), score: 0.5 }] };
    let (base, tuned) = (Some(nearest("one")), nearest("two"));
    state.answer(Event::Predicted { labels: Vec::new(), base, tuned, tokens: 9, truncated: false });
    let columns = state.inference.prediction.unwrap().columns;
    assert_eq!(
        columns.iter().map(|column| column.caption.as_str()).collect::<Vec<_>>(),
        ["Before training", "After training"]
    );
    assert_eq!(
        columns.iter().map(|column| column.answer.clone()).collect::<Vec<_>>(),
        [nearest("one"), nearest("two")]
    );
}

#[test]
fn passages_are_ranked_for_a_query_and_a_picked_one_is_a_line() {
    let mut state = running(Task::Reranking);
    assert_eq!(state.query_kind(), QueryKind::Rank);
    state.inference.other = "a query".into();
    assert!(!state.can_predict(), "there is no passage");
    state.inference.text = "one\n\n  two \n".into();
    let sent = |effects: Vec<Effect>| match commands(effects).into_iter().next() {
        Some(Command::Predict { query: Query::Search { query, texts }, .. }) => (query, texts.join("|")),
        other => panic!("{other:?}"),
    };
    assert_eq!(sent(state.predict()), ("a query".into(), "one|two".into()));
    let row = WrongRow {
        line: 2,
        is_in_train_file: true,
        text: "its query".into(),
        pair: Some("its\npassage".into()),
        given: "1".into(),
        predicted: "0".into(),
        likely: None,
        measure: String::new(),
        nearest: Vec::new(),
    };
    state.inference.pending = None;
    assert_eq!(sent(state.predict_row(row)), ("its query".into(), "its passage".into()));
}

#[test]
fn a_pair_needs_both_texts() {
    let mut state = writing();
    state.run.mapping = Some(Mapping::Classification { text: 0, pair: Some(1), label: 2 });
    assert_eq!(state.query_kind(), QueryKind::Pair);
    state.inference.text = "a".into();
    assert_eq!((state.can_predict(), state.predict()), (false, Vec::new()));
    state.inference.other = "b".into();
    assert!(state.can_predict());
}
