use hone_core::dataset::DataRole;
use hone_core::recipe::FieldGroup;
use leptos::prelude::*;

use crate::components::{FileButton, changing, pressed_away};
use crate::data::file_problem::FileProblem;
use crate::data::part_choice::PartChoice;
use crate::data::{ACCEPT, open_list, take_files};
use crate::fields::ControlField;
use crate::format;
use crate::page::Page;
use crate::state::recipe::fields;
use crate::state::{State, Step};

/// The rows for validation.
#[component]
pub fn Split() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| state.data.train.source().is_none());
    let is_locked = page.memo(State::is_engaged);
    let own = page.memo(|state| state.data.validation.choice().map(|choice| format::visible(&choice.name)));
    let rows = page.memo(|state| {
        state.data.report.as_ref().map(|report| {
            let count = |rows: u32| format::count(f64::from(rows));
            let seed = state.form.recipe.seed;
            let own = state.data.validation.choice().is_some();
            let drawn = if own { String::new() } else { format!(" Split with seed {seed}.") };
            let (train, check) = (count(report.train_rows), count(report.validation_rows));
            format!("{train} rows for training, {check} for validation.{drawn}")
        })
    });
    let remap = Callback::new(move |()| page.act(State::remap));
    let fields = changing(move || {
        own.with(Option::is_none).then(|| {
            let controls = fields::controls(FieldGroup::Data).into_iter();
            controls.map(|field| view! { <ControlField field on_change=Some(remap) /> }).collect_view()
        })
    });
    view! {

            <fieldset class="split" disabled=is_locked hidden=has_none>
                <legend>"Validation"</legend>
                <p>{rows}</p>
                <div class="fields">{fields}</div>
                <OwnFile own=own />
                <FileProblem role=DataRole::Validation />
            </fieldset>

    }
}

/// The user's own validation file: a box for dropping or choosing it, or its name.
#[component]
fn OwnFile(own: Memo<Option<String>>) -> impl IntoView {
    let page = Page::get();
    let choose = Callback::new(move |files| _ = open_list(page, DataRole::Validation, &files));
    let drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        // The whole page would open it as training data.
        event.stop_propagation();
        take_files(page, DataRole::Validation, event.data_transfer());
    };
    let content = changing(move || {
        match own.get() {
        Some(name) => view! {
            <p dir="auto">"Validation file: " <strong>{name}</strong></p>
            <PartChoice role=DataRole::Validation />
            <button type="button" class="quiet" on:click=pressed_away(Step::Data.id(), move |_| page.act(State::close_validation))>
                "Remove it"
            </button>
        }
        .into_any(),
        None => view! {
            <p>"Do you have a validation file? Drop it here."</p>
            <FileButton id="validation-file" label="Choose a validation file" accept=ACCEPT multiple=true keeps_handle=true on_files=choose />
        }
        .into_any(),
    }
    });
    view! {
        <div class="drop small" on:drop=drop>
            {content}
        </div>
    }
}
