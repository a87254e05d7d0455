//! Whole flows through the state, as the worker and a person would drive them.

use std::time::Duration;

use hone_core::dataset::{ClassCount, DataReport, Encoding, Format, Mapping, SourceInfo, TaskFacts, TokenLengths};
use hone_core::metrics::Evaluation;
use hone_core::problem::Problem;
use hone_core::protocol::{
    Backend, Baseline, CatalogEntry, Command, DataRole, DeviceReport, EndReason, Estimate, Event, ExportForm,
    ModelReport, PartState, RateFinding, RatePoint, RowView, RunPlan, RunSummary, StepMetrics,
};
use hone_core::recipe::{
    AdapterKind, ClassWeights, LoraTarget, Place, Pooling, Preset, RawRecipe, ThawUnit, Unfreezing, range_of,
};

use super::fields::{Control, Field, GROUPS, SEED, VALIDATION_SHARE, numbers};
use super::{Axis, FinderStage, Settling, order};
use super::{Effect, Export, Form, Load, Mark, Phase, State, Step};

const MAPPING: Mapping = Mapping::Classification { text: 0, pair: None, label: 1 };

fn source(columns: usize) -> SourceInfo {
    SourceInfo {
        name: "reviews.csv".into(),
        bytes: 100.0,
        format: Format::Delimited,
        encoding: Encoding::Utf8,
        delimiter: Some(','),
        multiline: false,
        has_header: true,
        columns: (0..columns).map(|nth| nth.to_string()).collect(),
        rows: 100,
        preview: Vec::new(),
        guess: MAPPING,
        why: String::new(),
        guesses: vec![MAPPING],
        warnings: Vec::new(),
    }
}

fn opened(columns: usize) -> Event {
    Event::DataOpened { role: DataRole::Train, source: source(columns) }
}

fn data_ready() -> Event {
    report(None)
}

/// The report once more, with the lengths of all texts.
fn tokens_ready() -> Event {
    report(Some(TokenLengths { p50: 20, p95: 40, max: 60, max_len: 64, truncated_share: 0.0 }))
}

fn report(tokens: Option<TokenLengths>) -> Event {
    let class = |label: &str| ClassCount { label: label.into(), rows: 50 };
    Event::DataReady {
        report: DataReport {
            mapping: MAPPING,
            rows_kept: 100,
            rows_dropped: 0,
            dropped: Vec::new(),
            classes: vec![class("a"), class("b")],
            duplicates: 0,
            contradictions: 0,
            across_split: 0,
            repeated: Vec::new(),
            train_rows: 90,
            validation_rows: 10,
            majority_share: Some(0.5),
            facts: TaskFacts::None,
            tokens,
            warnings: Vec::new(),
        },
    }
}

fn entry() -> CatalogEntry {
    CatalogEntry {
        id: "mini".into(),
        name: "Mini".into(),
        description: String::new(),
        hub_id: String::new(),
        license: "MIT".into(),
        parameters: 22.7e6,
        bytes: 91e6,
        folder: "models/mini/".into(),
        files: Vec::new(),
        weights: "model.safetensors".into(),
        sha256: String::new(),
        task: hone_core::recipe::Task::Classification,
        pooling: Pooling::Mean,
    }
}

fn model_ready() -> Event {
    Event::ModelReady {
        model: ModelReport {
            id: "mini".into(),
            name: "Mini".into(),
            family: "bert".into(),
            parameters: 22.7e6,
            layers: 6,
            hidden: 384,
            max_positions: 512,
            vocab: 30_522,
            applied: 101,
            missing: Vec::new(),
            unused: Vec::new(),
        },
    }
}

fn device_ready() -> Event {
    let device =
        DeviceReport { backend: Backend::Cpu, adapter: String::new(), check: None, reason: "no WebGPU".into() };
    Event::Ready { device }
}

fn baseline() -> Baseline {
    Baseline { label: "a".into(), accuracy: 0.5, macro_f1: 0.33 }
}

