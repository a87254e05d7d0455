use leptos::prelude::*;

use crate::components::{Chart, CollectAny, changing, pressed, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The user's own texts, to be predicted at each evaluation of the next run.
#[component]
pub fn PinTexts() -> impl IntoView {
    let page = Page::get();
    let cannot_take = page.memo(|state| !state.takes_pins());
    let cannot_pin = page.memo(|state| !state.can_pin());
    let typed_text = page.memo(|state| state.pins.typed.clone());
    let texts = page.memo(|state| state.pins.texts.clone());
    let is_locked = page.memo(State::is_engaged);
    let item = move |text: String| {
        let shown = format::excerpt(&text);
        let label = format!("Remove “{shown}”");
        let unpin = move |_| page.change(|state| state.unpin(&text));
        view! {
            <li class="row">
                <span dir="auto">{shown}</span>
                <button type="button" class="quiet small" aria-label=label on:click=pressed(unpin)>"Remove"</button>
            </li>
        }
    };
    view! {
        <details class="several" hidden=cannot_take>
            <summary>"Pinned texts"</summary>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Pinned texts"</legend>
                <div class="part">
                    <p class="hint">
                        "Up to five texts of your own that the model predicts when the run begins and at each evaluation, so that you see when an answer turns. They stay in this tab and change nothing in the run."
                    </p>
                    <div class="row">
                        <label for="pin-text">"Text to pin"</label>
                        <input
                            id="pin-text"
                            type="text"
                            dir="auto"
                            autocomplete="off"
                            prop:value=typed_text
                            on:input=typed(move |text| page.change(|state| state.pins.typed = text))
                        />
                        <button type="button" disabled=cannot_pin on:click=pressed(move |_| page.change(State::pin))>
                            "Pin"
                        </button>
                    </div>
                    <ul>{changing(move || texts.get().into_iter().map(item).collect_any())}</ul>
                </div>
            </fieldset>
        </details>
    }
}

/// The answers for the pinned texts over the run.
#[component]
pub fn PinnedAnswers() -> impl IntoView {
    let page = Page::get();
    let is_empty = page.memo(|state| state.run.pin_answers.is_empty());
    let has_no_lines = page.memo(|state| !state.run.draws_pins());
    let picture = page.slow(|state| state.run.pins_picture());
    let legend = page.memo(|state| state.run.pin_names());
    let words = page.memo(|state| state.run.pin_words());
    view! {
        <div class="stack pinned" hidden=is_empty>
            <div hidden=has_no_lines>
                <Chart title="Pinned texts: the last answer over the run" picture mark=format::rate legend />
            </div>
            <ul class="rows" aria-label="Pinned texts">
                {changing(move || words.get().into_iter().map(|words| view! { <li dir="auto">{words}</li> }).collect_any())}
            </ul>
        </div>
    }
}
