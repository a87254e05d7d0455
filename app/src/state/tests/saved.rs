//! Runs that are saved in the browser: at the next visit, and after the worker was lost.

use std::time::Duration;

use hone_core::catalog::{DataFile, RunAbout, SavedRun, SavedRunEntry};
use hone_core::dataset::{DataRole, Mapping};
use hone_core::protocol::{Backend, Command, DeviceChoice, DeviceReport, Event};
use hone_core::run::{EndReason, RunRecord, RunSource, SourceFile};

use crate::state::saved::headline;
use crate::state::tests::{
    MAPPING, commands, data_ready, device_ready, entry, evaluation, gone, model_ready, opened, ready, running, started,
    tokens_ready, trained,
};
use crate::state::{Effect, Keeping, Phase, SavedPoint, State, Topic};

fn saved(id: &str) -> SavedRun {
    let Event::Started { plan } = started() else { panic!() };
    let file = |name: &str| SourceFile { name: name.into(), sha256: "00".into() };
    SavedRun {
        id: id.into(),
        about: RunAbout {
            name: "1 · Balanced".into(),
            model: Some(entry()),
            train: Some(DataFile { name: "reviews.csv".into(), ..DataFile::default() }),
            validation: None,
            test: None,
            has_pairs: false,
            input: None,
            saved_ms: 1.0,
            has_copy: false,
            ended: None,
        },
        record: RunRecord {
            plan,
            source: RunSource {
                model: file("mini"),
                data: file("reviews.csv"),
                validation: None,
                test: None,
                mapping: MAPPING,
                build: "1".into(),
                device: "cpu".into(),
            },
            step: 12,
            seconds: 60.0,
            test: None,
            best: Some(evaluation(6, 0.9)),
        },
        bytes: 3e6,
    }
}

fn listed(state: &mut State, run: SavedRun) {
    state.on_event(None, Event::RunsSaved { runs: vec![SavedRunEntry::Whole(Box::new(run))] });
}

/// The first moments of a visit: the engine is ready and the catalog is there.
fn visit() -> State {
    let mut state = State::default();
    state.restart();
    state.on_catalog(Ok(vec![entry()]));
    state.answer(device_ready());
    state
}

/// Everything that the worker reports until a run can start.
fn loaded(state: &mut State) -> Vec<Effect> {
    for event in [model_ready(), opened(2), data_ready()] {
        state.answer(event);
    }
    state.answer(tokens_ready())
}

#[test]
fn a_saved_run_continues_once_its_file_is_chosen_again_and_its_model_is_loaded() {
    let mut state = visit();
    listed(&mut state, saved("7"));
    let sent = commands(state.continue_saved("7"));
    assert!(matches!(&sent[..], [Command::LoadModel { model }] if model.id == "mini"), "{sent:?}");
    assert!(state.is_awaiting_files("7"), "the browser may have its handle");
    state.ask_for_files("7");
    assert_eq!(state.saved.continuing.as_ref().unwrap().asks_for, ["reviews.csv"]);
    let sent = commands(state.continue_with(0, [None, None]));
    assert!(matches!(&sent[..], [Command::OpenData { name, .. }] if name == "reviews.csv"), "{sent:?}");
    let sent = commands(loaded(&mut state));
    assert_eq!(sent.last(), Some(&Command::Continue { id: "7".into(), pinned: Vec::new() }));
    assert_eq!((&state.run.phase, state.run.name.as_str()), (&Phase::Starting, "1 · Balanced"));
    assert_eq!(state.run.saved, Some(SavedPoint { id: "7".into(), step: 12 }));
    assert!(state.saved.runs.is_empty(), "it is under way");
    state.answer(started());
    assert_eq!(state.run.phase, Phase::Running);
}

#[test]
fn the_split_and_the_columns_are_those_of_the_saved_run() {
    let mut state = visit();
    let mut run = saved("7");
    (run.record.plan.recipe.validation_ratio, run.record.plan.recipe.seed) = (0.3, 5);
    // Another one than the guess.
    let mapping = Mapping::Classification { text: 1, pair: None, label: 0 };
    run.record.source.mapping = mapping.clone();
    listed(&mut state, run);
    state.continue_saved("7");
    state.continue_with(0, [None, None]);
    let sent = commands(state.answer(opened(2)));
    assert_eq!(sent, [Command::MapData { mapping, validation_ratio: 0.3, test_ratio: 0.0, seed: 5 }]);
}

