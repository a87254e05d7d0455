//! A file whose rows are predicted.

use hone_core::decimal::fixed;
use hone_core::inference::TableFormat;
use hone_core::run::FileOutcome;
use leptos::prelude::*;
use web_sys::FileList;

use crate::components::{Bar, Bars, CollectAny, FileButton, MenuOption, ProblemPlace, changing, pressed, typed};
use crate::data::{ACCEPT, PartChoice, PartOf};
use crate::format;
use crate::page::Page;
use crate::state::table::roles;
use crate::state::{State, TableStage};

/// Maximum number of labels whose counts are shown.
const SHOWN: usize = 10;

/// Predicts every row of a file, which is downloaded with the predictions.
#[component]
pub fn PredictTable() -> impl IntoView {
    let page = Page::get();
    let choose = Callback::new(move |files: FileList| {
        if let Some(file) = files.get(0) {
            page.open_table(file.name(), file.into());
        }
    });
    let is_closed = page.memo(|state| state.table.source.is_none());
    let problem = page.watch(State::table_problem);
    view! {
        <div class="stack table-prediction">
            <h3>"Predict a file"</h3>
            <p class="hint">
                "Choose a table without labels, in any format that the first step reads. Every row is predicted, and you get the rows back with their predictions next to them."
            </p>
            <div class="row">
                <FileButton id="table-file" label="Choose rows to predict" accept=ACCEPT on_files=choose />
                <FileFacts />
            </div>
            <div class="stack" hidden=is_closed>
                <PartChoice of=PartOf::Table />
                <Columns />
                <Actions />
            </div>
            <Progress />
            <ProblemPlace diagnostic=problem />
            <Outcome />
        </div>
    }
}

#[component]
fn FileFacts() -> impl IntoView {
    let page = Page::get();
    let facts = page.memo(|state| match &state.table.source {
        Some(source) => format!("{}: {}", format::visible(&source.name), format::counted(source.rows, "row", "rows")),
        None => String::new(),
    });
    view! { <p dir="auto">{facts}</p> }
}

/// The columns that the model reads.
#[component]
fn Columns() -> impl IntoView {
    let page = Page::get();
    let file = page.watch(|state| {
        let names = state.table.source.as_ref().map(|source| source.columns.clone()).unwrap_or_default();
        let labels = state.table.columns.as_ref().map(roles).unwrap_or_default();
        (names, labels.into_iter().map(|(label, _)| label).collect::<Vec<_>>())
    });
    let is_busy = page.memo(|state| state.table.is_busy());
    let is_no_prompt = page.memo(|state| prompt(state).is_none());
    let prompt = page.memo(|state| prompt(state).unwrap_or_default());
    let select = move |nth: usize, label: &'static str, names: &[String]| {
        let options = names.iter().zip(0u32..).map(|(name, index)| {
            let is_chosen = page.memo(move |state| {
                let columns = state.table.columns.as_ref().map(roles).unwrap_or_default();
                columns.get(nth).is_some_and(|(_, column)| *column == index)
            });
            view! { <MenuOption value=index.to_string() name=format::visible(name) is_chosen /> }
        });
        let options = options.collect_any();
        let choose = move |value: String| {
            if let Ok(column) = value.parse() {
                page.change(|state| state.choose_table_column(nth, column));
            }
        };
        view! {
            <label>
                {label}
                <select on:change=typed(choose)>{options}</select>
            </label>
        }
    };
    view! {
        <fieldset class="plain" disabled=is_busy>
            <legend class="unseen">"Columns of the file to predict"</legend>
            <div class="pair">
                {changing(move || {
                    let (names, labels) = file.get();
                    labels.into_iter().enumerate().map(|(nth, label)| select(nth, label, &names)).collect_any()
                })}
            </div>
            <div class="field" hidden=is_no_prompt>
                <label for="table-prompt">"Prompt for each row"</label>
                <textarea
                    id="table-prompt"
                    rows="2"
                    dir="auto"
                    prop:value=prompt
                    on:change=typed(move |typed| page.change(|state| state.set_table_prompt(typed)))
                ></textarea>
                <p class="hint">"Names of columns in braces are filled in from each row."</p>
            </div>
        </fieldset>
    }
}

fn prompt(state: &State) -> Option<String> {
    match &state.table.columns {
        Some(hone_core::dataset::InputColumns::Prompt { prompt }) => Some(prompt.clone()),
        _ => None,
    }
}

