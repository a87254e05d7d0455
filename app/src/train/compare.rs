use leptos::prelude::*;

use crate::components::{Chart, Key, When};
use crate::page::Page;
use crate::state::{SERIES, State, show};

/// Two or more runs, laid over each other, and what differs between them.
#[component]
pub fn Comparison() -> impl IntoView {
    let page = Page::get();
    let are_several = page.memo(|state| state.history.ticked().len() > 1);
    let score = page.memo(|state| state.history.score_picture());
    let loss = page.memo(|state| state.history.loss_picture());
    view! {
        <When is=are_several>
            <div class="comparison">
                <h3>"Comparison"</h3>
                <div class="columns">
                    <Chart title="Validation macro-F1" picture=score mark=show::tick />
                    <Chart title="Validation loss; training loss as thin lines" picture=loss mark=show::tick />
                </div>
                <Differences />
            </div>
        </When>
    }
}

/// A table of what differs, with the scores below.
#[component]
fn Differences() -> impl IntoView {
    let page = Page::get();
    let heads = page.memo(|state| {
        let runs = state.history.ticked();
        runs.iter().map(|run| show::visible(&run.name)).collect::<Vec<_>>()
    });
    let rows = page.memo(rows);
    let head = |(series, name): (usize, String)| {
        let class = format!("series-{}", series % SERIES);
        view! { <th scope="col" dir="auto"><Key class />" "{name}</th> }
    };
    let row = |(name, values): (String, Vec<String>)| {
        let values = values.into_iter().map(|value| view! { <td dir="auto">{show::visible(&value)}</td> });
        view! { <tr><th scope="row">{name}</th>{values.collect_view()}</tr> }
    };
    view! {
        <div class="frame" tabindex="0" role="region" aria-label="What differs between the runs">
            <table class="scores differences">
                <thead>
                    <tr>
                        <td></td>
                        {move || heads.get().into_iter().enumerate().map(head).collect_view()}
                    </tr>
                </thead>
                <tbody>{move || rows.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn rows(state: &State) -> Vec<(String, Vec<String>)> {
    let runs = state.history.ticked();
    let mut rows = state.history.differences();
    if rows.is_empty() {
        rows.push(("Recipe".into(), vec!["the same".into(); runs.len()]));
    }
    let kept = |value: Option<f64>| value.map_or("–".into(), show::percent);
    rows.push(("Best macro-F1".into(), runs.iter().map(|run| show::score(run.best.macro_f1)).collect()));
    rows.push(("Best accuracy".into(), runs.iter().map(|run| show::score(run.best.accuracy)).collect()));
    rows.push(("Validation loss".into(), runs.iter().map(|run| show::score(run.best.loss)).collect()));
    for class in runs.first().map(|run| run.best.classes.as_slice()).unwrap_or_default() {
        let f1 = runs.iter().map(|run| {
            let own = run.best.classes.iter().find(|own| own.label == class.label);
            own.map_or("–".into(), |own| show::score(own.f1))
        });
        rows.push((format!("F1 of {}", show::visible(&class.label)), f1.collect()));
    }
    rows.push((
        "Kept of what it knew".into(),
        runs.iter().map(|run| kept(run.forgetting.map(|one| one.agreement))).collect(),
    ));
    rows.push(("Time".into(), runs.iter().map(|run| show::about(run.seconds)).collect()));
    rows
}
