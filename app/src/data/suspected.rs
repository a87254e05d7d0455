use hone_core::decimal::fixed;
use leptos::prelude::*;

use crate::components::{CollectAny, ProblemPlace, changing, pressed};
use crate::data::labeled_row::labeled_row;
use crate::data::text_issues::TextIssues;
use crate::page::Page;
use crate::state::{Review, State};

/// Rows whose label is probably wrong.
#[component]
pub fn Suspected() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_rows_to_review());
    let has_labels = page.memo(State::has_labels_to_review);
    let named = move |labels: &'static str, texts: &'static str| move || if has_labels.get() { labels } else { texts };
    let cannot = page.memo(|state| !state.can_review());
    let is_idle = page.memo(|state| !state.review.is_looking());
    let is_looking = page.memo(|state| state.review.is_looking());
    let done = page.memo(|state| fixed(if let Review::Looking(done) = state.review { done } else { 0.0 }, 3));
    let needs_model = page.memo(|state| state.model.report().is_some());
    let diagnostic = page.watch(|state| match &state.review {
        Review::Failed(diagnostic) => Some(diagnostic.clone()),
        _ => None,
    });
    let sentence = page.memo(|state| state.review.sentence());
    let rows = page.watch(|state| match &state.review {
        Review::Found(found) => found.rows.clone(),
        _ => Vec::new(),
    });
    let list = changing(move || {
        let rows = rows.get();
        (!rows.is_empty()).then(|| {
            view! {
                <div class="frame tall" tabindex="0" role="region" aria-label="Suspected labels">
                    <ul class="rows">{rows.into_iter().map(|it| labeled_row(it.row, it.finding)).collect_any()}</ul>
                </div>
            }
        })
    });
    view! {
        <div class="stack" hidden=has_none>
            <h3>{named("Suspected labels", "Duplicates and outliers")}</h3>
            <p class="hint">
                {named(
                    "Finds labels or tags that are probably wrong, by confident learning: five heads are trained on the loaded model, each on four fifths of the rows, and each judges the labels that it has not seen. Read a row before you believe it: a rare case can look like a mistake. The same search finds texts that are nearly the same, above all on both sides of the split, and texts unlike all others.",
                    "Finds texts that are nearly the same by the vectors of the loaded model, above all on both sides of the split, and texts unlike all others.",
                )}
            </p>
            <div class="row">
                <span hidden=is_looking>
                    <button type="button" disabled=cannot on:click=pressed(move |_| page.act(State::review_labels))>
                        {named("Find suspected labels", "Find duplicates and outliers")}
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
