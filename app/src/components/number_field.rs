use leptos::prelude::*;

use crate::components::typed;

use crate::page::Page;
use crate::state::recipe::fields::Field;

/// A number of the recipe, with its unit, its range, what it does and when to change it.
#[component]
pub fn NumberField(
    /// Which.
    field: &'static Field,
    /// Called when a value that fits was typed.
    #[prop(optional, into)]
    on_change: Option<Callback<()>>,
) -> impl IntoView {
    let page = Page::get();
    let value = page.memo(|state| field.shown(&state.form.recipe));
    let error = page.memo(|state| state.form.error(field.name));
    let is_wrong = page.memo(|state| state.form.errors.contains_key(field.name).to_string());
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
            <label for=field.name>{field.label}</label>
            <div class="entry">
                <input
                    id=field.name
                    type="text"
                    inputmode="decimal"
                    autocomplete="off"
                    placeholder=if field.is_optional { "automatic" } else { "" }
                    prop:value=value
                    aria-invalid=is_wrong
                    aria-describedby=hint_id.clone()
                    on:change=typed(type_in)
                />
                <span class="unit">{field.unit}</span>
                <span class="range">{field.range_words()}</span>
            </div>
            <p id=hint_id class="hint">
                <span class="error">{error}</span>
                " "
                {field.what}
                " "
                <span class="when">{field.when}</span>
            </p>
        </div>
    }
}

/// A number that belongs to a name among several, such as a label or a part of the model.
#[component]
pub fn NumberRow(
    /// Unique on the page.
    id: String,
    /// What the number is of; may be a person's own text made visible.
    label: String,
    /// The number, as shown.
    value: Memo<String>,
    /// What is wrong with what was typed; empty when nothing is.
    error: Memo<String>,
    /// Called with what was typed.
    on_type: Callback<String>,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let is_wrong = Memo::new(move |_| error.with(|error| !error.is_empty()).to_string());
    view! {
        <li class="number-row">
            <label for=id.clone() dir="auto">
                {label}
            </label>
            <input
                id=id
                type="text"
                inputmode="decimal"
                autocomplete="off"
                prop:value=value
                aria-invalid=is_wrong
                aria-describedby=error_id.clone()
                on:change=typed(move |value| on_type.run(value))
            />
            <span id=error_id class="error">{error}</span>
        </li>
    }
}
