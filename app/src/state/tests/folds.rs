//! What is open at each moment of a visit.

use hone_core::dataset::DataRole;
use hone_core::protocol::Event;

use crate::state::tests::{chosen, data_ready, finished, gone, ready, running, started, trained};
use crate::state::{Fold, Folds, State, Step};

const DATA: Fold = Fold::Step(Step::Data);
const MODEL: Fold = Fold::Step(Step::Model);
const TRAIN: Fold = Fold::Step(Step::Train);
const TRY: Fold = Fold::Step(Step::Try);

fn open(state: &State) -> Vec<Fold> {
    Fold::ALL.into_iter().filter(|fold| state.is_open(*fold)).collect()
}

#[test]
fn only_the_steps_at_hand_are_open() {
    assert_eq!(open(&State::default()), [DATA, Fold::Recipe]);
    assert_eq!(open(&ready()), [DATA, TRAIN, Fold::Recipe]);
    assert_eq!(open(&running()), [TRAIN, Fold::Curves]);
    assert_eq!(open(&trained()), [TRAIN, TRY, Fold::Step(Step::Export)]);
}

#[test]
fn a_folded_step_says_what_is_in_it() {
    let state = ready();
    assert_eq!(state.folded_line(Step::Data), "reviews.csv · 90 training rows, 10 validation rows · 2 labels");
    assert_eq!(state.folded_line(Step::Model), "Mini · 22.7\u{a0}M parameters · on the CPU");
    assert_eq!(state.folded_line(Step::Try), state.line(Step::Try).text);
    assert!(state.recipe_line().starts_with("Full · 8 epochs · Linear · peak 1e-4 · "), "{}", state.recipe_line());
}

#[test]
fn what_was_opened_before_a_run_folds_when_it_starts() {
    let mut state = trained();
    for fold in [DATA, MODEL, Fold::Recipe, Fold::Scores] {
        state.open_fold(fold);
    }
    state.start();
    state.answer(started());
    assert_eq!(open(&state), [TRAIN, Fold::Curves, Fold::Scores]);
}

#[test]
fn new_data_are_at_hand_again_until_the_next_run() {
    let mut state = trained();
    state.open(DataRole::Train, chosen("other.csv"));
    state.answer(super::opened(2));
    state.answer(data_ready());
    assert!(state.is_open(DATA), "what was found in the file is to be seen");
    state.open_fold(DATA);
    assert_eq!(state.folds.address(), "", "opened by itself, so the address says nothing");
}

#[test]
fn a_new_error_opens_its_step_even_if_it_was_folded_by_hand() {
    let mut state = ready();
    state.toggle_fold(DATA);
    assert!(!state.is_open(DATA));
    state.open_troubled();
    assert!(!state.is_open(DATA), "there is nothing new");
    state.answer(Event::DataFailed { role: DataRole::Train, diagnostic: gone() });
    state.open_troubled();
    assert!(state.is_open(DATA));
    state.toggle_fold(DATA);
    state.open_troubled();
    assert!(!state.is_open(DATA), "the user has seen it");
}

#[test]
fn an_error_of_any_file_opens_the_data() {
    for role in DataRole::ALL {
        let mut state = ready();
        state.toggle_fold(DATA);
        state.open(role, chosen("other.csv"));
        state.answer(Event::DataFailed { role, diagnostic: gone() });
        state.open_troubled();
        assert!(state.is_open(DATA), "{role:?}");
    }
}

#[test]
fn a_failed_run_opens_the_recipe() {
    let mut state = running();
    state.answer(Event::RunFailed { diagnostic: gone() });
    assert!(state.is_open(TRAIN) && state.is_open(Fold::Recipe));
}

#[test]
fn the_address_says_what_is_open() {
    let mut state = State { folds: Folds::from_address("all"), ..State::default() };
    assert_eq!(open(&state), Fold::ALL);
    assert_eq!(state.folds.address(), "all");
    state.toggle_fold(MODEL);
    assert_eq!(state.folds.address(), "data,train,recipe,curves,scores,forgetting,replay,runs,try,export,code");

    let mut state = State { folds: Folds::from_address("model,no-such-part"), ..State::default() };
    assert_eq!(open(&state), [DATA, MODEL, Fold::Recipe]);
    state.toggle_fold(MODEL);
    assert_eq!(state.folds.address(), "");
    assert!(Folds::from_address("") == Folds::default());
}

#[test]
fn with_everything_open_nothing_folds_when_a_run_starts_or_ends() {
    let mut state = ready();
    state.open_all_folds(true);
    state.start();
    state.answer(started());
    assert_eq!(open(&state), Fold::ALL);
    state.answer(finished());
    assert_eq!(open(&state), Fold::ALL);
    state.open_all_folds(false);
    assert!(!state.is_open(MODEL));
}
