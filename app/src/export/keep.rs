//! Keeping the tuned model in this browser.

use hone_core::decimal::fixed;
use leptos::prelude::*;

use crate::components::{DiagnosticNote, changing, pressed_away};
use crate::format;
use crate::page::Page;
use crate::state::{Keeping, State, Step};

/// The button that keeps the tuned model, and what became of it.
#[component]
pub fn Keep() -> impl IntoView {
    let page = Page::get();
    let keeping = page.watch(|state| state.shelf.keeping.clone());
    let promise = page.memo(|state| state.shelf.persistence.words().to_owned());
    let name = page.memo(|state| match &state.shelf.keeping {
        Keeping::Kept(id) => state.shelf.model(id).map(|kept| format::visible(&kept.name)).unwrap_or_default(),
        _ => String::new(),
    });
    let words = page.memo(|state| format!("Keep it in this browser ({})", format::bytes(state.run.base_bytes)));
    let is_locked = page.memo(|state| state.model.is_loading() || !state.shelf.opening.is_empty());
    let button = move || {
        view! {
            <div class="row">
                <button
                    type="button"
                    disabled=is_locked
                    on:click=pressed_away(Step::Export.id(), move |_| page.act(State::keep_tuned))
                >
                    {words}
                </button>
                <p class="hint">"Then you can try, compare, download and train it further on later visits, without the data and the base model."</p>
            </div>
        }
    };
    changing(move || match keeping.get() {
        Keeping::Idle => button().into_any(),
        Keeping::Writing(share) => view! {
            <div class="progress">
                <p>{format!("Storing, {}", format::percent(share))}</p>
                <progress max="1" value=fixed(share, 3) aria-label="Fraction of the model stored"></progress>
            </div>
        }
        .into_any(),
        Keeping::Kept(_) => view! {
            <p role="status">"Kept under “Your models” as " <strong dir="auto">{name}</strong> ". " {promise}</p>
        }
        .into_any(),
        Keeping::Failed(diagnostic) => view! {
            <DiagnosticNote diagnostic />
            {button()}
        }
        .into_any(),
    })
}
