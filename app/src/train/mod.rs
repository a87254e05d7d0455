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
mod maps;
mod movements;
mod overfit;
mod parts;
mod pins;
mod presets;
mod rates;
mod recipe_file;
mod replay;
mod result;
mod stages;
mod start;
mod study;
mod sweep;
mod table;
mod test_score;
mod trust;
mod tuned_head;
mod unfreeze_order;
mod verdict;
mod wrong_rows;

use leptos::prelude::*;

use crate::components::{CollectAny, DiagnosticNote, ProblemPlace, changing};
use crate::frame::{FoldBody, FoldHead, StepSection};
use crate::page::Page;
use crate::state::{Fold, Phase, RecipeLink, State, Step};

use advanced::{Advanced, PlannedCurve};
use forgetting::ForgettingMeter;
use history::Runs;
use layers::PlannedLayers;
use live::Live;
use overfit::Overfit;
use pins::{PinTexts, PinnedAnswers};
use presets::Presets;
pub use recipe_file::save_recipe;
use replay::ReplayEarlyStopping;
use result::Details;
use start::StartRow;
use study::StudyCard;
pub use study::StudyResult;
use sweep::SeveralRuns;
use tuned_head::TunedHead;

/// The training step.
#[component]
pub fn TrainStep() -> impl IntoView {
    let page = Page::get();
    let failure = page.watch(|state| match (&state.run.rejected, &state.run.phase) {
        (Some(diagnostic), _) | (None, Phase::Failed(diagnostic)) => Some(diagnostic.clone()),
        _ => None,
    });
    let refused_link = page.watch(|state| match &state.form.link {
        RecipeLink::Refused(diagnostic) => Some(diagnostic.clone()),
        _ => None,
    });
    let warnings = page.watch(|state| state.run.warnings.clone());
    let has_begun = |state: &State| state.run.plan.is_some() || state.run.is_active();
    let has_not_begun = page.memo(move |state| !has_begun(state));
    let has_no_preview = page.memo(move |state| has_begun(state) || state.model.report().is_none());
    let warning_notes = changing(move || {
        let warnings = warnings.get().into_iter();
        warnings.map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning=true /> }).collect_any()
    });
    let recipe = page.memo(|state| if state.is_open(Fold::Recipe) { String::new() } else { state.recipe_line() });
    let setup = page.memo(|state| if state.is_open(Fold::Recipe) { "setup" } else { "setup closed" }.to_owned());
    view! {
        <StepSection step=Step::Train>
            <div class=setup>
                <FoldHead fold=Fold::Recipe title="Recipe" line=recipe />
                <FoldBody fold=Fold::Recipe>
                    <Presets />
                    <TunedHead />
                </FoldBody>
                <StartRow />
            </div>
            <FoldBody fold=Fold::Recipe nth="-more">
                <Advanced />
                <SeveralRuns />
                <Overfit />
                <PinTexts />
            </FoldBody>
            <ProblemPlace diagnostic=failure />
            <ProblemPlace diagnostic=refused_link />
            {warning_notes}
            <FoldBody fold=Fold::Recipe nth="-preview">
                <div class="preview-run" hidden=has_no_preview>
                    <PlannedCurve />
                    <PlannedLayers />
                </div>
            </FoldBody>
            <div class="stack" hidden=has_not_begun>
                <Live />
                <PinnedAnswers />
            </div>
            <StudyCard />
            <FoldBody fold=Fold::Scores>
                <Details />
            </FoldBody>
            <FoldBody fold=Fold::Forgetting>
                <ForgettingMeter />
            </FoldBody>
            <FoldBody fold=Fold::Replay>
                <ReplayEarlyStopping />
            </FoldBody>
            <FoldBody fold=Fold::Runs>
                <Runs />
            </FoldBody>
        </StepSection>
    }
}
