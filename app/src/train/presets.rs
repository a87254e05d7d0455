use hone_core::recipe::Preset;
use leptos::prelude::*;

use crate::components::pressed;
use crate::page::Page;
use crate::state::State;
use crate::state::recipe::presets;

/// The presets, and a way back to the one that was changed.
#[component]
pub fn Presets() -> impl IntoView {
    let page = Page::get();
    let changed = page.memo(|state| format!("Changed from {}. ", presets::name(state.form.preset)));
    let back = page.memo(|state| format!("Back to {}", presets::name(state.form.preset)));
    let is_pure = page.memo(|state| !state.form.is_changed());
    let is_locked = page.memo(State::is_engaged);
    let cards = Preset::ALL.map(|preset| {
        let is_moot = page.memo(move |state| !preset.suits(state.form.recipe.task));
        view! {
            <label class="preset" hidden=is_moot>
                <input
                    type="radio"
                    name="preset"
                    prop:checked=page.memo(move |state| state.form.preset == preset)
                    on:change=move |_| page.change(|state| state.form.take_preset(preset))
                />
                <span class="name">{presets::name(preset)}</span>
                <span class="hint">{presets::sentence(preset)}</span>
            </label>
        }
    });
    view! {
        <fieldset class="presets" disabled=is_locked>
            <legend class="unseen">"Recipe"</legend>
            <div class="cards">{cards}</div>
            // Its room is kept, so that its appearance moves nothing.
            <div class="changed">
                <p hidden=is_pure>
                    {changed}
                    <button
                        type="button"
                        class="quiet"
                        on:click=pressed(move |_| page.change(|state| state.form.take_preset(state.form.preset)))
                    >
                        {back}
                    </button>
                </p>
            </div>
        </fieldset>
    }
}
