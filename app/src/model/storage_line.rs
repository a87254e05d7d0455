//! What this page has stored in the browser, and the button that removes it.

use leptos::prelude::*;

use crate::components::{changing, pressed, pressed_away};
use crate::format;
use crate::model::shelf::Cancel;
use crate::page::Page;
use crate::saved::ImportRun;
use crate::state::{Edit, State, Step};

/// The storage in a sentence.
#[component]
pub fn StorageLine() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(words);
    let promise = page.memo(|state| state.shelf.persistence.words().to_owned());
    let is_locked = page.memo(State::is_engaged);
    let is_empty = page.memo(|state| stored(state).is_empty());
    let is_asked = page.memo(|state| state.shelf.edit == Some(Edit::RemoveEverything));
    let row = changing(move || {
        if is_asked.get() {
            view! {
                <div class="row" role="alert">
                    <p>"Remove all models, saved runs, the list of runs and the check of the GPU from this browser for good?"</p>
                    <button
                        type="button"
                        on:click=pressed_away(Step::Model.id(), move |_| page.act(State::remove_everything))
                    >
                        "Remove for good"
                    </button>
                    <Cancel />
                </div>
            }
            .into_any()
        } else {
            view! {
                <button
                    type="button"
                    class="quiet"
                    hidden=is_empty
                    disabled=is_locked
                    on:click=pressed(move |_| {
                        page.change(|state| state.shelf.edit = Some(Edit::RemoveEverything));
                    })
                >
                    "Remove everything"
                </button>
            }
            .into_any()
        }
    });
    view! {
        <div class="kept">
            <p>{words} " " {promise}</p>
            {row}
            <ImportRun />
        </div>
    }
}

/// Everything that is stored, in a sentence.
fn words(state: &State) -> String {
    let parts = stored(state);
    if parts.is_empty() {
        "Nothing of yours is stored in this browser.".into()
    } else {
        format!("Stored in this browser: {}.", parts.join(", "))
    }
}

/// Everything that is stored, with its size.
fn stored(state: &State) -> Vec<String> {
    let listed = |number: usize, one: &str, many: &str, bytes: f64| {
        (number > 0).then(|| format!("{} ({})", format::counted(number as u32, one, many), format::bytes(bytes)))
    };
    let loaded = state.model.kept.iter().map(|kept| kept.bytes).sum();
    let runs = state.history.runs.len() as u32;
    let parts = [
        listed(state.model.kept.len(), "downloaded model", "downloaded models", loaded),
        listed(state.shelf.entries.len(), "model of yours", "models of yours", state.shelf.bytes()),
        listed(state.saved.runs.len(), "saved run", "saved runs", state.saved.bytes()),
        (runs > 0).then(|| format!("the figures of {}", format::counted(runs, "run", "runs"))),
        state.known_check.is_some().then(|| "the check of the GPU".to_owned()),
    ];
    parts.into_iter().flatten().collect()
}
