//! The fourth step: one's own texts, before and after.

mod answer;
mod boxes;
mod highlighted;
mod sampling;

use leptos::prelude::*;

use crate::components::{ProblemPlace, StepSection, changing, pressed};
use crate::page::Page;
use crate::state::{Mistake, State, Step, format};

use answer::AnswerCard;
use boxes::Boxes;

/// Rows shown to pick from.
const PICKS: usize = 10;

/// What is asked, and what the model says before and after training.
#[component]
pub fn TryStep() -> impl IntoView {
    let page = Page::get();
    let is_ready = page.memo(|state| state.run.has_weights);
    let is_waiting = page.memo(|state| !state.run.has_weights);
    view! {
        <StepSection step=Step::Try>
            <p class="waits" hidden=is_ready>
                "Once the model is trained, ask it about a text of your own, beside the untouched one."
            </p>
            <div class="stack" hidden=is_waiting>
                <Question />
            </div>
        </StepSection>
    }
}

#[component]
fn Question() -> impl IntoView {
    let page = Page::get();
    let name = page.memo(|state| state.run.of_what());
    let diagnostic = page.memo(|state| state.trial.diagnostic.clone());
    let cannot_ask = page.memo(|state| !state.can_ask());
    let words = page.memo(|state| if state.trial.pending.is_some() { "Asking…" } else { "Ask" }.to_owned());
    let is_not_writing = page.memo(|state| !state.is_writing());
    let cannot_pick = page.memo(|state| state.run.worst_cell().is_none() || state.model.is_loading());
    view! {
        <p class="hint">"Asks the model of the last run, " <span dir="auto">{name}</span> "."</p>
        <Boxes />
        <div class="row">
            <button
                type="button"
                class="primary"
                disabled=cannot_ask
                on:click=pressed(move |_| page.act(State::ask))
            >
                {words}
            </button>
            <button type="button" hidden=is_not_writing on:click=pressed(move |_| page.act(State::stop_writing))>
                "Stop writing"
            </button>
            <span hidden=cannot_pick>
                <button type="button" class="quiet" on:click=pressed(move |_| page.act(|state| state.fetch_mistakes()))>
                    "Pick one that validation got wrong"
                </button>
            </span>
        </div>
        <Mistakes />
        <ProblemPlace diagnostic />
        <AnswerCard />
    }
}

/// Rows that validation got wrong, to be asked about.
#[component]
fn Mistakes() -> impl IntoView {
    let page = Page::get();
    let mistakes = page.memo(|state| state.trial.mistakes.clone());
    let item = move |mistake: Mistake| {
        let Mistake { row, actual } = mistake;
        let shown = format::excerpt(&row.text);
        let pair = row.pair.as_deref().map(format::excerpt);
        let ask = move |_| page.act(|state| state.ask_row(row.clone()));
        view! {
            <li>
                <button type="button" class="pick" dir="auto" on:click=pressed(ask)>
                    <span>{shown}</span>
                    {pair.map(|pair| view! { <span>{pair}</span> })}
                    <small>"is " {format::visible(&actual)}</small>
                </button>
            </li>
        }
    };
    changing(move || {
        let mistakes = mistakes.get();
        (!mistakes.is_empty()).then(|| {
            view! { <ul class="rows picks">{mistakes.into_iter().take(PICKS).map(item).collect_view()}</ul> }
        })
    })
}
