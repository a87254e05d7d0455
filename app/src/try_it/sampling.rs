use leptos::prelude::*;

use crate::components::{CollectAny, memo, typed};
use crate::page::Page;
use crate::state::{SAMPLING, SamplingField};

/// The sampling parameters.
#[component]
pub fn SamplingForm() -> impl IntoView {
    let fields =
        SAMPLING.iter().zip(0..).map(|(field, index)| view! { <Field field id=format!("sampling-{index}") /> });
    view! {
        <details class="sampling">
            <summary>"Sampling parameters"</summary>
            <div class="fields">{fields.collect_any()}</div>
        </details>
    }
}

#[component]
fn Field(field: &'static SamplingField, id: String) -> impl IntoView {
    let page = Page::get();
    let value = page.memo(|state| field.shown(&state.inference.sampling));
    let error = page.memo(|state| state.inference.sampling_error(field));
    let is_wrong = memo(move || error.with(|error| !error.is_empty()).to_string());
    let hint_id = format!("{id}-hint");
    view! {
        <div class="field">
            <label for=id.clone()>{field.label}</label>
            <input
                id=id
                type="text"
                inputmode="decimal"
                autocomplete="off"
                prop:value=value
                aria-invalid=is_wrong
                aria-describedby=hint_id.clone()
                on:change=typed(move |typed| {
                    page.change(|state| state.inference.type_sampling(field, &typed));
                })
            />
            <p id=hint_id class="hint">
                <span class="error">{error}</span>
                " "
                {field.what}
            </p>
        </div>
    }
}
