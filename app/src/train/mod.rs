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

use crate::components::{ProblemNote, ProblemPlace, StepSection, When};
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
            <ProblemPlace problem=failure />
            {warning_notes}
            <When is=has_plan fallback=|| view! { <Preview /> }>
                <Live />
            </When>
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
        <When is=has_model>
            <div class="preview-run">
                <PlannedCurve />
                <PlannedLayers />
            </div>
        </When>
    }
}
