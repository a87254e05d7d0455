use leptos::prelude::*;

use crate::components::{MenuOption, changing, pressed, typed};
use crate::page::Page;
use crate::state::runs::queue::sweepable;
use crate::state::{State, format};

/// Runs with as many seeds show how much of a score is luck.
const SEEDS: u32 = 3;

/// Several runs after each other: with several seeds, or over a few values.
#[component]
pub fn Several() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(State::is_engaged);
    let cannot = page.memo(|state| state.blocker().is_some());
    let seeds = page.memo(|state| {
        let first = state.form.recipe.seed;
        let seeds = (0..SEEDS).map(|run| first.wrapping_add(run).to_string()).collect::<Vec<_>>().join(", ");
        format!(
            "How much of a score is luck? The same recipe runs with seeds {seeds} on the same rows; the list of runs then \
            shows mean and spread.{}",
            in_all(state, SEEDS as usize)
        )
    });
    let sweep_words = page.memo(|state| match state.sweep_jobs() {
        Ok(jobs) => format!("Start {}", format::counted(jobs.len() as u32, "run", "runs")),
        Err(_) => "Start the runs".into(),
    });
    let error = page.memo(|state| match state.axes.iter().any(|axis| !axis.field.is_empty()) {
        true => state.sweep_jobs().err().unwrap_or_default(),
        false => String::new(),
    });
    let total = page.memo(|state| state.sweep_jobs().map_or(String::new(), |jobs| in_all(state, jobs.len())));
    view! {
        <details class="several">
            <summary>"Several runs"</summary>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Runs after each other"</legend>
                <div class="part">
                    <h4>"With several seeds"</h4>
                    <p class="hint">{seeds}</p>
                    <button type="button" disabled=cannot on:click=pressed(move |_| page.act(|state| state.start_seeds(SEEDS)))>
                        {format!("Run with {SEEDS} seeds")}
                    </button>
                </div>
                <div class="part">
                    <h4>"Over a few values"</h4>
                    <AxisFields index=0 name="First field" field_id="first-field" values_id="first-values" />
                    <AxisFields index=1 name="Second field" field_id="second-field" values_id="second-values" />
                    <p class="hint" aria-live="polite">
                        <span class="error">{error}</span>
                        " Each combination is a run; the last one stays to be tried and downloaded."
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

/// How long so many runs take, once it is known.
fn in_all(state: &State, runs: usize) -> String {
    match state.estimate() {
        Some(Ok(estimate)) => format!(" About {} in all.", format::about(estimate.seconds * runs as f64)),
        _ => String::new(),
    }
}

/// A field, and the values that it takes one after the other.
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
            let is_chosen = Memo::new(move |_| chosen.with(|chosen| *chosen == own));
            view! { <MenuOption value=name name=label is_chosen /> }
        };
        names.get().into_iter().map(option).collect_view()
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
