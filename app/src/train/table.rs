use leptos::prelude::*;

use crate::page::Page;
use crate::state::{Run, show};

/// The figures behind the loss chart, for those who read rather than see.
#[component]
pub fn HistoryTable() -> impl IntoView {
    let page = Page::get();
    let rows = page.slow(|state| rows(&state.run));
    let is_open = RwSignal::new(false);
    let body = move || {
        let row = |cells: [String; 5]| {
            view! { <tr>{cells.map(|cell| view! { <td class="number">{cell}</td> })}</tr> }
        };
        // Hidden rows are not made: they would be remade four times a second.
        is_open.get().then(|| rows.get().into_iter().map(row).collect_view())
    };
    let heads = ["Step", "Training loss", "Validation loss", "Accuracy", "Macro-F1"];
    view! {
        <details on:toggle=move |_| is_open.update(|is_open| *is_open = !*is_open)>
            <summary>"Show as table"</summary>
            <div class="frame" tabindex="0" role="region" aria-label="Loss and scores by step">
                <table class="scores">
                    <thead>
                        <tr>{heads.map(|head| view! { <th scope="col">{head}</th> })}</tr>
                    </thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
        </details>
    }
}

/// A row an evaluation: training loss is that of the step before it.
fn rows(run: &Run) -> Vec<[String; 5]> {
    let row = |evaluation: &hone_core::metrics::Evaluation| {
        let before = run.steps.iter().rev().find(|step| step.step <= evaluation.step);
        [
            evaluation.step.to_string(),
            before.map_or(String::new(), |step| show::score(step.loss)),
            show::score(evaluation.loss),
            show::score(evaluation.accuracy),
            show::score(evaluation.macro_f1),
        ]
    };
    run.evaluations.iter().map(row).collect()
}
