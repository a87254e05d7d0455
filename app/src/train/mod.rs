//! The third step: training.

mod adapter;
mod advanced;
mod class_weights;
mod compare;
mod confusion;
mod detail;
mod finder;
mod forgetting;
mod history;
mod interval_hint;
mod layers;
mod live;
mod presets;
mod rates;
mod recipe_file;
mod result;
mod stages;
mod start;
mod sweep;
mod table;
mod test_score;
mod trust;
mod unfreeze_order;
mod verdict;

use leptos::prelude::*;

use crate::components::{DiagnosticNote, ProblemPlace, changing};
use crate::frame::StepSection;
use crate::page::Page;
use crate::state::{Phase, State, Step};

use advanced::{Advanced, PlannedCurve};
use history::Runs;
use layers::PlannedLayers;
use live::Live;
use presets::Presets;
pub use recipe_file::save_recipe;
use result::RunResult;
use start::StartRow;
use sweep::SeveralRuns;

/// The training step.
#[component]
pub fn TrainStep() -> impl IntoView {
    let page = Page::get();
    let failure = page.memo(|state| match (&state.run.rejected, &state.run.phase) {
        (Some(diagnostic), _) | (None, Phase::Failed(diagnostic)) => Some(diagnostic.clone()),
        _ => None,
    });
    let warnings = page.memo(|state| state.run.warnings.clone());
    let has_begun = |state: &State| state.run.plan.is_some() || state.run.is_active();
    let has_not_begun = page.memo(move |state| !has_begun(state));
    let has_no_preview = page.memo(move |state| has_begun(state) || state.model.report().is_none());
    let warning_notes = changing(move || {
        let warnings = warnings.get().into_iter();
        warnings.map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning=true /> }).collect_view()
    });
    view! {
        <StepSection step=Step::Train>
            <Presets />
            <StartRow />
            <Advanced />
            <SeveralRuns />
            <ProblemPlace diagnostic=failure />
            {warning_notes}
            <div class="preview-run" hidden=has_no_preview>
                <PlannedCurve />
                <PlannedLayers />
            </div>
            <div class="stack" hidden=has_not_begun>
                <Live />
            </div>
            <RunResult />
            <Runs />
        </StepSection>
    }
}