/// The format of the result, and the buttons.
#[component]
fn Actions() -> impl IntoView {
    let page = Page::get();
    let cannot_predict = page.memo(|state| !state.can_predict_table());
    let is_not_predicting = page.memo(|state| !matches!(state.table.stage, TableStage::Predicting(_)));
    let is_busy = page.memo(|state| state.table.is_busy());
    let option = |format: TableFormat| {
        let is_chosen = page.memo(move |state| state.table.format == format);
        view! { <MenuOption value=format.ending() name=format.name() is_chosen /> }
    };
    let options = TableFormat::ALL.map(option).into_iter().collect_any();
    let choose = move |ending: String| {
        page.change(|state| state.choose_table_format(TableFormat::of_ending(&ending)));
    };
    view! {
        <div class="row">
            <label>
                "Result as "
                <select disabled=is_busy on:change=typed(choose)>{options}</select>
            </label>
            <button
                type="button"
                class="primary"
                disabled=cannot_predict
                on:click=pressed(move |_| page.act(State::predict_table))
            >
                "Predict all rows"
            </button>
            <button type="button" hidden=is_not_predicting on:click=pressed(move |_| page.act(State::stop_table))>
                "Stop predicting"
            </button>
        </div>
    }
}

#[component]
fn Progress() -> impl IntoView {
    let page = Page::get();
    let is_not_opening = page.memo(|state| !matches!(state.table.stage, TableStage::Opening(_)));
    let is_idle = page.memo(|state| !state.table.is_busy());
    let value = page.memo(|state| match state.table.stage {
        TableStage::Opening(share) | TableStage::Predicting(share) => fixed(share, 3),
        TableStage::Idle | TableStage::Done { .. } => String::new(),
    });
    let words = page.memo(|state| match state.table.stage {
        TableStage::Opening(_) => format!("Reading {}", format::visible(&state.table.name)),
        TableStage::Predicting(share) => format!("Predicting, {}", format::percent(share)),
        TableStage::Idle | TableStage::Done { .. } => String::new(),
    });
    view! {
        <div class="progress" hidden=is_idle>
            <p dir="auto">{words}</p>
            <progress max="1" value=value aria-label="Fraction of the rows predicted"></progress>
            <button type="button" hidden=is_not_opening on:click=pressed(move |_| page.act(State::stop_reading))>
                "Stop reading"
            </button>
        </div>
    }
}

/// The number of rows with each label, and what the user should know about the others.
#[component]
fn Outcome() -> impl IntoView {
    let page = Page::get();
    let done = page.watch(|state| match &state.table.stage {
        TableStage::Done { outcome, labels, .. } => Some((FileOutcome::clone(outcome), labels.clone())),
        _ => None,
    });
    let line = page.memo(|state| match &state.table.stage {
        TableStage::Done { file_name, outcome, .. } => {
            let rows = format::counted(outcome.predicted, "row is", "rows are");
            format!("{rows} predicted. {} is in your downloads.", format::visible(file_name))
        }
        _ => String::new(),
    });
    view! {
        <p role="status" dir="auto">{line}</p>
        {changing(move || done.get().map(|(outcome, labels)| view! { <Notes outcome=outcome labels /> }))}
    }
}

#[component]
fn Notes(outcome: FileOutcome, labels: Vec<String>) -> impl IntoView {
    let notes = outcome.notes().into_iter().map(|note| view! { <li dir="auto">{format::visible(&note)}</li> });
    let notes = notes.collect_any();
    // Inserted in order: a sort would be five kilobytes of wasm.
    let mut counts: Vec<(u32, String)> = Vec::new();
    for (count, label) in outcome.labels.iter().copied().zip(labels) {
        let place = counts.partition_point(|(other, _)| *other >= count);
        counts.insert(place, (count, label));
    }
    let total = f64::from(outcome.predicted.max(1));
    let bar = |(count, label): (u32, String)| Bar { label, share: f64::from(count) / total, mark: "" };
    let bars: Vec<Bar> = counts.into_iter().take(SHOWN).map(bar).collect();
    let has_bars = !bars.is_empty();
    view! {
        <ul class="notes">{notes}</ul>
        {has_bars.then(|| view! { <Bars caption="Predicted labels" bars /> })}
    }
}
