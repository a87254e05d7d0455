//! The third step: the run.

mod adapter;
mod advanced;
mod class_weights;
mod compare;
mod confusion;
mod finder;
mod forgetting;
mod history;
mod layers;
mod live;
mod order;
mod presets;
mod rates;
mod recipe_file;
mod result;
mod several;
mod stages;
mod start;
mod table;

use leptos::prelude::*;

use crate::components::{ProblemNote, StepSection};
use crate::page::Page;
use crate::state::{Phase, Step};

use advanced::{Advanced, PlannedCurve};
use history::Runs;
use layers::PlannedLayers;
use live::Live;
use presets::Presets;
pub use recipe_file::save_recipe;
use result::RunResult;
use several::Several;
use start::StartRow;

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
            <Presets />
            <StartRow />
            <Advanced />
            <Several />
            {move || failure.get().map(|problem| view! { <ProblemNote problem /> })}
            {warning_notes}
            <Show when=move || has_plan.get() fallback=|| view! { <Preview /> }>
                <Live />
            </Show>
            <RunResult />
            <Runs />
        </StepSection>
    }
}

/// What the recipe will do, before the first run.
#[component]
fn Preview() -> impl IntoView {
    let has_model = Page::get().memo(|state| state.model.report().is_some());
    view! {
        <Show when=move || has_model.get()>
            <div class="preview-run">
                <PlannedCurve />
                <PlannedLayers />
            </div>
        </Show>
    }
}
