use hone_core::recipe::Metric;
use leptos::prelude::*;

use crate::components::{Chart, Table};
use crate::format;
use crate::page::Page;
use crate::state::runs::scores;
use crate::state::{History, SERIES, State};

/// Two or more runs overlaid in one chart, and the differences between them.
#[component]
pub fn Comparison() -> impl IntoView {
    let page = Page::get();
    let are_few = page.memo(|state| state.history.ticked().len() < 2);
    let score = page.memo(|state| state.history.score_picture());
    let title = page.memo(|state| format!("Validation {}", state.history.compared().name()));
    let loss = page.memo(|state| state.history.loss_picture());
    let legend = page.memo(|state| {
        let series = |index: usize| format!("series-{}", index % SERIES);
        let runs = state.history.ticked().into_iter().enumerate();
        runs.map(|(index, run)| (series(index), format::visible(&run.name))).collect::<Vec<_>>()
    });
    let heads = page.memo(|state| {
        let names = state.history.ticked().into_iter().map(|run| format::visible(&run.name));
        ["Difference".to_owned()].into_iter().chain(names).collect::<Vec<_>>()
    });
    let rows = page.memo(rows);
    view! {
        <div class="comparison" hidden=are_few>
            <h3>"Comparison"</h3>
            <div class="columns">
                <Chart title picture=score mark=format::rate legend />
                <Chart title="Validation loss, with training loss as thin lines" picture=loss mark=format::rate legend />
            </div>
            <Table label="What differs between the runs" class="differences" heads rows />
        </div>
    }
}

fn rows(state: &State) -> Vec<Vec<String>> {
    let runs = state.history.ticked();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: String, words: &dyn Fn(usize) -> String| {
        rows.push([name].into_iter().chain((0..runs.len()).map(words)).collect());
    };
    let differences = state.history.differences();
    if differences.is_empty() {
        row("none".into(), &|_| "same recipe".into());
    }
    for (name, values) in &differences {
        row(name.clone(), &|run| format::visible(&values[run]));
    }
    for metric in History::metrics(runs.iter().copied()) {
        row(format!("Best {}", metric.name()), &|run| scores::with_interval(&runs[run].best, metric));
    }
    row("Validation loss".into(), &|run| format::score(runs[run].best.loss));
    for class in runs.first().map(|run| run.classes()).unwrap_or_default() {
        row(format!("F1 of {}", format::visible(&class.label)), &|run| {
            let own = runs[run].classes().iter().find(|own| own.label == class.label);
            own.map_or("–".into(), |own| scores::within(Metric::F1, own.f1, own.intervals[2].as_ref()))
        });
    }
    row("Representation similarity".into(), &|run| {
        runs[run].forgetting.map_or("–".into(), |forgetting| format::percent(forgetting.agreement))
    });
    row("Time".into(), &|run| format::about(runs[run].seconds));
    rows
}
