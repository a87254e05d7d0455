use std::collections::BTreeMap;

use hone_core::recipe::Field;
use leptos::prelude::*;

use crate::components::{CollectAny, NumberRow, changing, pressed, ticked};
use crate::format;
use crate::page::Page;
use crate::train::layers::PlannedLayers;

/// Values of layer-wise decay worth trying, and their names.
const DECAYS: [(f64, &str); 3] = [(1.0, "Off"), (0.8, "0.8"), (1.0 / 2.6, "1/2.6, as ULMFiT")];

/// Learning rates that differ between layers: by a common decay, or one by one.
#[component]
pub fn Rates() -> impl IntoView {
    let page = Page::get();
    let field = Field::named("lr_per_group");
    let is_custom = page.memo(|state| !state.form.recipe.lr_per_group.is_empty());
    let lacks_model = page.memo(|state| state.model.report().is_none());
    let quick = DECAYS.map(|(factor, name)| {
        view! {
            <button
                type="button"
                aria-pressed=page.memo(move |state| {
                    ((state.form.recipe.layer_decay - factor).abs() < 1e-6).to_string()
                })
                on:click=pressed(move |_| page.change(|state| {
                    state.form.recipe.layer_decay = factor;
                    state.form.clear_error("layer_decay");
                }))
            >
                {name}
            </button>
        }
    });
    let toggle = move |is_on: bool| {
        page.change(|state| {
            let rates = if is_on { state.planned_rates() } else { BTreeMap::new() };
            state.form.set_rates(rates);
        });
    };
    view! {
        <div class="rates">
            <PlannedLayers />
            <div class="field">
                <h4>"Learning rates of the layers"</h4>
                <div class="chips" role="group" aria-label="Layer-wise decay" hidden=is_custom>
                    {quick}
                </div>
                <label class="check">
                    <input
                        type="checkbox"
                        disabled=lacks_model
                        prop:checked=is_custom
                        on:change=ticked(toggle)
                    />
                    "A learning rate for each group"
                </label>
                <p class="hint">
                    {field.map(|field| field.what)}
                    " "
                    <span class="when">{field.map(|field| field.when)}</span>
                </p>
                <GroupRates />
            </div>
        </div>
    }
}

/// The learning rate of each parameter group, from the top.
#[component]
fn GroupRates() -> impl IntoView {
    let page = Page::get();
    let groups =
        page.watch(|state| if state.form.recipe.lr_per_group.is_empty() { Vec::new() } else { state.groups() });
    let rows = changing(move || {
        let groups = groups.get().into_iter().rev();
        let row = |group| {
            let value = page.memo(move |state| {
                let rate = state.form.recipe.lr_per_group.get(&group).copied();
                rate.map_or_else(String::new, format::rate)
            });
            let error = page.memo(move |state| state.form.error(&format!("lr_per_group.{group}")));
            let on_type = Callback::new(move |typed: String| page.change(|state| state.form.type_rate(group, &typed)));
            view! { <NumberRow id=format!("rate-{group}") label=format::param_group(group) value error on_type /> }
        };
        groups.map(row).collect_any()
    });
    view! { <ul class="number-rows">{rows}</ul> }
}
