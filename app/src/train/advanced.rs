use leptos::prelude::*;

use crate::components::{Chart, ControlField, NumberField};
use crate::page::Page;
use crate::state::recipe::fields::{GROUPS, Group, SEED, Topic};
use crate::state::{State, format};
use crate::train::adapter::{Learning, Targets};
use crate::train::class_weights::OwnWeights;
use crate::train::finder::RateFinder;
use crate::train::rates::Rates;
use crate::train::recipe_file::RecipeFile;
use crate::train::stages::Stages;
use crate::train::unfreeze_order::OrderField;

/// The recipe, for those who know or want to.
#[component]
pub fn Advanced() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(State::is_engaged);
    view! {
        <details class="advanced">
            <summary>"Advanced"</summary>
            <div class="groups">
                {GROUPS.iter().map(|group| view! { <GroupCard group is_locked /> }).collect_view()}
            </div>
            <RecipeFile />
        </details>
    }
}

/// A group of controls, and a picture of what they do.
#[component]
fn GroupCard(group: &'static Group, is_locked: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let topic = group.topic;
    let digest = page.memo(move |state| state.digest(topic));
    let rows = page.memo(State::effective_batch);
    let remap = Callback::new(move |()| page.act(State::remap));
    let fields = group.controls.iter().map(|control| view! { <ControlField control /> }).collect_view();
    view! {
        <details class="group">
            <summary>
                <span class="title">{topic.title()}</span>
                <span class="digest">{digest}</span>
            </summary>
            {(topic == Topic::LearningRate).then(|| view! { <RateFinder /> })}
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">{topic.title()}</legend>
                {(topic == Topic::LearningRate).then(|| view! { <Rates /> <PlannedCurve /> })}
                <div class="fields">
                    {fields}
                    {(topic == Topic::Seed).then(|| view! { <NumberField field=&SEED on_change=remap /> })}
                </div>
                {(topic == Topic::Regularization).then(|| view! { <OwnWeights /> })}
                {(topic == Topic::Unfreezing).then(|| view! { <OrderField /> <Stages /> })}
                {(topic == Topic::Adapter).then(|| view! { <Targets /> <Learning /> })}
                {(topic == Topic::Batch).then(|| view! { <p>"Each correction follows from " <strong>{rows}</strong> "."</p> })}
            </fieldset>
        </details>
    }
}

/// The learning rate over the run that the form describes.
#[component]
pub fn PlannedCurve() -> impl IntoView {
    let picture = Page::get().memo(State::planned_picture);
    view! { <Chart title="Learning rate over the run" picture mark=format::rate /> }
}
