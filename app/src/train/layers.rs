use hone_core::recipe::ParamGroup;
use hone_core::run::ParamGroupState;
use leptos::prelude::*;

use crate::components::{CollectAny, changing, memo, pressed};
use crate::format;
use crate::page::Page;

/// Number of shades of a trainable group.
const SHADES: f64 = 5.0;
/// A rate lower by this factor is one shade paler: the factor of ULMFiT.
const SHADE_FACTOR: f64 = 2.6;

/// The groups that are trainable when the run begins, with their peak learning rates.
#[component]
pub fn PlannedLayers() -> impl IntoView {
    let page = Page::get();
    let parts = page.memo(|state| {
        let peak = state.planned_peak();
        let parts = state.planned_parts().into_iter().rev();
        parts
            .map(|part| vec![class_of(Some(&part)), format::param_group(part.group), rate_of(Some(&part), peak)])
            .collect::<Vec<_>>()
    });
    let rows = changing(move || {
        let row = |cells: Vec<String>| {
            let mut cells = cells.into_iter();
            let (class, part, rate) = (cells.next(), cells.next(), cells.next());
            view! { <li class=class><span class="part">{part}</span><span class="rate">{rate}</span></li> }
        };
        parts.get().into_iter().map(row).collect_any()
    });
    let hint = memo(move || {
        let is_unknown = parts.with(Vec::is_empty);
        if is_unknown {
            "Shown once the model is loaded."
        } else {
            "At the start of the run, with peak learning rates."
        }
        .to_owned()
    });
    view! {
        <div class="layers">
            <h4>"Layers"</h4>
            <ul>{rows}</ul>
            <p class="hint">{hint}</p>
        </div>
    }
}

/// The groups that are trainable in the current run, with their learning rates. They can be frozen and unfrozen by hand.
#[component]
pub fn LiveLayers() -> impl IntoView {
    let page = Page::get();
    let groups = page.watch(|state| state.run.param_groups.iter().rev().map(|part| part.group).collect::<Vec<_>>());
    let is_followed =
        page.memo(|state| !state.run.is_active() || state.run.param_groups.iter().all(|part| !part.by_hand));
    let learning = page.memo(|state| {
        let trainable: f64 =
            state.run.param_groups.iter().filter(|part| part.trainable).map(|part| part.parameters).sum();
        if trainable > 0.0 {
            format!("{} parameters are trainable now.", format::parameters(trainable))
        } else {
            String::new()
        }
    });
    let follow = move |_| page.act(|state| state.follow_recipe());
    // Each row follows its own group: a focused button must survive a change of the rate.
    let rows = changing(move || {
        let groups = groups.get().into_iter();
        groups.map(|group| view! { <LivePart group /> }).collect_any()
    });
    view! {
        <div class="layers">
            <h4>"Layers"</h4>
            <ul>{rows}</ul>
            <button type="button" class="quiet" hidden=is_followed on:click=pressed(follow)>
                    "Follow the recipe again"
                </button>
            <p class="hint">
                {learning}
                " Freezing saves work: there is no backward pass below the lowest trainable layer, and no dropout."
            </p>
        </div>
    }
}

#[component]
fn LivePart(group: ParamGroup) -> impl IntoView {
    let page = Page::get();
    let class = page.memo(move |state| class_of(state.run.param_group(group)));
    let rate = page.memo(move |state| rate_of(state.run.param_group(group), state.run.lr()));
    let by_hand = page.memo(move |state| {
        let by_hand = state.run.param_group(group).is_some_and(|part| part.by_hand);
        if by_hand { "by hand".to_owned() } else { String::new() }
    });
    let verb = page.memo(move |state| {
        let is_trainable = state.run.param_group(group).is_some_and(|part| part.trainable);
        if is_trainable { "Freeze" } else { "Unfreeze" }.to_owned()
    });
    let is_over = page.memo(|state| !state.run.is_active());
    let name = format::param_group(group);
    let label = {
        let name = name.clone();
        memo(move || format!("{} {name}", verb.read()))
    };
    let toggle = move |_| page.act(|state| state.toggle_trainable(group));
    view! {
        <li class=class>
            <span class="part">{name} <small>{by_hand}</small></span>
            <span class="rate">{rate}</span>
            <button type="button" hidden=is_over aria-label=label on:click=pressed(toggle)>
                {verb}
            </button>
        </li>
    }
}

/// CSS class by state and rate; frozen groups have only an outline.
fn class_of(part: Option<&ParamGroupState>) -> String {
    match part.filter(|part| part.trainable) {
        Some(part) => {
            let paler = (1.0 / part.rate_factor.clamp(1e-9, 1.0)).log(SHADE_FACTOR).round();
            format!("live shade-{}", (SHADES - paler).max(1.0) as u32)
        }
        None => "frozen".into(),
    }
}

/// The rate, after a mark that does not depend on color.
fn rate_of(part: Option<&ParamGroupState>, lr: f64) -> String {
    match part.filter(|part| part.trainable) {
        Some(part) => format!("● {}", format::rate(part.rate_factor * lr)),
        None => "❄ frozen".into(),
    }
}
