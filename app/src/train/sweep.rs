use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, memo, pressed, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::queue::sweepable;

/// Number of runs with different seeds.
const SEEDS: u32 = 3;

/// A queue of runs: with several seeds, or over a few values.
#[component]
pub fn SeveralRuns() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(State::is_engaged);
    let cannot = page.memo(|state| state.blocker().is_some());
    let seeds = page.memo(|state| {
        let first = state.form.recipe.seed;
        let seeds = (0..SEEDS).map(|run| first.wrapping_add(run).to_string()).collect::<Vec<_>>().join(", ");
        format!(
            "How much of a score is chance? Runs the same recipe with seeds {seeds} on the same rows; the list of runs then \
            shows mean and standard deviation.{}",
            in_all(state, SEEDS as usize)
        )
    });
    let sweep_words = page.memo(|state| match state.sweep_jobs() {
        Ok(jobs) => format!("Start {}", format::counted(jobs.len() as u32, "run", "runs")),
        Err(_) => "Start the runs".into(),
    });
    let error = page.memo(|state| {
        let has_field = state.axes.iter().any(|axis| !axis.field.is_empty());
        if has_field { state.sweep_jobs().err().unwrap_or_default() } else { String::new() }
    });
    let total = page.memo(|state| state.sweep_jobs().map_or(String::new(), |jobs| in_all(state, jobs.len())));
    view! {
        <details class="several">
            <summary>"Several runs"</summary>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Several runs"</legend>
                <div class="part">
                    <h4>"With several seeds"</h4>
                    <p class="hint">{seeds}</p>
                    <button type="button" disabled=cannot on:click=pressed(move |_| page.act(|state| state.start_seeds(SEEDS)))>
                        {format!("Run with {SEEDS} seeds")}
                    </button>
                </div>
                <div class="part">
                    <h4>"Sweep over values"</h4>
                    <AxisFields index=0 name="First field" field_id="first-field" values_id="first-values" />
                    <AxisFields index=1 name="Second field" field_id="second-field" values_id="second-values" />
                    <p class="hint" aria-live="polite">
                        <span class="error">{error}</span>
                        " Each combination is one run. You can try and download the model of the last one."
                        {total}
                    </p>
                    <button
                        type="button"
                        disabled=page.memo(|state| state.blocker().is_some() || state.sweep_jobs().is_err())
                        on:click=pressed(move |_| page.act(State::start_sweep))
                    >
                        {sweep_words}
                    </button>
                </div>
            </fieldset>
        </details>
    }
}

/// The estimated time of several runs, once it is known.
fn in_all(state: &State, runs: usize) -> String {
    match state.estimate() {
        Some(Ok(estimate)) => format!(" About {} in total.", format::about(estimate.seconds * runs as f64)),
        _ => String::new(),
    }
}

/// A field of the sweep, and its values.
#[component]
fn AxisFields(index: usize, name: &'static str, field_id: &'static str, values_id: &'static str) -> impl IntoView {
    let page = Page::get();
    let chosen = page.memo(move |state| state.axes[index].field.clone());
    let names = page.memo(|state| {
        sweepable(&state.form.recipe)
            .map(|(field, _)| (field.name.to_owned(), field.label.to_owned()))
            .collect::<Vec<_>>()
    });
    let options = changing(move || {
        let option = |(name, label): (String, String)| {
            let own = name.clone();
            let is_chosen = memo(move || chosen.with(|chosen| *chosen == own));
            view! { <MenuOption value=name name=label is_chosen /> }
        };
        names.get().into_iter().map(option).collect_any()
    });
    view! {
        <div class="axis">
            <label for=field_id>{name}</label>
                <select
                    id=field_id
                    on:change=typed(move |field| {
                        page.change(|state| state.axes[index].field = field);
                    })
                >
                    <option value="">"none"</option>
                    {options}
                </select>
            <label for=values_id>"Values"</label>
                <input
                    id=values_id
                    type="text"
                    autocomplete="off"
                    placeholder="1e-4, 3e-4, 1e-3"
                    prop:value=page.memo(move |state| state.axes[index].values.clone())
                    on:input=typed(move |values| {
                        page.change(|state| state.axes[index].values = values);
                    })
                />
        </div>
    }
}
