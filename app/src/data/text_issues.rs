use hone_core::run::TextGroup;
use leptos::prelude::*;

use crate::components::{CollectAny, changing};
use crate::data::labeled_row::labeled_row;
use crate::page::Page;
use crate::state::{Review, State};

/// Texts that are nearly the same, and texts that are unlike all others.
#[component]
pub fn TextIssues() -> impl IntoView {
    let page = Page::get();
    let sentence = page.memo(|state| found(state).map(|texts| texts.sentence.clone()).unwrap_or_default());
    let groups = page.watch(|state| found(state).map(|texts| texts.groups.clone()).unwrap_or_default());
    view! {
        <p>{sentence}</p>
        {changing(move || {
            let groups = groups.get();
            (!groups.is_empty()).then(|| {
                view! {
                    <div class="frame tall" tabindex="0" role="region" aria-label="Duplicates and outliers">
                        <ul class="rows">{groups.into_iter().map(group).collect_any()}</ul>
                    </div>
                }
            })
        })}
    }
}

fn found(state: &State) -> Option<&hone_core::run::TextIssues> {
    if let Review::Found(found) = &state.review { Some(&found.texts) } else { None }
}

fn group(TextGroup { finding, rows }: TextGroup) -> impl IntoView {
    view! {
        <li>
            <strong>{finding}</strong>
            <ul class="rows">{rows.into_iter().map(|row| labeled_row(row, String::new())).collect_any()}</ul>
        </li>
    }
}
