//! The model that answers: that of the last run, or a kept one, and another to compare it with.

use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, pressed_away, typed};
use crate::format;
use crate::page::Page;
use crate::state::{State, Step};

/// Says which model answers, and offers another one for comparison.
#[component]
pub fn ChosenModel() -> impl IntoView {
    let page = Page::get();
    let name = page.memo(|state| state.run.title());
    let is_kept = page.memo(|state| !state.shelf.opened.is_empty());
    let is_run = page.memo(|state| state.shelf.opened.is_empty());
    let kept_name =
        page.memo(|state| state.shelf.opened.first().map(|open| format::visible(&open.name)).unwrap_or_default());
    let close_words =
        page.memo(|state| if state.run.has_weights { "Back to the last run" } else { "Close it" }.to_owned());
    view! {
        <p class="hint" hidden=is_kept>"Uses the model of the last run, " <span dir="auto">{name}</span> "."</p>
        <div class="row" hidden=is_run>
            <p>"Uses " <strong dir="auto">{kept_name}</strong> ", one of your models."</p>
            <Comparison />
            <button
                type="button"
                class="quiet"
                on:click=pressed_away(Step::Try.id(), move |_| page.act(State::close_tuned))
            >
                {close_words}
            </button>
        </div>
    }
}

/// A menu of the models that can be compared with the open one.
#[component]
fn Comparison() -> impl IntoView {
    let page = Page::get();
    let others = page.memo(|state| {
        let names = state.comparable().into_iter().map(|model| (model.id, model.name));
        names.collect::<Vec<_>>()
    });
    let option = move |value: String, name: String| {
        let id = value.clone();
        let is_chosen = page.memo(move |state| state.shelf.opened.get(1).map_or("", |second| second.id.as_str()) == id);
        view! { <MenuOption value name is_chosen /> }
    };
    changing(move || {
        let others = others.get();
        (!others.is_empty()).then(|| {
            let others = others.into_iter().map(|(id, name)| option(id, format::visible(&name)));
            let options = [option(String::new(), "no other model".into())].into_iter().chain(others).collect_any();
            view! {
                <label>
                    "Compare with "
                    <select on:change=typed(move |id| page.act(|state| state.compare_tuned(&id)))>{options}</select>
                </label>
            }
        })
    })
}
