use hone_core::recipe::{AdapterKind, LoraTarget};
use leptos::prelude::*;

use crate::components::ticked;
use crate::page::Page;
use crate::state::{State, format};

/// Which linear layers have an adapter.
#[component]
pub fn Targets() -> impl IntoView {
    let page = Page::get();
    let is_moot = page.memo(|state| state.form.recipe.adapter == AdapterKind::None);
    let boxes = LoraTarget::ALL.map(|target| {
        let is_on = page.memo(move |state| state.form.recipe.target_modules.contains(&target));
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=is_on
                    on:change=ticked(move |is_on| {
                        page.change(|state| state.form.set_target(target, is_on));
                    })
                />
                {format::target(target)}
            </label>
        }
    });
    view! {
            <fieldset class="plain field" hidden=is_moot>
                <legend>"Where the adapter sits"</legend>
                <div class="checks">{boxes}</div>
                <p class="hint">
                    "The linear layers that get small matrices, in each layer that learns. "
                    <span class="when">"All of them learn best; query and value alone are what the first paper took."</span>
                </p>
            </fieldset>
    }
}

/// How many parameters learn.
#[component]
pub fn Learning() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(|state: &State| {
        let all = state.model.report()?.parameters;
        let learning = state.planned_parameters();
        let share = format::percent(learning / all.max(1.0));
        Some(format!("About {} parameters learn, {share} of the model.", format::parameters(learning)))
    });
    view! { <p class="number">{words}</p> }
}
