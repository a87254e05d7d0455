use leptos::prelude::*;

use crate::page::Page;
use crate::state::queue::sweepable;
use crate::state::{State, show};

/// Runs with as many seeds show how much of a score is luck.
const SEEDS: u32 = 3;

/// Several runs after each other: with several seeds, or over a few values.
#[component]
pub fn Several() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(State::is_engaged);
    let cannot = page.memo(|state| state.blocker().is_some());
    let each = page.memo(|state| state.estimate().and_then(|estimate| estimate.as_ref().ok()).map(|one| one.seconds));
    let total =
        move |runs: usize| each.get().map(|seconds| format!(" About {} in all.", show::about(seconds * runs as f64)));
    let seeds = page.memo(|state| {
        let first = state.form.recipe.seed;
        (0..SEEDS).map(|run| first.wrapping_add(run).to_string()).collect::<Vec<_>>().join(", ")
    });
    let jobs = page.memo(|state| state.sweep_jobs().map(|jobs| jobs.len()));
    let has_axis = page.memo(|state| state.axes.iter().any(|axis| !axis.field.is_empty()));
    let said = move || match (has_axis.get(), jobs.get()) {
        (false, _) => {
            view! { <span>"Each combination is a run; the last one stays to be tried and downloaded."</span> }
                .into_any()
        }
        (true, Err(error)) => view! { <span class="error">{error}</span> }.into_any(),
        (true, Ok(runs)) => {
            view! { <span>{total(runs)} " The last run stays to be tried and downloaded."</span> }.into_any()
        }
    };
    let sweep_words = move || match jobs.get() {
        Ok(runs) => format!("Start {}", show::counted(runs as u32, "run", "runs")),
        Err(_) => "Start the runs".into(),
    };
    view! {
        <details class="several">
            <summary>"Several runs"</summary>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Runs after each other"</legend>
                <div class="part">
                    <h4>"With several seeds"</h4>
                    <p class="hint">
                        "How much of a score is luck? The same recipe runs with seeds " {seeds}
                        " on the same rows; the list of runs then shows mean and spread." {move || total(SEEDS as usize)}
                    </p>
                    <button type="button" disabled=cannot on:click=move |_| page.act(|state| state.start_seeds(SEEDS))>
                        {format!("Run with {SEEDS} seeds")}
                    </button>
                </div>
                <div class="part">
                    <h4>"Over a few values"</h4>
                    <AxisFields index=0 name="First field" field_id="first-field" values_id="first-values" />
                    <AxisFields index=1 name="Second field" field_id="second-field" values_id="second-values" />
                    <p class="hint" aria-live="polite">{said}</p>
                    <button
                        type="button"
                        disabled=page.memo(|state| state.blocker().is_some() || state.sweep_jobs().is_err())
                        on:click=move |_| page.act(State::start_sweep)
                    >
                        {sweep_words}
                    </button>
                </div>
            </fieldset>
        </details>
    }
}

/// A field, and the values that it takes one after the other.
#[component]
fn AxisFields(index: usize, name: &'static str, field_id: &'static str, values_id: &'static str) -> impl IntoView {
    let page = Page::get();
    let chosen = page.memo(move |state| state.axes[index].field.clone());
    let names =
        page.memo(|state| sweepable(&state.form.recipe).map(|field| (field.name, field.label)).collect::<Vec<_>>());
    let options = move || {
        let option = |(name, label): (&'static str, &'static str)| {
            let is_chosen = Memo::new(move |_| chosen.with(|chosen| chosen == name));
            view! { <option value=name selected=is_chosen>{label}</option> }
        };
        names.get().into_iter().map(option).collect_view()
    };
    view! {
        <div class="axis">
            <label for=field_id>{name}</label>
                <select
                    id=field_id
                    on:change:target=move |event| {
                        let field = event.target().value();
                        page.change(|state| state.axes[index].field = field);
                    }
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
                    on:input:target=move |event| {
                        let values = event.target().value();
                        page.change(|state| state.axes[index].values = values);
                    }
                />
        </div>
    }
}
