use hone_core::recipe::FieldGroup;
use leptos::prelude::*;

use crate::components::{Chart, CollectAny};
use crate::fields::ControlField;
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::recipe::fields::{self, GROUPS};
use crate::train::adapter::{TargetModules, TrainableParameters};
use crate::train::class_weights::ClassWeightRows;
use crate::train::finder::RateFinder;
use crate::train::rates::Rates;
use crate::train::recipe_file::RecipeFile;
use crate::train::stages::Stages;
use crate::train::unfreeze_order::OrderField;

/// Every field of the recipe, by group.
#[component]
pub fn Advanced() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(State::is_engaged);
    view! {
        <details class="advanced">
            <summary>"Advanced"</summary>
            <div class="groups">
                {GROUPS.map(|group| view! { <GroupCard group is_locked /> }).collect_any()}
            </div>
            <RecipeFile />
        </details>
    }
}

/// A group of controls, with a picture of their effect.
#[component]
fn GroupCard(group: FieldGroup, is_locked: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let digest = page.memo(move |state| state.digest(group));
    let rows = page.memo(State::effective_batch);
    let remap = Callback::new(move |()| page.act(State::remap));
    // Another seed splits the rows differently.
    let on_change = (group == FieldGroup::Seed).then_some(remap);
    let controls = fields::controls(group).into_iter().map(|field| {
        view! { <ControlField field on_change /> }
    });
    let controls = controls.collect_any();
    view! {
        <details class="group">
            <summary>
                <span class="title">{fields::title(group)}</span>
                <span class="digest">{digest}</span>
            </summary>
            {(group == FieldGroup::LearningRate).then(|| view! { <RateFinder /> })}
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">{fields::title(group)}</legend>
                {(group == FieldGroup::LearningRate).then(|| view! { <Rates /> <PlannedCurve /> })}
                <div class="fields">{controls}</div>
                {(group == FieldGroup::Regularization).then(|| view! { <ClassWeightRows /> })}
                {(group == FieldGroup::Unfreezing).then(|| view! { <OrderField /> <Stages /> })}
                {(group == FieldGroup::Adapter).then(|| view! { <TargetModules /> <TrainableParameters /> })}
                {(group == FieldGroup::Batch).then(|| view! { <p>"Effective batch size: " <strong>{rows}</strong> "."</p> })}
            </fieldset>
        </details>
    }
}

/// The learning rate over the planned run.
#[component]
pub fn PlannedCurve() -> impl IntoView {
    let picture = Page::get().memo(State::planned_picture);
    view! { <Chart title="Learning rate over the run" picture mark=format::rate /> }
}
