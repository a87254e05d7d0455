//! A new version of the page.

use crate::state::tests::{ready, running, trained};
use crate::state::{Effect, Export, Keeping, NewVersion, State};

#[test]
fn an_unused_page_opens_a_new_version_at_once() {
    let mut state = State::default();
    assert_eq!(state.on_new_version(NewVersion::Ready, true), [Effect::OpenNewVersion]);
    assert_eq!(state.on_new_version(NewVersion::Ready, false), []);
    assert_eq!(state.new_version_line(), Some("Opening it reloads the page."));
    assert_eq!(state.open_new_version(), [Effect::OpenNewVersion]);
}

#[test]
fn a_file_that_came_without_a_click_keeps_the_page() {
    let mut state = ready();
    assert_eq!(state.on_new_version(NewVersion::Ready, true), []);
    assert!(state.new_version_line().unwrap().contains("choose your file again"));
}

#[test]
fn a_new_version_waits_for_the_end_of_a_run_and_then_for_the_tuned_model() {
    let mut state = running();
    assert_eq!(state.on_new_version(NewVersion::Ready, true), []);
    assert_eq!(state.new_version_line(), None);
    let mut state = trained();
    state.on_new_version(NewVersion::Ready, true);
    assert!(state.new_version_line().unwrap().contains("download or keep the tuned model"));
    state.export = Export::Writing(0.5);
    assert_eq!(state.new_version_line(), None);
    state.export = Export::Idle;
    state.shelf.keeping = Keeping::Writing(0.5);
    assert_eq!(state.new_version_line(), None);
    state.shelf.keeping = Keeping::Kept("1".into());
    assert!(!state.new_version_line().unwrap().contains("first"), "a kept model survives the reload");
}

#[test]
fn another_tab_is_named_and_blocks_only_until_the_next_try() {
    let mut state = State::default();
    assert_eq!(state.on_new_version(NewVersion::BlockedByTabs, true), [], "not tried again in a loop");
    assert!(state.new_version_line().unwrap().contains("another tab"));
    assert_eq!(state.open_new_version(), [Effect::OpenNewVersion]);
}
