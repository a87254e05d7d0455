//! A table whose rows are predicted.

use std::time::Duration;

use hone_core::dataset::{Hints, InputColumns, PartKind};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::TableFormat;
use hone_core::protocol::{Command, Event};
use hone_core::run::FileOutcome;

use super::{commands, source, trained};
use crate::state::{State, TableStage, Topic};

fn opened() -> State {
    let mut state = trained();
    let sent = commands(state.open_table("new.csv".into(), 7));
    assert_eq!(sent, [Command::OpenTable { name: "new.csv".into(), hints: Hints::default(), tuned: None }]);
    assert_eq!(state.blobs_of(&sent[0]), Some(7));
    let request = state.requests.on(Topic::Table);
    let columns = InputColumns::Text { text: 0, pair: None };
    state.on_event(request, Event::TableOpened { source: source(2), columns });
    state
}

#[test]
fn a_worker_that_hangs_over_a_table_is_noticed() {
    let hangs = |state: &State| state.is_silent(Duration::from_secs(121));
    let mut state = trained();
    state.open_table("new.csv".into(), 7);
    assert!(hangs(&state) && !state.is_silent(Duration::from_secs(119)));
    let mut state = opened();
    assert!(!hangs(&state), "no answer is awaited");
    state.predict_table();
    assert!(hangs(&state));
}

#[test]
fn a_table_needs_a_tuned_model() {
    let mut state = State::default();
    assert!(state.open_table("new.csv".into(), 0).is_empty());
}

#[test]
fn a_table_is_predicted_with_the_chosen_columns_and_format() {
    let mut state = opened();
    state.choose_table_column(0, 1);
    state.choose_table_format(TableFormat::JsonLines);
    let sent = commands(state.predict_table());
    let columns = InputColumns::Text { text: 1, pair: None };
    assert_eq!(sent, [Command::PredictTable { columns, format: TableFormat::JsonLines, tuned: None }]);
    assert!(!state.can_predict_table(), "one prediction at a time");
    let request = state.requests.on(Topic::Table);
    state.on_event(request, Event::TableProgress { fraction: 0.5 });
    assert_eq!(state.table.stage, TableStage::Predicting(0.5));
    let outcome = FileOutcome { rows: 3, predicted: 3, ..FileOutcome::default() };
    let labels = vec!["a".to_owned()];
    let done = Event::TablePredicted { file_name: "new-predicted.jsonl".into(), outcome, labels };
    assert_eq!(state.on_event(request, done).len(), 1, "it is downloaded");
    assert!(matches!(state.table.stage, TableStage::Done { .. }) && state.can_predict_table());
    state.choose_table_column(0, 0);
    assert_eq!(state.table.stage, TableStage::Idle, "the result was for other columns");
}

#[test]
fn columns_that_do_not_exist_cannot_be_predicted() {
    let mut state = opened();
    state.choose_table_column(0, 99);
    assert!(!state.can_predict_table() && state.predict_table().is_empty());
    assert_eq!(state.table_problem().unwrap().code, "predict.columns");
}

#[test]
fn a_stopped_or_failed_prediction_leaves_the_table_open() {
    let mut state = opened();
    state.predict_table();
    let request = state.requests.on(Topic::Table);
    state.on_event(request, Event::TableFailed { diagnostic: Diagnostic::new("predict.write", "No.") });
    assert_eq!(state.table_problem().unwrap().code, "predict.write");
    assert!(state.can_predict_table());
    state.predict_table();
    assert_eq!(commands(state.stop_table()), [Command::StopTable]);
    assert!(state.can_predict_table() && state.table_problem().is_none());
}

#[test]
fn a_table_is_closed_with_the_weights_that_read_it() {
    let mut state = opened();
    state.forget_weights();
    assert_eq!(state.table.source, None);
}

#[test]
fn another_sheet_of_a_table_is_read_and_the_earlier_one_comes_back_if_that_is_stopped() {
    let mut state = opened();
    let sent = commands(state.choose_table_part(PartKind::Sheet, "Second".into()));
    let hints = Hints { sheet: Some("Second".into()), ..Hints::default() };
    assert_eq!(sent, [Command::OpenTable { name: "new.csv".into(), hints: hints.clone(), tuned: None }]);
    assert_eq!(state.blobs_of(&sent[0]), Some(7));
    assert_eq!((state.table.stage.clone(), state.can_predict_table()), (TableStage::Opening(0.0), false));
    assert_eq!(commands(state.stop_reading()), [Command::StopReading]);
    let request = state.requests.on(Topic::Table);
    state.on_event(request, Event::TableFailed { diagnostic: Diagnostic::new("data.stopped", "Stopped.") });
    assert!(state.can_predict_table() && state.table.hints == Hints::default());
    assert_eq!(state.table_problem().unwrap().code, "data.stopped");
    // And if it is not stopped, it replaces the earlier one.
    state.choose_table_part(PartKind::Sheet, "Second".into());
    let request = state.requests.on(Topic::Table);
    let columns = InputColumns::Text { text: 1, pair: None };
    state.on_event(request, Event::TableOpened { source: source(3), columns });
    assert_eq!((&state.table.hints, &state.table.earlier, state.can_predict_table()), (&hints, &None, true));
}
