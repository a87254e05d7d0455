//! Whole flows through the state, as the worker and a person would drive them.

use std::time::Duration;

use hone_core::dataset::{ClassCount, DataReport, Encoding, Format, Mapping, SourceInfo, TokenLengths};
use hone_core::metrics::Evaluation;
use hone_core::problem::Problem;
use hone_core::protocol::{
    Backend, Baseline, CatalogEntry, Command, DataRole, DeviceReport, EndReason, Event, ModelReport, RowView, RunPlan,
    RunSummary, StepMetrics,
};
use hone_core::recipe::{Pooling, RawRecipe, range_of};

use super::fields::{Field, GROUPS, SEED, VALIDATION_SHARE};
use super::{Effect, Export, Form, Load, Mark, Phase, State, Step};

const MAPPING: Mapping = Mapping { text: 0, label: 1 };

fn source(columns: usize) -> SourceInfo {
    SourceInfo {
        name: "reviews.csv".into(),
        bytes: 100.0,
        format: Format::Delimited,
        encoding: Encoding::Utf8,
        delimiter: Some(','),
        multiline: false,
        has_header: true,
        columns: vec![String::new(); columns],
        rows: 100,
        preview: Vec::new(),
        guess: MAPPING,
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
            majority_share: 0.5,
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
        sha256: String::new(),
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
            baseline: baseline(),
        },
    }
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
            seconds: 10.0,
            advice: None,
        },
    }
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
    assert_eq!(state.blocker(), Some("Your texts are being split into tokens."));
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
    let swapped = Mapping { text: 1, label: 0 };
    state.map(swapped);
    state.on_event(data_ready());
    state.worker_lost(gone());
    state.on_event(device_ready());
    assert!(
        matches!(state.on_event(opened(2))[..], [Effect::Send(Command::MapData { mapping, .. })] if mapping == swapped)
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
        assert_eq!(state.open_recipe(harmless), []);
        assert!(state.run.has_weights);
    }
    assert_eq!(state.form.recipe.epochs, 5);
    assert!(matches!(state.open_recipe(r#"{"seed": 7}"#)[..], [Effect::Send(Command::MapData { seed: 7, .. })]));

    let mut state = running();
    let before = state.clone();
    assert_eq!(state.open_recipe(r#"{"seed": 7}"#), []);
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
        |state| drop(state.export()),
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
    state.map(Mapping { text: 1, label: 0 });
    assert_eq!((state.run.has_weights, &state.export), (false, &Export::Idle));
    assert_eq!(state.open_cell(0, 1), []);

    let mut state = trained();
    state.choose_device(hone_core::protocol::DeviceChoice::Cpu);
    assert!(!state.run.has_weights);
}

fn all_fields() -> impl Iterator<Item = &'static Field> {
    GROUPS.iter().flat_map(|group| group.fields).chain([&VALIDATION_SHARE, &SEED])
}

#[test]
fn every_field_reads_back_what_it_shows_and_keeps_to_its_range() {
    for field in all_fields() {
        let mut recipe = RawRecipe::default();
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
    form.import(r#"{"epochs": 5}"#);
    assert_eq!((form.recipe.epochs, &form.problem), (5, &None));
    for (text, named) in [(r#"{"epochs": 9, "dropout": 2.0}"#, "dropout"), (r#"{"epoch": 9}"#, "epoch"), ("", "EOF")] {
        form.import(text);
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
