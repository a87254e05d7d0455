use hone_core::dataset::DataRole;
use hone_core::recipe::FieldGroup;
use leptos::prelude::*;

use crate::components::{CollectAny, FileButton, changing, pressed_away};
use crate::data::ACCEPT;
use crate::data::dropped::{open_list, take_files};
use crate::data::file_problem::FileProblem;
use crate::data::part_choice::{PartChoice, PartOf};
use crate::fields::ControlField;
use crate::format;
use crate::page::Page;
use crate::state::recipe::fields;
use crate::state::{State, Step};

/// The rows for validation and for the test.
#[component]
pub fn Split() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| state.data.train.source().is_none());
    let is_locked = page.memo(State::is_engaged);
    let rows = page.memo(|state| rows(state).unwrap_or_default());
    view! {
        <fieldset class="split" disabled=is_locked hidden=has_none>
            <legend>"Validation and test"</legend>
            <p>{rows}</p>
            <div class="sides">
                <HeldOut role=DataRole::Validation />
                <HeldOut role=DataRole::Test />
            </div>
        </fieldset>
    }
}

/// Numbers of rows on each side, and the seed if rows were drawn.
fn rows(state: &State) -> Option<String> {
    let report = state.data.report.as_ref()?;
    let count = |rows: u32| format::count(f64::from(rows));
    let has_file = |role| !draws(state, role);
    let is_drawn = !has_file(DataRole::Validation) || (!has_file(DataRole::Test) && report.test_rows > 0);
    let drawn = if is_drawn { format!(" Split with seed {}.", state.form.recipe.seed) } else { String::new() };
    let (train, validation) = (count(report.train_rows), count(report.validation_rows));
    let test = match report.test_rows {
        0 => String::new(),
        rows => format!(", {} for the test", count(rows)),
    };
    Some(format!("{train} rows for training, {validation} for validation{test}.{drawn}"))
}

/// Returns true if the rows of a side are drawn from the training rows: it has no file, or one that was left out.
fn draws(state: &State, role: DataRole) -> bool {
    let is_left_out = || state.data.report.as_ref().is_some_and(|report| report.left_out.contains(&role));
    state.data.file(role).choice().is_none() || is_left_out()
}

/// One side of the split: the ratio of the rows to hold out, or a file of its own.
#[component]
fn HeldOut(role: DataRole) -> impl IntoView {
    let page = Page::get();
    let own = page.memo(move |state| state.data.file(role).choice().map(|choice| format::visible(&choice.name)));
    let remap = Callback::new(move |()| page.act(State::remap));
    let ratio = if role == DataRole::Test { "test_ratio" } else { "validation_ratio" };
    let is_drawn = page.memo(move |state| draws(state, role));
    let fields = changing(move || {
        is_drawn.get().then(|| {
            let controls = fields::controls(FieldGroup::Data).into_iter().filter(|field| field.name == ratio);
            controls.map(|field| view! { <ControlField field on_change=Some(remap) /> }).collect_any()
        })
    });
    view! {
        <div class="side">
            <div class="fields">{fields}</div>
            <OwnFile role own />
            <FileProblem role />
        </div>
    }
}

/// A file of the user's own for one side: a box for dropping or choosing it, or its name.
#[component]
fn OwnFile(role: DataRole, own: Memo<Option<String>>) -> impl IntoView {
    let page = Page::get();
    let choose = Callback::new(move |files| _ = open_list(page, role, &files));
    let drop = move |event: web_sys::DragEvent| {
        event.prevent_default();
        // The whole page would open it as training data.
        event.stop_propagation();
        take_files(page, role, event.data_transfer());
    };
    let (id, name, offer, label) = match role {
        DataRole::Test => ("test-file", "Test file: ", "Or drop a test file here.", "Choose a test file"),
        _ => ("validation-file", "Validation file: ", "Or drop a validation file here.", "Choose a validation file"),
    };
    let close = move |_| page.act(|state| state.close_data(role));
    let content = changing(move || match own.get() {
        Some(file) => view! {
            <p dir="auto">{name} <strong>{file}</strong></p>
            <PartChoice of=PartOf::Data(role) />
            <button type="button" class="quiet" on:click=pressed_away(Step::Data.id(), close)>
                "Remove it"
            </button>
        }
        .into_any(),
        None => view! {
            <p>{offer}</p>
            <FileButton id label accept=ACCEPT multiple=true keeps_handle=true on_files=choose />
        }
        .into_any(),
    });
    view! {
        <div class="drop small" on:drop=drop>
            {content}
        </div>
    }
}