fn started() -> Event {
    Event::Started {
        plan: RunPlan {
            recipe: RawRecipe::default(),
            labels: vec!["a".into(), "b".into()],
            train_rows: 90,
            validation_rows: 10,
            total_steps: 18,
            steps_per_epoch: 6,
            max_len: 64,
            trainable_parameters: 10e6,
            lr_curve: vec![(0, 0.0), (18, 0.0)],
            parts: vec![part(Place::Layer(5), false), part(Place::Head, true)],
            baseline: baseline(),
        },
    }
}

fn part(place: Place, live: bool) -> PartState {
    PartState { place, live, by_hand: false, rate_factor: 1.0, parameters: 10.0 }
}

fn evaluation(step: u32, accuracy: f64) -> Evaluation {
    Evaluation {
        step,
        epoch: 1.0,
        loss: 0.5,
        accuracy,
        macro_f1: accuracy,
        weighted_f1: accuracy,
        classes: Vec::new(),
        confusion: vec![vec![4, 1], vec![3, 2]],
    }
}

fn finished() -> Event {
    Event::Finished {
        summary: RunSummary {
            reason: EndReason::Completed,
            steps: 18,
            best: evaluation(18, 0.9),
            baseline: baseline(),
            forgetting: None,
            seconds: 10.0,
            advice: None,
        },
    }
}

fn read(text: &str) -> Result<RawRecipe, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn gone() -> Problem {
    Problem::new("engine.broken", "It is gone.")
}

/// A page whose worker is there, with a file, a mapping and a model.
fn ready() -> State {
    let mut state = State::default();
    state.restart();
    state.catalog(Ok(vec![entry()]));
    state.listening();
    state.on_event(device_ready());
    state.open(DataRole::Train, "reviews.csv".into());
    for event in [opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.on_event(event);
    }
    state
}

fn running() -> State {
    let mut state = ready();
    state.start();
    state.on_event(started());
    state
}

fn trained() -> State {
    let mut state = running();
    state.on_event(finished());
    state
}

