use leptos::prelude::*;

use crate::components::pressed;
use crate::page::Page;
use crate::state::State;

/// The offer to open a new version of the page.
#[component]
pub fn NewVersionLine() -> impl IntoView {
    let page = Page::get();
    let line = page.memo(|state| state.new_version_line().unwrap_or_default().to_owned());
    let is_absent = page.memo(|state| state.new_version_line().is_none());
    view! {
        <div class="new-version" hidden=is_absent>
            <p role="status">
                <strong>"A new version is ready. "</strong>
                {line}
            </p>
            <button type="button" class="primary" on:click=pressed(move |_| page.act(State::open_new_version))>
                "Open the new version"
            </button>
        </div>
    }
}
