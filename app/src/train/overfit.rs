use leptos::prelude::*;

use crate::browser;
use crate::components::{memo, pressed, typed};
use crate::fields::STUDY;
use crate::page::Page;

/// Overfitting on purpose: how many labels to flip, and the button that offers the runs.
#[component]
pub fn Overfit() -> impl IntoView {
    let page = Page::get();
    let cannot_take = page.memo(|state| !state.takes_overfit());
    let cannot = page.memo(|state| !state.can_overfit());
    let flipped = RwSignal::new("20".to_owned());
    let offer = move |_| {
        page.change(|state| state.offer_overfit(flipped.get_untracked().parse().unwrap_or_default()));
        browser::focus(STUDY);
    };
    let words = memo(move || flipped.get() + " %");
    view! {
        <details class="several replay" hidden=cannot_take>
            <summary>"Overfit on purpose"</summary>
            <div class="part">
                <p class="hint">
                    "Four short runs on 60 of your training rows: one that learns them by heart, and one each with dropout, weight decay and early stopping. Rows whose label is flipped can only be memorized, so that the validation loss turns sooner. Your own recipe stays as it is."
                </p>
                <label for="flipped">"Flipped labels"</label>
                <div class="entry">
                    <input
                        id="flipped"
                        type="range"
                        min="0"
                        max="30"
                        step="5"
                        prop:value=flipped
                        aria-valuetext=words
                        on:input=typed(move |percent| flipped.set(percent))
                    />
                    <span class="number">{words}</span>
                </div>
                <button type="button" disabled=cannot on:click=pressed(offer)>"See what happens"</button>
            </div>
        </details>
    }
}