#[test]
fn a_dropped_file_is_read_mapped_by_the_guess_and_brings_the_model() {
    let mut state = State::default();
    state.restart();
    state.catalog(Ok(vec![entry()]));
    assert!(matches!(
        state.open(DataRole::Train, "reviews.csv".into())[..],
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
    assert_eq!(state.open(DataRole::Train, "other.csv".into()), []);
    assert!(state.data.notice.take().is_some_and(|notice| notice.what.contains("other.csv")));
    assert_eq!(state, before);
}

#[test]
fn only_the_last_of_two_files_dropped_in_a_row_counts() {
    let mut state = ready();
    state.open(DataRole::Train, "first.csv".into());
    state.open(DataRole::Train, "second.csv".into());
    assert_eq!(state.on_event(opened(9)), []);
    assert!(matches!(state.on_event(opened(2))[..], [Effect::Send(Command::MapData { .. })]));
}

#[test]
fn a_file_that_cannot_be_read_blocks_the_start_and_can_be_read_otherwise() {
    let mut state = ready();
    state.open(DataRole::Train, "latin.csv".into());
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
    state.open(DataRole::Train, "other.csv".into());
    assert!(matches!(state.on_event(opened(2))[..], [Effect::Send(Command::MapData { mapping: MAPPING, .. })]));
}

#[test]
fn an_own_validation_file_takes_the_place_of_the_split() {
    let mut state = ready();
    state.open(DataRole::Validation, "check.csv".into());
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
    state.open(DataRole::Validation, "check.csv".into());
    state.close_validation();
    let late = Event::DataOpened { role: DataRole::Validation, source: source(2) };
    assert_eq!(state.on_event(late), []);
    assert_eq!(state.data.validation, Default::default());

    state.open(DataRole::Validation, "check.csv".into());
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

#[test]
fn a_stop_is_not_undone_by_a_pause_or_resume_on_its_way() {
    let mut state = running();
    state.stop();
    for late in [Event::Paused, Event::Resumed] {
        state.on_event(late);
        assert_eq!(state.run.phase, Phase::Stopping);
    }
}

#[test]
fn a_run_that_cannot_start_leaves_the_one_before_in_place() {
    let mut state = trained();
    let before = state.run.clone();
    state.start();
    assert!(!state.run.has_weights, "nothing is asked of weights that are about to go");
    state.on_event(Event::RunFailed { problem: gone() });
    assert_eq!(state.run.rejected.take(), Some(gone()));
    assert_eq!(state.run, before);

    state.start();
    state.on_event(started());
    state.on_event(Event::RunFailed { problem: gone() });
    assert_eq!(state.run.phase, Phase::Failed(gone()));
}

#[test]
fn a_worker_lost_in_a_run_is_replaced_and_everything_but_the_run_is_restored() {
    let mut state = running();
    state.form.recipe.epochs = 7;
    let effects = state.worker_lost(gone());
    assert!(matches!(
        effects[..],
        [
            Effect::Replace,
            Effect::Send(Command::Hello { .. }),
            Effect::Send(Command::OpenData { role: DataRole::Train, .. }),
            Effect::Send(Command::LoadModel { .. }),
        ]
    ));
    assert_eq!(state.run.phase, Phase::Failed(gone()));
    assert_eq!(state.form.recipe.epochs, 7);
    assert!(state.blocker().is_some(), "nothing starts before the file is read again");
    for event in [device_ready(), opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.on_event(event);
    }
    assert!(matches!(&state.start()[..], [Effect::Send(Command::Start { recipe })] if recipe.epochs == 7));
}

#[test]
fn what_killed_the_worker_is_not_tried_again_by_itself() {
    let mut state = ready();
    state.open(DataRole::Train, "bomb.csv".into());
    let effects = state.worker_lost(gone());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(Command::OpenData { .. }))));
    assert_eq!(state.data.train.problem, Some(gone()));

    let mut state = ready();
    state.load_model();
    let effects = state.worker_lost(gone());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(Command::LoadModel { .. }))));
    assert_eq!(state.model.load, Load::Failed(gone()));

    let mut state = State::default();
    state.restart();
    assert_eq!(state.worker_lost(gone()), [], "a worker that never was ready is not replaced for ever");
    assert_eq!(state.device.failed, Some(gone()));
}

#[test]
fn a_run_is_silent_only_while_it_computes() {
    let (short, long) = (Duration::from_secs(29), Duration::from_secs(31));
    let mut state = running();
    assert!(!state.is_silent(short) && state.is_silent(long));
    state.on_event(Event::Busy { seconds: 60.0 });
    assert!(!state.is_silent(long), "it said that it would be silent for a minute");
    state.on_event(Event::Evaluating { done: 1, total: 2 });
    assert!(state.is_silent(long));
    state.on_event(Event::Paused);
    assert!(!state.is_silent(long));
    assert!(!trained().is_silent(long));
}

#[test]
fn whatever_the_worker_was_asked_for_may_be_silent_for_two_minutes() {
    let (short, long) = (Duration::from_secs(119), Duration::from_secs(121));
    let mut fresh = State::default();
    fresh.restart();
    assert!(!fresh.is_silent(long), "it is still on its way over the network");
    fresh.listening();
    let asked: [fn(&mut State); 5] = [
        |state| drop(state.reread(None, None)),
        |state| drop(state.remap()),
        |state| drop(state.load_model()),
        |state| {
            state.trial.text = "x".into();
            state.ask();
        },
        |state| drop(state.export(ExportForm::Model)),
    ];
    let waiting = asked.map(|ask| {
        let mut state = trained();
        assert!(!state.is_silent(long), "nothing is awaited");
        ask(&mut state);
        state
    });
    for mut state in waiting.into_iter().chain([fresh]) {
        assert!(!state.is_silent(short) && state.is_silent(long));
        state.on_event(Event::Busy { seconds: 60.0 });
        assert!(!state.is_silent(long));
        state.worker_lost(gone());
        assert!(!state.is_silent(long), "the next one is on its way, or none is");
    }
}

