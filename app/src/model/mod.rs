//! The second step: a pretrained model and a device.

mod card;
mod device_line;
mod hub;
mod language_note;
mod local_model;
mod shelf;
mod storage_line;

use hone_core::decimal::fixed;
use leptos::prelude::*;

use crate::components::{CollectAny, DiagnosticNote, ProblemPlace, changing, memo, pressed_away};
use crate::format;
use crate::frame::StepSection;
use crate::page::Page;
use crate::state::{Load, State, Step};

use card::ModelCard;
use device_line::DeviceLine;
use hub::{FromHub, HubAnswer};
use language_note::LanguageNote;
use local_model::OwnFiles;
pub use local_model::{open_if_model, take_dropped};
use shelf::YourModels;
use storage_line::StorageLine;

/// The model step.
#[component]
pub fn ModelStep() -> impl IntoView {
    let page = Page::get();
    let catalog = page.watch(|state| state.model.catalog.clone());
    let diagnostic = page.watch(|state| state.model.catalog_problem.clone());
    let rejected = page.watch(|state| state.model.rejected.clone());
    let cards = changing(move || {
        let entries = catalog.get().into_iter().enumerate();
        entries.map(|(index, entry)| view! { <ModelCard index entry /> }).collect_any()
    });
    let is_locked = page.memo(State::is_engaged);
    view! {
        <StepSection step=Step::Model>
            <fieldset class="plain" disabled=is_locked>
                <legend class="unseen">"Model"</legend>
                {cards}
            </fieldset>
            <ProblemPlace diagnostic />
            <LanguageNote />
            <details class="others">
                <summary>"Another model"</summary>
                <div class="stack">
                    <FromHub />
                    <OwnFiles />
                </div>
            </details>
            <HubAnswer />
            <YourModels />
            <ProblemPlace diagnostic=rejected />
            <LoadState />
            <DeviceLine />
            <StorageLine />
        </StepSection>
    }
}

/// The loading progress, and the button that loads the model before there is data.
#[component]
fn LoadState() -> impl IntoView {
    let page = Page::get();
    let load = page.watch(|state| state.model.load.clone());
    let bytes = page.memo(|state| state.model.entry().map(|entry| format::bytes(entry.bytes)).unwrap_or_default());
    let when = page.memo(|state| {
        let is_first = state.model.chosen == 0;
        if is_first { "It loads automatically once there is data." } else { "It loads only when you press the button." }
            .to_owned()
    });
    let has_none = memo(move || bytes.with(String::is_empty));
    let button = move || {
        view! {
            <button type="button" hidden=has_none on:click=pressed_away(Step::Model.id(), move |_| page.act(State::load_model))>
                "Load model, "
                {bytes}
            </button>
        }
    };
    changing(move || match load.get() {
        Load::Idle { .. } => view! {
            <div class="row">{button()} <p class="hint">{when}</p></div>
        }
        .into_any(),
        Load::Loading { progress, .. } => view! {
            <div class="progress">
                <p>{format!("Loading, {}", format::percent(progress))}</p>
                <progress max="1" value=fixed(progress, 3) aria-label="Fraction of the model loaded"></progress>
                <button
                    type="button"
                    on:click=pressed_away(Step::Model.id(), move |_| page.act(State::stop_loading))
                >
                    "Stop loading"
                </button>
            </div>
        }
        .into_any(),
        Load::Ready(report) => {
            let facts = format!(
                "Loaded: {} layers, hidden size {}, {} parameters, {} tensors.",
                report.layers,
                report.hidden,
                format::millions(report.parameters),
                report.applied,
            );
            view! { <p>{facts} " " {format::visible(&report.notes.join(" "))}</p> }.into_any()
        }
        Load::Failed(diagnostic) => view! {
            <DiagnosticNote diagnostic />
            {button()}
        }
        .into_any(),
    })
}
