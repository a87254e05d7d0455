//! The form of the folder and the type of its weights.

use hone_core::usage::{ExportDtype, ExportForm};
use leptos::prelude::*;

use crate::components::{MenuOption, typed};
use crate::export::snippets;
use crate::format;
use crate::page::Page;

/// The forms of a model that reads the mean of the tokens, with their values in the menu.
const FORMS: [(ExportForm, &str, &str); 2] = [
    (ExportForm::Model, "standard", "Standard classes, with one more layer"),
    (ExportForm::OwnClass, "own_class", "Small folder with its own Python class"),
];

const DTYPES: [(ExportDtype, &str, &str); 2] = [
    (ExportDtype::Float32, "float32", "32 bits (float32), as trained"),
    (ExportDtype::Float16, "float16", "16 bits (float16), half the size"),
];

/// Two menus. The form is a choice only if no class of transformers has the model's head.
#[component]
pub fn Choices() -> impl IntoView {
    let page = Page::get();
    let is_standard_anyway = page.memo(|state| !snippets::usage(state).kind.reads_mean());
    let forms = FORMS.map(|(form, value, name)| {
        let is_chosen = page.memo(move |state| state.export_choice.form == form);
        view! { <MenuOption value name is_chosen /> }
    });
    let dtypes = DTYPES.map(|(dtype, value, name)| {
        let is_chosen = page.memo(move |state| state.export_choice.dtype == dtype);
        view! { <MenuOption value name is_chosen /> }
    });
    let choose_form = move |value: String| {
        if let Some(&(form, ..)) = FORMS.iter().find(|(_, name, _)| *name == value) {
            page.change(|state| state.export_choice.form = form);
        }
    };
    let choose_dtype = move |value: String| {
        if let Some(&(dtype, ..)) = DTYPES.iter().find(|(_, name, _)| *name == value) {
            page.change(|state| state.export_choice.dtype = dtype);
        }
    };
    let about_form = page.memo(|state| match state.export_choice.form {
        ExportForm::OwnClass => {
            "Includes modeling_hone.py, which only runs in Python with trust_remote_code.".to_owned()
        }
        _ => {
            let bytes = state.run.layer_bytes * state.export_choice.dtype.size() as f64 / 4.0;
            format!(
                "Opens wherever transformers models do. The head reads the mean of the tokens, which no standard class \
                takes, so another layer computes it (about {}).",
                format::bytes(bytes)
            )
        }
    });
    let about_dtype = page.memo(|state| match state.export_choice.dtype {
        ExportDtype::Float32 => String::new(),
        ExportDtype::Float16 => {
            "Each weight is rounded. Before the download, the rounded model is scored on your validation \
            rows; the model card has those scores."
                .to_owned()
        }
    });
    view! {
        <div class="field" hidden=is_standard_anyway>
            <label for="export-form">"Format"</label>
            <select id="export-form" aria-describedby="export-form-hint" on:change=typed(choose_form)>
                {forms.collect_view()}
            </select>
            <p id="export-form-hint" class="hint">{about_form}</p>
        </div>
        <div class="field">
            <label for="export-dtype">"Weights"</label>
            <select id="export-dtype" aria-describedby="export-dtype-hint" on:change=typed(choose_dtype)>
                {dtypes.collect_view()}
            </select>
            <p id="export-dtype-hint" class="hint">{about_dtype}</p>
        </div>
    }
}
