use hone_core::run::SuspectedLabel;
use leptos::prelude::*;

use crate::browser;
use crate::components::{ProblemPlace, changing, pressed};
use crate::format;
use crate::page::Page;
use crate::state::{CorrectedUse, Review, State};

/// Rows whose label is probably wrong.
#[component]
pub fn Suspected() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_labels_to_review());
    let cannot = page.memo(|state| !state.can_review());
    let is_idle = page.memo(|state| !state.review.is_looking());
    let is_looking = page.memo(|state| state.review.is_looking());
    let done = page.memo(|state| if let Review::Looking(done) = state.review { done } else { 0.0 }.to_string());
    let needs_model = page.memo(|state| state.model.report().is_some());
    let diagnostic = page.memo(|state| match &state.review {
        Review::Failed(diagnostic) => Some(diagnostic.clone()),
        _ => None,
    });
    let sentence = page.memo(|state| state.review.sentence());
    let rows = page.memo(|state| match &state.review {
        Review::Found(found) => found.rows.clone(),
        _ => Vec::new(),
    });
    let list = changing(move || {
        let rows = rows.get();
        (!rows.is_empty()).then(|| {
            view! {
                <div class="frame tall" tabindex="0" role="region" aria-label="Suspected labels">
                    <ul class="rows">{rows.into_iter().map(item).collect_view()}</ul>
                </div>
            }
        })
    });
    view! {
        <div class="stack" hidden=has_none>
            <h3>"Suspected labels"</h3>
            <p class="hint">
                "Finds rows whose label is probably wrong, by confident learning: five heads are trained on the loaded model, each on four fifths of the rows, and each judges the labels that it has not seen. Read a row before you believe it: a rare case can look like a mistake."
            </p>
            <div class="row">
                <span hidden=is_looking>
                    <button type="button" disabled=cannot on:click=pressed(move |_| page.act(State::review_labels))>
                        "Find suspected labels"
                    </button>
                </span>
                <span class="hint" hidden=needs_model>"Load a model first: it reads the texts."</span>
                <span hidden=is_idle>
                    <button type="button" on:click=pressed(move |_| page.act(State::stop_review))>"Stop the search"</button>
                </span>
                <progress max="1" value=done aria-label="Fraction of the rows checked" hidden=is_idle></progress>
            </div>
            <ProblemPlace diagnostic />
            <p aria-live="polite">{sentence}</p>
            {list}
            <ChangesRow />
        </div>
    }
}

/// A suspected label, with what can be done about it.
fn item(row: SuspectedLabel) -> impl IntoView {
    let page = Page::get();
    let line = row.line;
    let side = if row.is_validation { "validation" } else { "training" };
    let named = |label: &str, probability: f32| {
        format!("{} ({})", format::visible(label), format::percent(f64::from(probability)))
    };
    let (given, likely) = (named(&row.given, row.given_probability), named(&row.likely, row.likely_probability));
    let (text, pair) = (format::excerpt(&row.text), row.pair.as_deref().map(format::excerpt));
    let (place, offer) = (format!("line {line}, {side}"), format!("Change to {}", format::visible(&row.likely)));
    let status = page.memo(move |state| state.changes.of_line(line));
    let is_changed = Memo::new(move |_| status.with(|status| !status.is_empty()));
    let is_unchanged = Memo::new(move |_| status.with(String::is_empty));
    let buttons = row.is_in_train_file.then(|| {
        let dropped = row.clone();
        let change = move |_| page.change(|state| state.change_row(&row, Some(row.likely.clone())));
        let drop_row = move |_| page.change(|state| state.change_row(&dropped, None));
        let undo = move |_| page.change(|state| state.undo_change(line));
        view! {
            <span class="row">
                <button type="button" class="quiet" disabled=is_changed on:click=pressed(change)>{offer}</button>
                <button type="button" class="quiet" disabled=is_changed on:click=pressed(drop_row)>"Drop the row"</button>
                <button type="button" class="quiet" disabled=is_unchanged on:click=pressed(undo)>"Undo"</button>
                <small role="status" dir="auto">{status}</small>
            </span>
        }
    });
    view! {
        <li>
            <span dir="auto">{text}</span>
            {pair.map(|pair| view! { <span dir="auto">{pair}</span> })}
            <strong dir="auto">{format!("labeled {given}, probably {likely}")}</strong>
            <small>{place}</small>
            {buttons}
        </li>
    }
}

/// The changes, and the corrected file.
#[component]
fn ChangesRow() -> impl IntoView {
    let page = Page::get();
    let sentence = page.memo(|state| state.changes.sentence());
    let has_none = page.memo(|state| state.changes.list.is_empty());
    let cannot = page.memo(|state| !state.can_correct());
    let keeps = page.memo(State::keeps_format);
    let diagnostic = page.memo(|state| state.changes.diagnostic.clone());
    let save_list = move |_| {
        if let Some(blob) = browser::text_blob(&page.peek(|state| state.changes.csv())) {
            browser::download(&blob, "changes.csv");
        }
    };
    view! {
        <p role="status">{sentence}</p>
        <div class="stack" hidden=has_none>
            <p class="hint" hidden=keeps>
                "This file cannot be written in its own format. The corrected file is CSV, with all columns and the rows that could be read."
            </p>
            <div class="row">
                <button
                    type="button"
                    disabled=cannot
                    on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Open)))
                >
                    "Use the corrected file"
                </button>
                <button
                    type="button"
                    disabled=cannot
                    on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Download)))
                >
                    "Download the corrected file"
                </button>
                <button type="button" class="quiet" on:click=pressed(save_list)>"Download the list of changes"</button>
            </div>
        </div>
        <ProblemPlace diagnostic />
    }
}
