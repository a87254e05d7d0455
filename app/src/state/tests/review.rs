use hone_core::dataset::{Correction, DataRole};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event};
use hone_core::run::SuspectedLabels;

use super::{chosen, commands, data_ready, opened, ready, running, tokens_ready};
use crate::state::{Change, CorrectedUse, Effect, FileChoice, Review, State};

fn found(total: u32) -> Event {
    Event::LabelsReviewed {
        found: SuspectedLabels { total, sentence: format!("{total} labels may be wrong."), ..Default::default() },
    }
}

fn looking() -> State {
    let mut state = ready();
    assert_eq!(commands(state.review_labels()), [Command::ReviewLabels]);
    state.answer(Event::LabelsProgress { fraction: 0.25 });
    assert_eq!(state.review, Review::Looking(0.25));
    state
}

#[test]
fn wrong_labels_are_searched_and_told_in_words() {
    let mut state = looking();
    assert!(state.review_labels().is_empty(), "once at a time");
    state.answer(found(3));
    assert_eq!(state.review.sentence(), "3 labels may be wrong.");
    state.review_labels();
    state.answer(Event::LabelsFailed { diagnostic: Diagnostic::new("labels.memory", "Too large.") });
    assert!(matches!(state.review, Review::Failed(_)));
}

#[test]
fn a_stopped_search_says_nothing_more() {
    let mut state = looking();
    assert_eq!(commands(state.stop_review()), [Command::StopReview]);
    state.answer(found(3));
    assert_eq!(state.review, Review::Idle);
}

#[test]
fn suspected_labels_are_forgotten_with_their_rows() {
    let mut state = looking();
    state.answer(found(3));
    state.answer(tokens_ready());
    assert!(matches!(state.review, Review::Found(_)), "the rows are the same");
    state.remap();
    assert_eq!(state.review, Review::Idle);
}

#[test]
fn labels_are_not_checked_during_a_run() {
    assert!(running().review_labels().is_empty());
}

fn change(line: u32, label: Option<&str>) -> Change {
    Change { line, word: None, given: "a, b".into(), labels: label.map(|label| vec![label.to_owned()]) }
}

/// A page with two changes to its file.
fn changed() -> State {
    let mut state = ready();
    state.change_row(change(7, Some("c")));
    state.change_row(change(2, Some("c")));
    state.change_row(change(2, None));
    state.answer(tokens_ready());
    state
}

#[test]
fn each_row_has_one_change_which_can_be_undone() {
    let mut state = changed();
    assert_eq!([7, 2, 3].map(|line| state.changes.of_row(line, None)), ["Changed to c.", "Dropped.", ""]);
    assert_eq!(state.changes.csv(), "line,word,change,label,new_label\n7,,label,\"a, b\",c\n2,,drop,\"a, b\",\n");
    let correction = |line, labels| Correction { line, word: None, labels };
    let corrections = vec![correction(7, Some(vec!["c".into()])), correction(2, None)];
    assert_eq!(commands(state.correct(CorrectedUse::Download)), [Command::Correct { corrections }]);
    assert!(state.correct(CorrectedUse::Open).is_empty(), "one file at a time");
    let effects = state.answer(Event::Corrected { file_name: "new.csv".into() });
    assert_eq!(effects, [Effect::Download { file_name: "new.csv".into() }]);
    [7, 2].into_iter().for_each(|line| state.undo_change(line, None));
    assert!(state.changes.sentence().is_empty() && !state.can_correct());
}

#[test]
fn the_corrected_file_replaces_the_open_one_and_its_changes() {
    let mut state = changed();
    state.correct(CorrectedUse::Open);
    let effects = state.answer(Event::Corrected { file_name: "new.csv".into() });
    assert_eq!(effects, [Effect::OpenCorrected { file_name: "new.csv".into() }]);
    state.open_corrected("new.csv".into(), 99);
    assert_eq!(state.changes.list.len(), 2, "until it is open");
    state.answer(opened(2));
    state.answer(data_ready());
    assert!(state.changes.list.is_empty() && state.changes.sentence().starts_with("2 changes are in the open file."));
}

#[test]
fn another_file_drops_the_changes_only_once_it_is_open() {
    let mut state = changed();
    assert!(state.changes.sentence().ends_with("Opening another file drops them."));
    state.open(DataRole::Train, chosen("broken.csv"));
    let diagnostic = Diagnostic::new("data.binary", "Not a table.");
    state.answer(Event::DataNotOpened { role: DataRole::Train, diagnostic });
    assert_eq!(state.changes.list.len(), 2);
    let same: FileChoice = state.data.train.choice().unwrap().clone();
    state.open(DataRole::Train, same);
    state.answer(opened(2));
    assert_eq!(state.changes.list.len(), 2, "the same file, read again");
    state.open(DataRole::Train, chosen("other.csv"));
    state.answer(opened(2));
    assert!(state.changes.sentence().starts_with("2 changes were dropped with the earlier file"));
}

#[test]
fn a_file_that_cannot_be_written_keeps_the_changes() {
    let mut state = changed();
    state.correct(CorrectedUse::Open);
    state.answer(Event::CorrectFailed { diagnostic: Diagnostic::new("labels.in-place", "It cannot be replaced.") });
    assert!(state.changes.diagnostic.is_some() && state.can_correct());
}

#[test]
fn each_word_has_a_change_of_its_own_and_a_dropped_row_has_no_other() {
    let mut state = ready();
    let tag = |word, tag: &str| Change { word: Some(word), labels: Some(vec![tag.into()]), ..change(4, None) };
    state.change_row(tag(0, "O"));
    state.change_row(tag(2, "B-X"));
    assert_eq!([0, 1, 2].map(|word| state.changes.of_row(4, Some(word))), ["Changed to O.", "", "Changed to B-X."]);
    assert_eq!(state.changes.csv(), "line,word,change,label,new_label\n4,1,label,\"a, b\",O\n4,3,label,\"a, b\",B-X\n");
    state.undo_change(4, Some(0));
    assert_eq!(state.changes.list.len(), 1);
    state.change_row(change(4, None));
    assert_eq!(state.changes.list.len(), 1, "the row is dropped with its words");
    assert_eq!(state.changes.of_row(4, Some(2)), "Dropped.");
    state.undo_change(4, Some(2));
    assert!(state.changes.list.is_empty());
}

#[test]
fn several_labels_are_named_and_none_too() {
    let mut state = ready();
    state.change_row(Change { labels: Some(vec!["a".into(), "b".into()]), ..change(4, None) });
    state.change_row(Change { labels: Some(Vec::new()), ..change(5, None) });
    assert_eq!([4, 5].map(|line| state.changes.of_row(line, None)), ["Changed to a, b.", "Changed to no label."]);
    assert!(state.changes.csv().contains("4,,label,\"a, b\",a; b\n"), "{}", state.changes.csv());
}
