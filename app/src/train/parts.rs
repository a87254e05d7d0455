use leptos::prelude::*;

use crate::format;
use crate::frame::FoldButton;
use crate::page::Page;
use crate::state::{Fold, State};

/// Buttons for what there is to see of a run, apart from its result.
#[component]
pub fn Parts() -> impl IntoView {
    let page = Page::get();
    let has_summary = |state: &State| state.run.summary().is_some();
    let part = move |fold: Fold, name: &'static str, words: fn(&State) -> String, has: fn(&State) -> bool| {
        let words = page.memo(words);
        view! {
            <li hidden=page.memo(move |state| !has(state))>
                <FoldButton fold name open_words=words is_chip=true />
            </li>
        }
    };
    let is_empty = page.memo(move |state| !has_summary(state) && state.history.runs.is_empty());
    view! {
        <ul class="chips parts" aria-label="More about the run" hidden=is_empty>
            {part(Fold::Curves, "", |_| "Learning rate, layers".into(), has_summary)}
            {part(Fold::Scores, "", |state| state.details_name().into(), has_summary)}
            {part(Fold::Forgetting, "", |_| "Forgetting".into(), |state| state.run.summary().is_some_and(|summary| summary.forgetting.is_some()))}
            {part(Fold::Replay, "", |_| "Early stopping".into(), |state| state.run.can_replay())}
            {part(Fold::Runs, "", |state| format::counted(state.history.runs.len() as u32, "run", "runs"), |state| !state.history.runs.is_empty())}
        </ul>
    }
}
