//! The fourth step: predictions for the user's own texts, before and after training, or by kept models.

mod answer;
mod boxes;
mod chosen;
mod highlighted;
mod nearest;
mod sampling;
mod table;

use hone_core::run::WrongRow;
use leptos::prelude::*;

use crate::components::{CollectAny, ProblemPlace, changing, pressed};
use crate::format;
use crate::frame::StepSection;
use crate::page::Page;
use crate::state::{QueryKind, State, Step};

use answer::AnswerCard;
use boxes::Boxes;
use chosen::ChosenModel;
use table::PredictTable;

/// The try step.
#[component]
pub fn TryStep() -> impl IntoView {
    let page = Page::get();
    let is_ready = page.memo(State::can_try);
    let is_waiting = page.memo(|state| !state.can_try());
    view! {
        <StepSection step=Step::Try>
            <p class="waits" hidden=is_ready>
                "Once the model is trained, you can compare it with the base model on your own text. A model that you kept can be tried at any time."
            </p>
            <div class="stack" hidden=is_waiting>
                <QueryForm />
                <PredictTable />
            </div>
        </StepSection>
    }
}

#[component]
fn QueryForm() -> impl IntoView {
    let page = Page::get();
    let diagnostic = page.watch(|state| state.inference.diagnostic.clone());
    let cannot_predict = page.memo(|state| !state.can_predict());
    let words = page.memo(|state| {
        match (state.query_kind(), state.inference.pending.is_some()) {
            (QueryKind::Search, false) => "Search",
            (QueryKind::Search, true) => "Searching…",
            (_, false) => "Predict",
            (_, true) => "Predicting…",
        }
        .to_owned()
    });
    let is_not_generating = page.memo(|state| !state.is_generating());
    let cannot_pick =
        page.memo(|state| !state.has_wrong_rows() || state.model.is_loading() || !state.shelf.opened.is_empty());
    view! {
        <ChosenModel />
        <Boxes />
        <div class="row">
            <button
                type="button"
                class="primary"
                disabled=cannot_predict
                on:click=pressed(move |_| page.act(State::predict))
            >
                {words}
            </button>
            <button type="button" hidden=is_not_generating on:click=pressed(move |_| page.act(State::stop_generating))>
                "Stop generating"
            </button>
            <span hidden=cannot_pick>
                <button type="button" class="quiet" on:click=pressed(move |_| page.act(|state| state.fetch_misclassified()))>
                    "Pick a misclassified row"
                </button>
            </span>
        </div>
        <MisclassifiedRows />
        <ProblemPlace diagnostic />
        <AnswerCard />
    }
}

/// Misclassified validation rows, to be predicted again.
#[component]
fn MisclassifiedRows() -> impl IntoView {
    let page = Page::get();
    let rows = page.watch(|state| state.inference.misclassified.rows.clone());
    let sentence = page.memo(|state| state.inference.misclassified.sentence.clone());
    let item = move |row: WrongRow| {
        let shown = format::excerpt(&row.text);
        let pair = row.pair.as_deref().map(format::excerpt);
        let given = format::visible(&row.given);
        let predict = move |_| page.act(|state| state.predict_row(row.clone()));
        view! {
            <li>
                <button type="button" class="pick" dir="auto" on:click=pressed(predict)>
                    <span>{shown}</span>
                    {pair.map(|pair| view! { <span>{pair}</span> })}
                    <small>"true: " {given}</small>
                </button>
            </li>
        }
    };
    view! {
        <p class="hint" role="status">{sentence}</p>
        <ul class="rows picks">{changing(move || rows.get().into_iter().map(item).collect_any())}</ul>
    }
}
