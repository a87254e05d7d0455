use leptos::prelude::*;

use crate::components::typed;
use crate::page::Page;
use crate::state::QueryKind;
use crate::try_it::sampling::SamplingForm;

/// The input boxes.
#[component]
pub fn Boxes() -> impl IntoView {
    let page = Page::get();
    let label = page.memo(|state| match state.query_kind() {
        QueryKind::Text => "Text".to_owned(),
        QueryKind::Pair => "First text".into(),
        QueryKind::Question => "Passage".into(),
        QueryKind::Prompt => "Prompt".into(),
        QueryKind::Rank => "Passages, one on each line".into(),
        QueryKind::Search => "Texts to search, one on each line (empty: the validation texts)".into(),
    });
    let other_label = page.memo(|state| match state.query_kind() {
        QueryKind::Question => "Question".to_owned(),
        QueryKind::Search => "Search for".into(),
        QueryKind::Rank => "Query".into(),
        _ => "Second text".into(),
    });
    let has_one = page.memo(|state| matches!(state.query_kind(), QueryKind::Text | QueryKind::Prompt));
    let is_no_prompt = page.memo(|state| state.query_kind() != QueryKind::Prompt);
    let text = page.memo(|state| state.inference.text.clone());
    let other = page.memo(|state| state.inference.other.clone());
    view! {
        <div class="field">
            <label for="try-text">{label}</label>
            <textarea
                id="try-text"
                rows="2"
                dir="auto"
                prop:value=text
                on:input=typed(move |typed| {
                    page.change(|state| state.inference.text = typed);
                })
            ></textarea>
        </div>
        <div class="field" hidden=has_one>
            <label for="try-other">{other_label}</label>
            <textarea
                id="try-other"
                rows="2"
                dir="auto"
                prop:value=other
                on:input=typed(move |typed| {
                    page.change(|state| state.inference.other = typed);
                })
            ></textarea>
        </div>
        <div hidden=is_no_prompt>
            <SamplingForm />
        </div>
    }
}
