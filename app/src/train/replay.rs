use leptos::prelude::*;

use crate::components::{Chart, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::replay::MIN_DELTA_STOPS;

/// The replay of early stopping: two sliders that move a line over the evaluations of the run.
#[component]
pub fn ReplayEarlyStopping() -> impl IntoView {
    let page = Page::get();
    let cannot = page.memo(|state| !state.run.can_replay());
    let picture = page.memo(State::replay_picture);
    let words = page.memo(State::replay_words);
    let patience = page.memo(|state| state.replay_patience().to_string());
    let most = page.memo(|state| state.replay_most_patience().to_string());
    let patience_words = page.memo(|state| match state.replay_patience() {
        0 => "off".to_owned(),
        patience => format::counted(patience, "evaluation", "evaluations"),
    });
    let set_patience = move |typed: String| page.change(|state| state.replay.patience = typed.parse().ok());
    let min_delta = page.memo(|state| state.replay.min_delta.unwrap_or_default().to_string());
    let min_delta_words = page.memo(|state| format::rate(state.replay_min_delta()));
    let set_min_delta = move |typed: String| page.change(|state| state.replay.min_delta = typed.parse().ok());
    let is_fixed = page.memo(|state| state.run.min_delta_has_other_effects());
    let is_free = page.memo(|state| !state.run.min_delta_has_other_effects());
    view! {
        <div class="stack replay" hidden=cannot>
            <h4>"Replay of early stopping"</h4>
            <p class="hint">
                "Early stopping ends a run after this number of evaluations in a row without an improvement of more than the minimum change, and keeps the best weights. Move the sliders to see where it would have ended this run. Nothing is trained."
            </p>
            <div class="fields">
                <div class="field">
                    <label for="replay-patience">"Patience"</label>
                    <div class="entry">
                        <input
                            id="replay-patience"
                            type="range"
                            min="0"
                            max=most
                            prop:value=patience
                            aria-valuetext=patience_words
                            on:input=typed(set_patience)
                        />
                        <span class="number">{patience_words}</span>
                    </div>
                </div>
                <div class="field">
                    <label for="replay-min-delta">"Minimum change"</label>
                    <div class="entry">
                        <input
                            id="replay-min-delta"
                            type="range"
                            min="0"
                            max=MIN_DELTA_STOPS.to_string()
                            prop:value=min_delta
                            disabled=is_fixed
                            aria-valuetext=min_delta_words
                            on:input=typed(set_min_delta)
                        />
                        <span class="number">{min_delta_words}</span>
                    </div>
                    <p class="hint" hidden=is_free>
                        "In this run it also decided about the next stage or the learning rate, so that another value would have made another run."
                    </p>
                </div>
            </div>
            <Chart title="Validation score that decides" picture mark=format::rate />
            <p aria-live="polite">{words}</p>
        </div>
    }
}
