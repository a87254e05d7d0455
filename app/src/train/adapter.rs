use hone_core::recipe::{Field, LoraTarget};
use leptos::prelude::*;

use crate::components::ticked;
use crate::format;
use crate::page::Page;
use crate::state::State;

/// Linear layers that get an adapter.
#[component]
pub fn TargetModules() -> impl IntoView {
    let page = Page::get();
    let field = Field::named("target_modules");
    let is_moot = page.memo(|state| !state.form.recipe.has_adapter());
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
                {target.label()}
            </label>
        }
    });
    view! {
            <fieldset class="plain field" hidden=is_moot>
                <legend>{field.map(|field| field.label)}</legend>
                <div class="checks">{boxes}</div>
                <p class="hint">
                    {field.map(|field| field.what)}
                    " "
                    <span class="when">{field.map(|field| field.when)}</span>
                </p>
            </fieldset>
    }
}

/// Number of parameters that are trained.
#[component]
pub fn TrainableParameters() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(|state: &State| {
        let all = state.model.report()?.parameters;
        let trainable = state.planned_parameters();
        let share = format::percent(trainable / all.max(1.0));
        Some(format!("About {} trainable parameters, {share} of the model.", format::parameters(trainable)))
    });
    view! { <p class="number">{words}</p> }
}