#[test]
fn an_evaluation_of_nothing_is_not_shown() {
    let mut state = running();
    state.on_event(Event::Evaluating { done: 0, total: 0 });
    assert_eq!(state.run.evaluating, None);
}

#[test]
fn steps_and_evaluations_are_kept_in_order_with_the_best_marked() {
    let mut state = running();
    let step = |step: u32| StepMetrics {
        step,
        epoch: 0.5,
        loss: if step == 2 { f64::NAN } else { 0.7 },
        grad_norm: 1.0,
        lr: 1e-5,
        tokens: 100,
        taken: step != 2,
    };
    state.on_event(Event::Steps { steps: vec![step(1), step(2)], tokens_per_s: 10.0, seconds_left: None });
    state.on_event(Event::Steps { steps: vec![step(3)], tokens_per_s: 10.0, seconds_left: Some(38.0) });
    assert_eq!(state.line(Step::Train).text, "step 3 of 18 · 38\u{a0}s left");
    for (at, accuracy, is_best) in [(1, 0.6, true), (2, 0.9, true), (3, 0.8, false)] {
        state.on_event(Event::Evaluated { evaluation: evaluation(at, accuracy), is_best });
    }
    assert_eq!(state.run.best, Some(1));
    let picture = state.run.loss_picture();
    assert!(picture.shapes.iter().all(|shape| !shape.path.contains("NaN")), "{picture:?}");
    assert!(picture.summary.contains("0.700"), "{}", picture.summary);
}

#[test]
fn mistakes_come_from_the_fullest_wrong_cell() {
    let mut state = trained();
    assert_eq!(state.fetch_mistakes(), [Effect::Send(Command::Rows { actual: 1, predicted: 0 })]);
    let row = RowView { line: 2, text: "odd".into(), probability: 0.9 };
    state.on_event(Event::Rows { actual: 1, predicted: 0, rows: vec![row], total: 3 });
    assert_eq!((state.trial.mistakes[0].text.as_str(), state.trial.mistakes[0].actual.as_str()), ("odd", "b"));
    assert_eq!(state.run.cell, None, "a cell opens only when it is pressed");
}

#[test]
fn only_the_answer_to_the_last_question_is_shown() {
    let mut state = trained();
    let answer = |id| Event::Predicted {
        id,
        labels: vec!["a".into(), "b".into()],
        base: vec![0.5, 0.5],
        tuned: vec![0.1, 0.9],
        tokens: 3,
        truncated: false,
    };
    assert_eq!(state.ask(), [], "an empty box asks nothing");
    state.trial.text = "x".into();
    state.ask();
    state.ask();
    state.on_event(answer(1));
    assert_eq!(state.trial.answer, None);
    state.trial.text = "typed since".into();
    state.on_event(answer(2));
    let shown = state.trial.answer.as_ref().map(|answer| (answer.text.as_str(), answer.classes[0].label.as_str()));
    assert_eq!(shown, Some(("x", "b")));
}

#[test]
fn tuned_weights_go_with_their_data_and_their_worker() {
    let mut state = trained();
    assert_eq!(state.line(Step::Export).mark, Mark::Open);
    state.on_event(Event::Exported { file_name: "model.zip".into(), bytes: 1.0 });
    assert_eq!(state.line(Step::Export).mark, Mark::Done);
    state.map(Mapping::Classification { text: 1, pair: None, label: 0 });
    assert_eq!((state.run.has_weights, &state.export), (false, &Export::Idle));
    assert_eq!(state.open_cell(0, 1), []);

    let mut state = trained();
    state.choose_device(hone_core::protocol::DeviceChoice::Cpu);
    assert!(!state.run.has_weights);
}

fn all_fields() -> impl Iterator<Item = &'static Field> {
    numbers().chain([&VALIDATION_SHARE, &SEED])
}

