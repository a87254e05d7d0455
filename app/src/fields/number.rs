use hone_core::recipe::{Field, Number};
use leptos::prelude::*;

use crate::components::{pressed, typed};
use crate::fields::see::SeeWhatItDoes;
use crate::page::Page;
use crate::state::recipe::fields;

/// A numeric field, with its unit, its range, its effect and when to change it.
#[component]
pub fn NumberField(
    /// Field of the recipe.
    field: &'static Field,
    /// The field's number.
    number: &'static Number,
    /// Called after a valid number was typed.
    on_change: Option<Callback<()>>,
) -> impl IntoView {
    let page = Page::get();
    let value = page.memo(|state| fields::shown(number, &state.filled_form()));
    let unit = page.memo(|state| fields::unit(number, &state.form.recipe).to_owned());
    let default = page.memo(move |state| match state.default_of(number) {
        default if default.is_empty() => default,
        default => format!("Use the default, {default}"),
    });
    let is_default = page.memo(move |state| state.default_of(number).is_empty());
    let error = page.memo(|state| state.form.error(field.name));
    let is_wrong = page.memo(|state| state.form.is_wrong(field.name).to_string());
    let type_in = move |typed: String| {
        let mut fits = false;
        page.change(|state| fits = state.form.type_in(field, &typed));
        if let (true, Some(on_change)) = (fits, on_change) {
            on_change.run(());
        }
    };
    let hint_id = format!("{}-hint", field.name);
    view! {
        <div class="field">
            // In the line of the name, where its appearance moves nothing.
            <div class="name">
                <label for=field.name>{field.label}</label>
                <button
                    type="button"
                    class="quiet"
                    title=default
                    aria-label=default
                    hidden=is_default
                    on:click=pressed(move |_| type_in(String::new()))
                >
                    "↺"
                </button>
            </div>
            <div class="entry">
                <input
                    id=field.name
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    placeholder=if number.is_optional { "automatic" } else { "" }
                    prop:value=value
                    aria-invalid=is_wrong
                    aria-describedby=hint_id.clone()
                    on:change=typed(type_in)
                />
                <span class="unit">{unit}</span>
                <span class="range">{fields::range_words(number)}</span>
            </div>
            <p id=hint_id class="hint">
                <span class="error">{error}</span>
                " "
                {field.what}
                " "
                <span class="when">{field.when}</span>
            </p>
            <SeeWhatItDoes field />
        </div>
    }
}
