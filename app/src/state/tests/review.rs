use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event};
use hone_core::run::SuspectedLabels;

use super::{commands, ready, running, tokens_ready};
use crate::state::{Review, State};

fn found(total: u32) -> Event {
    Event::LabelsReviewed {
        found: SuspectedLabels { total, looked_at: 40, all: 40, accuracy: 0.9, ..Default::default() },
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
    assert!(state.review.sentence().starts_with("3 labels of 40 rows may be wrong."), "{}", state.review.sentence());
    state.review_labels();
    state.answer(found(0));
    assert!(state.review.sentence().starts_with("No label of 40 rows looks wrong."), "{}", state.review.sentence());
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
