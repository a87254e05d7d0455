use leptos::prelude::*;

use crate::components::{memo, typed};

/// One of several named numbers, such as the weight of a label or the learning rate of a parameter group.
#[component]
pub fn NumberRow(
    /// Id, unique on the page.
    id: String,
    /// Name of the number; may be text from the data.
    label: String,
    /// The number, formatted.
    value: Memo<String>,
    /// Error in what was typed; empty if there is none.
    error: Memo<String>,
    /// Called with what was typed.
    on_type: Callback<String>,
) -> impl IntoView {
    let error_id = format!("{id}-error");
    let is_wrong = memo(move || error.with(|error| !error.is_empty()).to_string());
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
