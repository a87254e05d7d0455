use leptos::prelude::*;

use crate::browser;
use crate::components::pressed_away;
use crate::page::Page;
use crate::state::{State, Step};

/// Proposes a multilingual model if the texts are in other languages than the chosen model reads.
#[component]
pub fn LanguageNote() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(State::language_words);
    let label = page.memo(State::multilingual_label);
    let is_fine = page.memo(|state| state.multilingual().is_none());
    let is_locked = page.memo(State::is_engaged);
    let take = move |_| page.act(|state| state.take_multilingual(browser::hub()));
    view! {
        <div class="note warning" hidden=is_fine>
            <p>{words}</p>
            <div class="row"><button type="button" disabled=is_locked on:click=pressed_away(Step::Model.id(), take)>
                {label}
            </button></div>
        </div>
    }
}
