use hone_core::recipe::Unfreezing;
use leptos::prelude::*;

use crate::components::{ticked, typed};
use crate::page::Page;
use crate::state::recipe::unfreeze_order;

/// The order of gradual unfreezing: from the head down, or as the user writes it.
#[component]
pub fn OrderField() -> impl IntoView {
    let page = Page::get();
    let is_moot =
        page.memo(|state| state.form.recipe.unfreezing != Unfreezing::Gradual || state.model.report().is_none());
    let is_custom = page.memo(|state| !state.form.recipe.unfreeze_order.is_empty());
    let is_default = page.memo(|state| state.form.recipe.unfreeze_order.is_empty());
    let written = page.memo(|state| unfreeze_order::write(&state.form.recipe.unfreeze_order));
    let error = page.memo(|state| state.form.error("unfreeze_order"));
    let is_wrong = page.memo(|state| state.form.is_wrong("unfreeze_order").to_string());
    let toggle = move |is_on: bool| {
        page.change(|state| {
            let order = if is_on { unfreeze_order::from_the_top(&state.groups()) } else { Vec::new() };
            state.form.set_order(order);
        });
    };
    let type_in = move |typed: String| {
        page.change(|state| {
            let groups = state.groups();
            state.form.type_order(&typed, &groups);
        });
    };
    view! {
            <div class="field" hidden=is_moot>
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=is_custom
                        on:change=ticked(toggle)
                    />
                    "Custom order"
                </label>
                <div class="field" hidden=is_default>
                    <label for="unfreeze_order">"Order"</label>
                    <input
                        id="unfreeze_order"
                        class="wide"
                        type="text"
                        autocomplete="off"
                        spellcheck="false"
                        prop:value=written
                        aria-invalid=is_wrong
                        aria-describedby="unfreeze_order-hint"
                        on:change=typed(type_in)
                    />
                </div>
                <p id="unfreeze_order-hint" class="hint">
                    <span class="error">{error}</span>
                    " The groups that each stage unfreezes, separated by commas; a semicolon ends a stage. Layers are written as their numbers. "
                    <span class="when">"Unfreeze several layers at once to reach the lowest ones in a short run."</span>
                </p>
            </div>
    }
}