#[test]
fn the_files_handles_are_kept_at_the_first_save_and_when_a_run_continues() {
    let mut state = running();
    let keep = [Effect::KeepHandles("7".into())];
    let saved_at = |step| Event::RunSaved { id: "7".into(), step };
    assert_eq!(state.on_event(None, saved_at(1)), keep);
    assert_eq!(state.on_event(None, saved_at(2)), []);

    let mut state = visit();
    listed(&mut state, saved("7"));
    let effects = state.continue_saved("7");
    assert_eq!(effects.last(), Some(&Effect::OpenHandles("7".into())));
    assert_eq!(state.continue_with(0, [None, None]).len(), 1);
    assert!(!state.is_awaiting_files("7"));
    assert!(loaded(&mut state).contains(&keep[0]));
}

#[test]
fn a_run_from_elsewhere_asks_for_its_files_and_takes_the_loaded_model() {
    let mut state = visit();
    let mut run = saved("7");
    run.record.source.validation = Some(SourceFile { name: "check.csv".into(), sha256: "00".into() });
    run.record.source.model.name = "a folder".into();
    run.about = RunAbout::of_unknown("run", 1.0);
    listed(&mut state, run);
    state.load_model();
    state.answer(model_ready());
    assert_eq!(commands(state.continue_saved("7")), []);
    state.ask_for_files("7");
    assert_eq!(state.saved.continuing.as_ref().unwrap().asks_for, ["reviews.csv", "check.csv"]);
    let opened: Vec<String> = commands(state.continue_with(0, [Some(1), None]))
        .into_iter()
        .map(|command| match command {
            Command::OpenData { name, .. } => name,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(opened, ["reviews.csv", "check.csv"]);
}

#[test]
fn a_run_that_is_refused_says_why_next_to_its_offer() {
    let mut state = trained();
    let before = state.run.clone();
    listed(&mut state, saved("7"));
    state.continue_saved("7");
    state.continue_with(0, [None, None]);
    loaded(&mut state);
    assert_eq!(state.run.phase, Phase::Starting);
    state.answer(Event::RunFailed { diagnostic: gone() });
    listed(&mut state, saved("7"));
    assert_eq!((&state.saved.diagnostic, state.saved.runs.len()), (&Some(gone()), 1));
    assert_eq!((state.run.phase, state.run.name, state.run.rejected), (before.phase, before.name, None));
}

#[test]
fn a_run_that_had_ended_is_not_listed_twice() {
    let mut state = trained();
    let past = state.history.runs[0].clone();
    let mut run = saved("7");
    (run.record.step, run.record.plan.recipe) = (past.steps, past.recipe.clone());
    run.about.ended = Some(EndReason::Completed);
    listed(&mut state, run);
    state.continue_saved("7");
    state.continue_with(0, [None, None]);
    loaded(&mut state);
    assert_eq!(state.run.past_id, Some(past.id));
}

#[test]
fn a_copy_of_the_data_needs_no_file() {
    let mut state = visit();
    let mut run = saved("7");
    run.about.has_copy = true;
    listed(&mut state, run);
    let sent = commands(state.continue_saved("7"));
    assert_eq!(sent.last(), Some(&Command::OpenSavedData { id: "7".into() }));
    assert!(state.saved.continuing.as_ref().unwrap().asks_for.is_empty());
}

#[test]
fn a_run_that_cannot_be_continued_says_why_and_stays_saved() {
    let mut state = visit();
    listed(&mut state, saved("7"));
    state.continue_saved("7");
    state.answer(Event::ModelFailed { diagnostic: gone() });
    assert_eq!((&state.saved.diagnostic, &state.saved.continuing), (&Some(gone()), &None));
    assert_eq!(state.saved.runs.len(), 1);

    let mut state = visit();
    let mut run = saved("7");
    (run.about.model, run.record.source.model.name) = (None, "elsewhere".into());
    listed(&mut state, run);
    assert_eq!(state.continue_saved("7"), []);
    assert_eq!(state.saved.diagnostic.as_ref().unwrap().code, "saved.no-model");

    let mut state = running();
    listed(&mut state, saved("7"));
    assert_eq!(state.continue_saved("7"), [], "one run at a time");
}

#[test]
fn the_best_so_far_is_kept_without_data() {
    let mut state = visit();
    listed(&mut state, saved("7"));
    let effects = state.keep_saved("7");
    assert_eq!(effects[0], Effect::Persist);
    let keep = Command::KeepSaved { id: "7".into(), name: "Mini on reviews.csv".into() };
    assert_eq!(commands(effects), [keep]);
    assert!(state.saved.is_keeping);
    state.on_event(state.requests.on(Topic::Saved), Event::SavedFailed { diagnostic: gone() });
    assert_eq!((state.saved.is_keeping, &state.saved.diagnostic), (false, &Some(gone())));
}

/// A run that is saved up to step 12, on this device.
fn saved_run(backend: Backend) -> State {
    let mut state = running();
    let device = DeviceReport { backend, adapter: String::new(), check: None, reason: String::new() };
    state.device.report = Some(device);
    state.on_event(None, Event::RunSaved { id: "7".into(), step: 12 });
    state
}

/// Loses the worker at a time, and gets everything ready in the next one. Returns the commands of the last event.
fn lost(state: &mut State, now_ms: f64, backend: Backend) -> Vec<Command> {
    state.saved.now_ms = now_ms;
    state.worker_lost(gone());
    let device = DeviceReport { backend, adapter: String::new(), check: None, reason: String::new() };
    state.answer(Event::Ready { device });
    let sent = commands(loaded(state));
    state.answer(started());
    sent
}

#[test]
fn a_run_whose_worker_is_lost_goes_on_by_itself_from_the_last_save() {
    let mut state = saved_run(Backend::Cpu);
    let sent = lost(&mut state, 0.0, Backend::Cpu);
    assert_eq!(sent.last(), Some(&Command::Continue { id: "7".into(), pinned: Vec::new() }));
    assert_eq!(state.run.phase, Phase::Running);
    let warning = state.run.warnings.last().unwrap();
    assert!(warning.what == gone().what && warning.done.contains("continues the run from step 12"), "{warning:?}");
}

#[test]
fn while_data_and_model_are_loaded_again_the_worker_may_be_silent_for_two_minutes() {
    let mut state = saved_run(Backend::Cpu);
    state.worker_lost(gone());
    state.on_listening();
    state.answer(device_ready());
    assert!(!state.is_silent(Duration::from_secs(119)) && state.is_silent(Duration::from_secs(121)));
    assert!(state.run.is_active() && state.is_recovering());
}

#[test]
fn after_three_losses_in_ten_minutes_a_run_goes_on_on_the_cpu() {
    let mut state = saved_run(Backend::WebGpu);
    for time in [0.0, 1e5, 2e5] {
        lost(&mut state, time, Backend::WebGpu);
        assert_eq!((&state.run.phase, state.device.choice), (&Phase::Running, DeviceChoice::Auto));
    }
    lost(&mut state, 3e5, Backend::Cpu);
    assert_eq!((&state.run.phase, state.device.choice), (&Phase::Running, DeviceChoice::Cpu));
    assert!(state.run.warnings.last().unwrap().done.contains("on the CPU"));
    state.saved.now_ms = 4e5;
    state.worker_lost(gone());
    assert!(matches!(&state.run.phase, Phase::Failed(diagnostic) if diagnostic.done.contains("saved up to step 12")));

    let mut state = saved_run(Backend::Cpu);
    for time in [0.0, 7e5, 14e5, 21e5, 28e5] {
        lost(&mut state, time, Backend::Cpu);
        assert_eq!(state.run.phase, Phase::Running, "ten minutes later it is forgotten");
    }
}

#[test]
fn a_run_ends_if_its_data_cannot_be_read_again() {
    let mut state = saved_run(Backend::Cpu);
    state.worker_lost(gone());
    state.answer(device_ready());
    state.answer(Event::DataNotOpened { role: DataRole::Train, diagnostic: gone() });
    assert_eq!((&state.run.phase, state.is_recovering()), (&Phase::Failed(gone()), false));

    let mut state = saved_run(Backend::Cpu);
    state.worker_lost(gone());
    state.worker_lost(gone());
    assert_eq!(state.run.phase, Phase::Failed(gone()), "no engine starts any more");
}

#[test]
fn closing_the_tab_is_warned_about_only_while_something_is_unsaved() {
    let mut state = running();
    assert!(state.has_unsaved(), "nothing is saved yet");
    state.on_event(None, Event::RunSaved { id: "7".into(), step: 1 });
    assert!(!state.has_unsaved());
    state.on_event(None, Event::RunUnsaved { diagnostic: gone() });
    assert!(state.has_unsaved() && state.run.warnings == [gone()]);
    assert_eq!(commands(state.save()), [Command::Save]);

    let mut state = trained();
    assert!(state.has_unsaved());
    state.shelf.keeping = Keeping::Kept("1".into());
    assert!(!state.has_unsaved());
    assert!(!ready().has_unsaved());
    assert_eq!(ready().save(), []);
}

#[test]
fn a_run_that_ended_offers_its_model_only() {
    let mut run = saved("7");
    assert!(headline(&run).contains("stopped at step 12 of 18"));
    run.about.ended = Some(EndReason::Completed);
    assert!(headline(&run).contains("its model is not kept yet"));
}
