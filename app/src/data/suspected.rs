use hone_core::decimal::fixed;
use hone_core::run::SuspectedLabel;
use leptos::prelude::*;

use crate::components::{CollectAny, ProblemPlace, changing, pressed};
use crate::data::mend::MendButtons;
use crate::data::text_issues::TextIssues;
use crate::format;
use crate::page::Page;
use crate::state::{Review, State};

/// Rows whose label is probably wrong.
#[component]
pub fn Suspected() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_labels_to_review());
    let cannot = page.memo(|state| !state.can_review());
    let is_idle = page.memo(|state| !state.review.is_looking());
    let is_looking = page.memo(|state| state.review.is_looking());
    let done = page.memo(|state| fixed(if let Review::Looking(done) = state.review { done } else { 0.0 }, 3));
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
                    <ul class="rows">{rows.into_iter().map(item).collect_any()}</ul>
                </div>
            }
        })
    });
    view! {
        <div class="stack" hidden=has_none>
            <h3>"Suspected labels"</h3>
            <p class="hint">
                "Finds rows whose label is probably wrong, by confident learning: five heads are trained on the loaded model, each on four fifths of the rows, and each judges the labels that it has not seen. Read a row before you believe it: a rare case can look like a mistake. The same search finds texts that are nearly the same, above all on both sides of the split, and texts unlike all others."
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
            <TextIssues />
        </div>
    }
}

/// A suspected label, with what can be done about it.
fn item(row: SuspectedLabel) -> impl IntoView {
    let line = row.line;
    let side = if row.is_validation { "validation" } else { "training" };
    let named = |label: &str, probability: f32| {
        format!("{} ({})", format::visible(label), format::percent(f64::from(probability)))
    };
    let (given, likely) = (named(&row.given, row.given_probability), named(&row.likely, row.likely_probability));
    let (text, pair) = (format::excerpt(&row.text), row.pair.as_deref().map(format::excerpt));
    let place = format!("line {line}, {side}");
    let buttons = row.is_in_train_file.then(|| view! { <MendButtons line given=row.given likely=row.likely /> });
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
