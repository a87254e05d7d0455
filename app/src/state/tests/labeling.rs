use hone_core::dataset::{Correction, DataRole, FEW_LABELS, PoolRow};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event};
use hone_core::run::{LabelChoice, LabelQuestion};

use super::{chosen, commands, data_ready, opened, ready, running};
use crate::state::{Change, State, Topic};

/// The worker answers the request for a row.
fn answer(state: &mut State, event: Event) {
    let request = state.requests.on(Topic::Labeling);
    state.on_event(request.or(Some(0)), event);
}

/// A page whose file has rows without a label.
fn pool() -> State {
    let mut state = ready();
    if let Some(report) = state.data.open_report() {
        report.unlabeled = 3;
    }
    state
}

fn question(line: u32) -> Event {
    let choice = |key: &str, label: &str, is_likely| LabelChoice {
        key: key.into(),
        label: label.into(),
        probability: Some(0.5),
        is_likely,
    };
    Event::LabelAsked {
        question: LabelQuestion {
            row: Some(PoolRow { line, text: format!("row {line}"), pair: None }),
            labels: vec!["good".into(), "bad".into()],
            choices: vec![choice("1", "good", true), choice("2", "bad", false)],
            progress: "1 label given.".into(),
        },
    }
}

fn labeled(line: u32, label: &str) -> Correction {
    Correction { line, word: None, labels: Some(vec![label.into()]) }
}

/// The page with the row on line 7 asked for.
fn asked() -> State {
    let mut state = pool();
    assert_eq!(commands(state.ask_label()), [Command::AskLabel { corrections: vec![], skipped: vec![] }]);
    answer(&mut state, Event::LabelsProgress { fraction: 0.5 });
    assert_eq!(state.labeling.reading, Some(0.5));
    answer(&mut state, question(7));
    state
}

#[test]
fn a_key_labels_the_row_and_asks_for_the_next() {
    let mut state = asked();
    assert!(state.label_by_key("3").is_empty() && state.label_by_key("x").is_empty(), "keys without a label");
    let next = Command::AskLabel { corrections: vec![labeled(7, "bad")], skipped: vec![] };
    assert_eq!(commands(state.label_by_key("2")), [next]);
    assert!(state.label_by_key("2").is_empty(), "once for each row");
    assert_eq!(state.changes.csv(), "line,word,change,label,new_label\n7,,label,,bad\n");
    answer(&mut state, question(9));
    assert!(state.label_row(Some("  ".into())).is_empty(), "an empty label is none");
    let typed = Command::AskLabel { corrections: vec![labeled(7, "bad"), labeled(9, "new")], skipped: vec![] };
    assert_eq!(commands(state.label_row(Some(" new ".into()))), [typed]);
}

#[test]
fn labels_and_skips_are_undone_in_turn() {
    let mut state = asked();
    assert!(state.undo_label().is_empty() && !state.can_undo_label());
    state.label_by_key("1");
    answer(&mut state, question(9));
    let skipped = Command::AskLabel { corrections: vec![labeled(7, "good")], skipped: vec![9] };
    assert_eq!(commands(state.label_by_key("s")), [skipped]);
    answer(&mut state, question(8));
    assert_eq!(
        commands(state.label_by_key("u")),
        [Command::AskLabel { corrections: vec![labeled(7, "good")], skipped: vec![] }]
    );
    answer(&mut state, question(9));
    assert_eq!(commands(state.undo_label()), [Command::AskLabel { corrections: vec![], skipped: vec![] }]);
    assert!(state.changes.list.is_empty());
}

#[test]
fn other_changes_count_too() {
    let mut state = pool();
    state.change_row(Change { line: 3, word: None, given: "good".into(), labels: None });
    let dropped = Correction { line: 3, word: None, labels: None };
    assert_eq!(commands(state.ask_label()), [Command::AskLabel { corrections: vec![dropped], skipped: vec![] }]);
}

#[test]
fn a_file_without_enough_labels_can_be_labeled() {
    let mut state = pool();
    state.remap();
    let diagnostic = Diagnostic::new(FEW_LABELS, "No row has a label yet.");
    state.answer(Event::DataFailed { role: DataRole::Train, diagnostic });
    assert!(state.data.report.is_none() && state.has_pool() && state.can_label());
    state.ask_label();
    answer(&mut state, question(7));
    assert!(!commands(state.label_row(Some("first".into()))).is_empty());
    assert!(state.can_correct());
}

#[test]
fn a_new_file_ends_the_labeling() {
    let mut state = asked();
    state.label_by_key("1");
    answer(&mut state, question(9));
    state.open(DataRole::Train, chosen("other.csv"));
    state.answer(opened(2));
    state.answer(data_ready());
    assert!(state.labeling.question.is_none() && !state.can_undo_label() && state.undo_label().is_empty());
    assert!(state.changes.sentence().starts_with("1 change was dropped with the earlier file"));
}

#[test]
fn nothing_is_asked_for_during_a_run_or_without_a_pool() {
    assert!(running().ask_label().is_empty());
    assert!(ready().ask_label().is_empty());
    let mut state = asked();
    answer(&mut state, question(9));
    assert_eq!(commands(state.stop_labeling()), [Command::StopAsking]);
    assert!(state.labeling.question.is_none());
    state.ask_label();
    answer(&mut state, Event::LabelsFailed { diagnostic: Diagnostic::new("labels.memory", "Too large.") });
    assert!(state.labeling.diagnostic.is_some() && state.labeling.reading.is_none());
}