#[test]
fn every_field_reads_back_what_it_shows_and_keeps_to_its_range() {
    let recipe = RawRecipe::default();
    for field in all_fields().filter(|field| (field.applies)(&recipe)) {
        let mut recipe = recipe.clone();
        let shown = field.shown(&recipe);
        field.parse_into(&shown, &mut recipe).unwrap_or_else(|error| panic!("{}: {error}", field.name));
        assert_eq!(recipe, RawRecipe::default(), "{}", field.name);
        let (_, most) = field.range();
        for wrong in ["x", "NaN", "-1", &(most * 2.0).to_string()] {
            assert!(field.parse_into(wrong, &mut recipe).is_err(), "{} took {wrong}", field.name);
        }
        assert_eq!(recipe, RawRecipe::default(), "{}", field.name);
    }
}

#[test]
fn a_share_is_typed_in_per_cent_and_a_comma_is_a_point() {
    let mut recipe = RawRecipe::default();
    VALIDATION_SHARE.parse_into("12,5", &mut recipe).unwrap();
    assert_eq!(recipe.validation_share, 0.125);
    assert_eq!(VALIDATION_SHARE.range(), (2.0, 100.0 * range_of("validation_share").end()));
    let rate = all_fields().find(|field| field.name == "lr_peak").unwrap();
    rate.parse_into("5e-5", &mut recipe).unwrap();
    assert_eq!((recipe.lr_peak, rate.shown(&recipe).as_str()), (Some(5e-5), "5e-5"));
    rate.parse_into("", &mut recipe).unwrap();
    assert_eq!(recipe.lr_peak, None);
}

