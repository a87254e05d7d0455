use leptos::prelude::*;

use crate::browser;
use crate::components::{SaveCharts, Table, pressed};
use crate::format;
use crate::page::Page;
use crate::state::Run;
use crate::state::runs::scores;

/// The numbers behind the loss chart, as a table.
#[component]
pub fn HistoryTable() -> impl IntoView {
    let page = Page::get();
    let all = page.slow(|state| rows(&state.run));
    let is_open = RwSignal::new(false);
    // Hidden rows are not rendered: they would be rendered again four times a second.
    let rows = Signal::derive(move || if is_open.get() { all.get() } else { Vec::new() });
    let heads = page.memo(|state| {
        let scores =
            scores::shown(state.run.task(), state.run.evaluations.last()).iter().map(|metric| scores::title(*metric));
        ["Step", "Training loss", "Validation loss"].map(String::from).into_iter().chain(scores).collect::<Vec<_>>()
    });
    let save = move |_| {
        let csv = page.peek(|state| state.run.curves_csv());
        if let Some(blob) = browser::text_blob(&csv) {
            browser::download(&blob, "hone-curves.csv");
        }
    };
    view! {
        <div class="row curve-files">
            <button type="button" class="quiet small" on:click=pressed(save)>
                "Save as CSV"
            </button>
            <SaveCharts section="run-charts" file_name="hone-curves.png" />
        </div>
        <details on:toggle=move |_| is_open.update(|is_open| *is_open = !*is_open)>
            <summary>"Show as table"</summary>
            <Table label="Loss and scores by step" heads rows />
        </details>
    }
}

/// One row per evaluation, with the training loss of the step before it.
fn rows(run: &Run) -> Vec<Vec<String>> {
    let row = |evaluation: &hone_core::metrics::Evaluation| {
        let before = run.steps.iter().rev().find(|step| step.step <= evaluation.step);
        let mut row = vec![
            evaluation.step.to_string(),
            before.map_or(String::new(), |step| format::score(step.loss)),
            format::score(evaluation.loss),
        ];
        row.extend(scores::shown(run.task(), Some(evaluation)).iter().map(|metric| scores::of(evaluation, *metric)));
        row
    };
    run.evaluations.iter().map(row).collect()
}
