use hone_core::recipe::Preset;
use leptos::prelude::*;

use crate::page::Page;
use crate::state::{State, presets};

/// Recipes to start from.
#[component]
pub fn Presets() -> impl IntoView {
    let page = Page::get();
    let chosen = page.memo(|state| state.form.preset);
    let is_changed = page.memo(|state| state.form.is_changed());
    let is_locked = page.memo(State::is_engaged);
    let cards = Preset::ALL.map(|preset| {
        view! {
            <label class="preset">
                <input
                    type="radio"
                    name="preset"
                    prop:checked=move || chosen.get() == preset
                    on:change=move |_| page.change(|state| state.form.take_preset(preset))
                />
                <span class="name">{presets::name(preset)}</span>
                <span class="hint">{presets::sentence(preset)}</span>
            </label>
        }
    });
    view! {
        <fieldset class="presets" disabled=is_locked>
            <legend>"Recipe"</legend>
            <div class="cards">{cards}</div>
            <Show when=move || is_changed.get()>
                <p class="changed">
                    {move || format!("Changed from {}. ", presets::name(chosen.get()))}
                    <button
                        type="button"
                        class="quiet"
                        on:click=move |_| page.change(|state| state.form.take_preset(chosen.get_untracked()))
                    >
                        {move || format!("Back to {}", presets::name(chosen.get()))}
                    </button>
                </p>
            </Show>
        </fieldset>
    }
}
