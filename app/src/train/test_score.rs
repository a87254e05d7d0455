use hone_core::metrics::Evaluation;
use leptos::prelude::*;

use crate::components::Table;
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::scores;

/// The scores on the test rows, and why they are the ones to report. Empty for a run without test rows.
#[component]
pub fn TestScore() -> impl IntoView {
    let page = Page::get();
    let is_missing = page.memo(|state| test(state).is_none());
    let heads = page.memo(|state| {
        let names = scores::shown(state.run.task(), test(state)).iter().map(|metric| scores::title(*metric));
        [String::new()].into_iter().chain(names).collect::<Vec<_>>()
    });
    let rows = page.memo(|state| test(state).map(|test| vec![row(state, test)]).unwrap_or_default());
    let words = page.memo(|state| {
        let rows = state.run.plan.as_ref().map_or(0, |plan| plan.test_rows);
        format!(
            "Scored once, at the end, on {}. They chose nothing: neither the weights, nor a threshold, nor the end of the run. \
            So this is the score to report. The validation score tends to be a little higher, because the weights were chosen \
            by it.",
            format::counted(rows, "row", "rows")
        )
    });
    view! {
        <section aria-label="Test" hidden=is_missing>
            <h3>"Result on the test rows"</h3>
            <Table label="Test result" class="headline" heads rows />
            <p class="hint">{words}</p>
        </section>
    }
}

fn test(state: &State) -> Option<&Evaluation> {
    state.run.summary()?.test.as_ref()
}

fn row(state: &State, test: &Evaluation) -> Vec<String> {
    let shown = scores::shown(state.run.task(), Some(test)).iter().map(|metric| scores::with_interval(test, *metric));
    ["Tuned model".to_owned()].into_iter().chain(shown).collect()
}