#[test]
fn a_recipe_file_is_taken_whole_or_not_at_all() {
    let mut form = Form::default();
    form.import(read(r#"{"epochs": 5}"#), None);
    assert_eq!((form.recipe.epochs, &form.problem), (5, &None));
    for (text, named) in [(r#"{"epochs": 9, "dropout": 2.0}"#, "dropout"), (r#"{"epoch": 9}"#, "epoch"), ("", "EOF")] {
        form.import(read(text), None);
        assert_eq!(form.recipe.epochs, 5);
        assert!(form.problem.as_ref().is_some_and(|problem| problem.what.contains(named)), "{:?}", form.problem);
    }
}

#[test]
fn the_planned_curve_ends_where_the_run_ends() {
    let mut state = ready();
    let recipe = &mut state.form.recipe;
    (recipe.batch_size, recipe.epochs, recipe.lr_peak) = (16, 3, Some(1e-4));
    assert_eq!(state.planned_steps(), 18);
    let curve = state.planned_curve();
    assert_eq!((curve[0], *curve.last().unwrap()), ((0.0, 0.0), (18.0, 0.0)));
}

#[test]
fn every_choice_and_switch_reads_back_what_was_set() {
    for control in GROUPS.iter().flat_map(|group| group.controls) {
        let mut recipe = RawRecipe { train_embeddings: true, ..RawRecipe::default() };
        match control {
            Control::Number(_) => {}
            Control::Choice(choice) => {
                for index in 0..choice.options.len() {
                    choice.choose(index, &mut recipe);
                    assert_eq!(choice.chosen(&recipe), index, "{}", choice.name);
                }
                let before = recipe.clone();
                choice.choose(99, &mut recipe);
                assert_eq!(recipe, before, "{}", choice.name);
            }
            Control::Switch(switch) => {
                for is_on in [true, false] {
                    switch.set(is_on, &mut recipe);
                    assert_eq!(switch.is_on(&recipe), is_on, "{}", switch.name);
                }
            }
        }
    }
}

#[test]
fn every_field_of_the_recipe_has_a_place_on_the_page() {
    let elsewhere =
        ["version", "task", "model", "validation_share", "seed", "part_rates", "thaw_order", "lora_targets"];
    let controls = || GROUPS.iter().flat_map(|group| group.controls);
    let serde_json::Value::Object(fields) = serde_json::to_value(RawRecipe::default()).unwrap() else { panic!() };
    for name in fields.keys().filter(|name| !elsewhere.contains(&name.as_str())) {
        assert!(controls().any(|control| control.name() == name), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_hidden_field_does_not_hold_up_a_run() {
    let mut state = ready();
    let field = numbers().find(|field| field.name == "warmup_share").unwrap();
    state.form.type_in(field, "x");
    assert!(state.blocker().is_some());
    let schedule = GROUPS[0].controls.iter().find_map(|control| match control {
        Control::Choice(choice) if choice.name == "schedule" => Some(choice),
        _ => None,
    });
    state.form.choose(schedule.unwrap(), 7);
    assert_eq!(state.blocker(), None);
}

#[test]
fn a_preset_is_taken_and_a_change_to_it_is_seen() {
    let mut state = ready();
    assert!(!state.form.is_changed());
    state.form.recipe.seed = 7;
    assert!(!state.form.is_changed(), "a preset says nothing of the seed");
    state.form.take_preset(Preset::Balanced);
    assert_eq!((state.form.recipe.seed, state.form.recipe.unfreezing), (7, Unfreezing::Gradual));
    state.form.recipe.epochs = 9;
    assert!(state.form.is_changed());
    state.start();
    assert_eq!(state.run.name, "1 · Balanced, changed");
}

#[test]
fn a_recipe_file_brings_back_every_map_and_list() {
    let recipe = RawRecipe {
        part_rates: [(Place::Head, 1e-2), (Place::Layer(5), 1e-4)].into(),
        class_weights: ClassWeights::Given([("a".to_owned(), 2.0)].into()),
        thaw_order: vec![vec![Place::Head], vec![Place::Layer(5), Place::Layer(4)]],
        lora_targets: vec![LoraTarget::Query],
        unfreezing: Unfreezing::Gradual,
        ..RawRecipe::default()
    };
    let mut state = ready();
    state.open_recipe(read(&serde_json::to_string(&recipe).unwrap()));
    assert_eq!((&state.form.recipe, &state.form.problem), (&recipe, &None));
    state.open_recipe(read(r#"{"reinit_layers": 7}"#));
    assert!(state.form.problem.is_some(), "the loaded model has six layers");
}

#[test]
fn rates_and_weights_are_typed_one_by_one() {
    let mut state = ready();
    let rates = state.planned_rates();
    assert_eq!((rates.len(), rates[&Place::Head]), (8, 1e-4));
    state.form.set_rates(rates);
    state.form.type_rate(Place::Layer(5), "5e-5");
    state.form.type_rate(Place::Layer(4), "much");
    assert_eq!(state.form.recipe.part_rates[&Place::Layer(5)], 5e-5);
    assert!(state.form.errors.contains_key("part_rates.layer.4") && state.blocker().is_some());
    state.form.set_rates(Default::default());
    assert_eq!(state.blocker(), None);

    state.form.recipe.class_weights = ClassWeights::Given(Default::default());
    assert_eq!(state.form.class_weight("a"), 1.0);
    state.form.type_class_weight("a", "2,5");
    assert_eq!(state.form.class_weight("a"), 2.5);
    state.form.type_class_weight("b", "-1");
    assert!(state.form.errors.contains_key("class_weights.b"));
}

#[test]
fn the_stages_of_a_run_are_known_before_it_begins() {
    let mut state = ready();
    assert_eq!(state.planned_stages().unwrap().begins, ["whole run"]);
    state.form.take_preset(Preset::Balanced);
    (state.form.recipe.thaw_every, state.form.recipe.epochs) = (1.0, 3);
    let grid = state.planned_stages().unwrap();
    assert_eq!(grid.begins[..3], ["0", "1", "2"]);
    assert_eq!(grid.is_reached, [true, true, true, false, false, false, false]);
    assert_eq!(grid.rows[0], (Place::Head, vec![true; 7]));
    assert_eq!(grid.rows[1].1[..3], [false, true, true]);
    let parts = state.planned_parts();
    assert!(parts.last().unwrap().live && !parts[6].live);

    let places = state.places();
    state.form.set_order(order::from_the_top(&places));
    state.form.type_order("head; 6, 5; 9", &places);
    assert!(state.form.errors.contains_key("thaw_order"));
    state.form.type_order("head; 6, 5", &places);
    assert_eq!(state.planned_stages().unwrap().begins.len(), 2);
    state.form.recipe.thaw_unit = ThawUnit::Stall;
    assert_eq!(state.planned_stages().unwrap().is_reached, [true, true]);
}

#[test]
fn an_adapter_learns_a_small_part_of_the_parameters() {
    let mut state = ready();
    // Exactly those of MiniLM: six layers of 1,774,464, and a head of two classes.
    assert_eq!(state.planned_parameters(), 6.0 * 1_774_464.0 + 770.0);
    state.form.take_preset(Preset::Adapter);
    let rank = 8.0 * (4.0 * 768.0 + 2.0 * 1920.0);
    assert_eq!(state.planned_parameters(), 6.0 * rank + 770.0);
    state.form.recipe.adapter = AdapterKind::Dora;
    assert_eq!(state.planned_parameters(), 6.0 * (rank + 9.0 * 384.0) + 770.0);
    state.form.set_target(LoraTarget::Query, false);
    assert_eq!(state.form.recipe.lora_targets.len(), 5);
    state.form.recipe.train_embeddings = true;
    assert!(state.blocker().is_some_and(|words| words.contains("adapter")));
}

#[test]
fn parts_are_frozen_by_hand_only_in_a_run() {
    let mut state = ready();
    assert_eq!(state.set_live(Place::Head, Some(false)), []);
    let mut state = running();
    assert!(state.run.part(Place::Head).unwrap().live);
    assert_eq!(
        state.set_live(Place::Head, Some(false)),
        [Effect::Send(Command::SetLive { place: Place::Head, live: Some(false) })]
    );
    state.on_event(Event::Parts { step: 3, parts: vec![part(Place::Head, false)] });
    assert!(!state.run.part(Place::Head).unwrap().live);
}

#[test]
fn a_rate_is_looked_for_found_and_taken() {
    let mut state = ready();
    assert!(matches!(state.find_rate()[..], [Effect::Send(Command::FindRate { .. })]));
    assert!(state.blocker().is_some() && state.is_engaged());
    assert!(state.is_silent(Duration::from_secs(31)));
    let point = |lr: f64, smooth| RatePoint { lr, loss: smooth, smooth };
    for at in [point(1e-5, 0.7), point(1e-4, 0.5), point(1e-3, f64::NAN)] {
        state.on_event(Event::RateTried { point: at, total: 100 });
    }
    assert!(state.finder.picture().shapes.iter().all(|shape| !shape.path.contains("NaN")));
    let points = state.finder.points.clone();
    let finding = RateFinding { points, steepest: Some(1e-4), valley: Some(3.333e-5), diverged: true };
    state.on_event(Event::RateFound { finding });
    assert!(state.finder.picture().summary.contains("Valley 3.33e-5"));
    state.take_rate(3.333e-5);
    assert_eq!((state.form.recipe.lr_peak, state.blocker()), (Some(3.3e-5), None));

    state.find_rate();
    state.worker_lost(gone());
    assert_eq!(state.finder.stage, FinderStage::Failed(gone()));
}

fn estimate(state: &State, bytes: f64, nearest: Option<RawRecipe>) -> Event {
    let estimate = Estimate { seconds: 96.0, bytes, limit_bytes: 1e9, steps: 24, step_ms: None, nearest };
    Event::Estimated { recipe: state.recipe().into(), estimate }
}

#[test]
fn a_recipe_is_measured_once_and_again_when_it_changes() {
    let mut state = ready();
    assert!(matches!(state.ask_estimate()[..], [Effect::Send(Command::Estimate { .. })]));
    assert_eq!(state.ask_estimate(), [], "it has been asked");
    assert!(state.is_silent(Duration::from_secs(121)));
    state.on_event(estimate(&state, 4e8, None));
    assert!(state.estimate().is_some_and(|estimate| estimate.as_ref().is_ok_and(Estimate::fits)));
    state.form.recipe.epochs = 3;
    assert_eq!(state.estimate(), None, "it was of another recipe");
    assert!(state.open_question().is_some());
    state.ask_estimate();
    assert!(matches!(state.start()[..], [Effect::Send(Command::Stop), Effect::Send(Command::Start { .. })]));
    assert_eq!(state.open_question(), None, "nothing is measured in a run");
    state.on_event(estimate(&state, 4e8, None));
    assert_eq!(state.estimate(), None, "the question was given up");
}

#[test]
fn an_estimate_that_kills_the_worker_is_not_asked_again_by_itself() {
    let mut state = ready();
    state.ask_estimate();
    state.worker_lost(gone());
    for event in [device_ready(), opened(2), data_ready(), model_ready(), tokens_ready()] {
        state.on_event(event);
    }
    assert_eq!((state.open_question(), state.blocker()), (None, None));
    assert_eq!(state.estimate(), Some(&Err(gone())));
}

#[test]
fn a_recipe_that_does_not_fit_is_refused_and_the_nearest_is_offered() {
    let mut state = ready();
    state.form.recipe.batch_size = 64;
    state.ask_estimate();
    let nearest = RawRecipe { batch_size: 4, grad_accum_steps: 16, model: "mini".into(), ..RawRecipe::default() };
    state.on_event(estimate(&state, 2e9, Some(nearest)));
    assert!(state.blocker().is_some_and(|words| words.contains("2.0\u{a0}GB")));
    assert_eq!(state.start(), []);
    state.take_nearest();
    assert_eq!((state.form.recipe.batch_size, state.form.recipe.grad_accum_steps), (4, 16));
    assert_eq!((state.blocker(), state.form.recipe.model.as_str()), (None, ""));
}

#[test]
fn a_question_settles_before_it_is_asked() {
    let mut state = ready();
    let mut settling = Settling::default();
    let looks = |settling: &mut Settling, state: &State| {
        (0..6).map(|_| settling.is_settled(state.open_question())).collect::<Vec<_>>()
    };
    assert_eq!(looks(&mut settling, &state), [false, false, false, false, true, false]);
    state.form.recipe.epochs = 5;
    assert!(!settling.is_settled(state.open_question()));
    assert_eq!(looks(&mut Settling::default(), &State::default()), [false; 6]);
}

#[test]
fn several_runs_follow_each_other_and_are_all_kept() {
    let mut state = ready();
    assert!(matches!(&state.start_seeds(3)[..], [Effect::Send(Command::Start { recipe })] if recipe.seed == 42));
    assert_eq!(state.queue.position(), Some((1, 3)));
    for (seed, number) in [(43, 2), (44, 3)] {
        state.on_event(started());
        let effects = state.on_event(finished());
        assert!(
            matches!(&effects[..], [Effect::KeepRuns, Effect::Send(Command::Start { recipe })] if recipe.seed == seed)
        );
        assert_eq!(state.queue.position(), Some((number, 3)));
    }
    state.on_event(started());
    assert_eq!(state.on_event(finished()), [Effect::KeepRuns]);
    assert_eq!(state.queue.position(), None);
    let names: Vec<&str> = state.history.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["1 · seed 42", "2 · seed 43", "3 · seed 44"]);
}

#[test]
fn runs_that_wait_are_dropped_when_asked_or_when_one_fails() {
    let mut state = ready();
    state.axes[0] = Axis { field: "epochs".into(), values: "1, 2, 3".into() };
    state.start_sweep();
    state.on_event(started());
    assert_eq!(state.drop_waiting(), []);
    assert_eq!(state.on_event(finished()), [Effect::KeepRuns]);

    state.start_sweep();
    state.on_event(started());
    state.on_event(Event::RunFailed { problem: gone() });
    assert!(matches!(&state.run.phase, Phase::Failed(problem) if problem.done == "2 runs that waited were not begun."));
    assert_eq!(state.queue.position(), None);
}
