//! The third step: the run.

mod advanced;
mod confusion;
mod layers;
mod live;
mod recipe_file;
mod result;
mod table;

use leptos::prelude::*;

use crate::browser;
use crate::components::{ProblemNote, StepSection};
use crate::page::Page;
use crate::state::{Phase, State, Step, show};

use advanced::Advanced;
use live::Live;
pub use recipe_file::save_recipe;
use result::RunResult;

/// The run: its start, its course and what it scored.
#[component]
pub fn TrainStep() -> impl IntoView {
    let page = Page::get();
    let failure = page.memo(|state| match (&state.run.rejected, &state.run.phase) {
        (Some(problem), _) | (None, Phase::Failed(problem)) => Some(problem.clone()),
        _ => None,
    });
    let warnings = page.memo(|state| state.run.warnings.clone());
    let has_plan = page.memo(|state| state.run.plan.is_some());
    let warning_notes = move || {
        let warnings = warnings.get().into_iter();
        warnings.map(|problem| view! { <ProblemNote problem is_warning=true /> }).collect_view()
    };
    view! {
        <StepSection step=Step::Train>
            <StartRow />
            <Advanced />
            {move || failure.get().map(|problem| view! { <ProblemNote problem /> })}
            {warning_notes}
            <Show when=move || has_plan.get()>
                <Live />
            </Show>
            <RunResult />
        </StepSection>
    }
}

/// The one primary button, or what it waits for.
#[component]
fn StartRow() -> impl IntoView {
    let page = Page::get();
    let blocker = page.memo(State::blocker);
    let is_active = page.memo(|state| state.run.is_active());
    let is_setting_up = page.memo(|state| state.run.phase == Phase::Starting);
    let label = page.memo(|state| if state.run.phase == Phase::Idle { "Start" } else { "Start again" });
    let plan = page.memo(|state| {
        let steps = show::count(f64::from(state.planned_steps()));
        let epochs = show::counted(state.form.recipe.epochs, "time", "times");
        state.data.report.as_ref().map(|_| format!("{steps} steps: all training rows, {epochs}."))
    });
    let words = move || blocker.get().map(String::from).or_else(|| plan.get());
    let start = move |_| {
        page.act(State::start);
        browser::focus(Step::Train);
    };
    view! {
        <Show when=move || !is_active.get()>
            <div class="row">
                <button
                    type="button"
                    class="primary"
                    disabled=move || blocker.with(Option::is_some)
                    aria-describedby="start-hint"
                    on:click=start
                >
                    {label}
                </button>
                <p id="start-hint" class="hint">{words}</p>
            </div>
        </Show>
        <Show when=move || is_setting_up.get()>
            <p class="setting-up">
                "Setting up. On a GPU the first steps take up to half a minute, because its programs are made then."
            </p>
        </Show>
    }
}
