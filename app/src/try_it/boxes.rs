use leptos::prelude::*;

use crate::components::typed;
use crate::page::Page;
use crate::state::Asking;
use crate::try_it::sampling::SamplingForm;

/// Where the person writes what is asked.
#[component]
pub fn Boxes() -> impl IntoView {
    let page = Page::get();
    let label = page.memo(|state| match state.asking() {
        Asking::Text => "A sentence".to_owned(),
        Asking::Pair => "First text".into(),
        Asking::Question => "Passage".into(),
        Asking::Prompt => "Prompt".into(),
    });
    let other_label = page.memo(|state| match state.asking() {
        Asking::Question => "Question".to_owned(),
        _ => "Second text".into(),
    });
    let has_one = page.memo(|state| !matches!(state.asking(), Asking::Pair | Asking::Question));
    let is_no_prompt = page.memo(|state| state.asking() != Asking::Prompt);
    let text = page.memo(|state| state.trial.text.clone());
    let other = page.memo(|state| state.trial.other.clone());
    view! {
        <div class="field">
            <label for="try-text">{label}</label>
            <textarea
                id="try-text"
                rows="3"
                dir="auto"
                prop:value=text
                on:input=typed(move |typed| {
                    page.change(|state| state.trial.text = typed);
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
                    page.change(|state| state.trial.other = typed);
                })
            ></textarea>
        </div>
        <div hidden=is_no_prompt>
            <SamplingForm />
        </div>
    }
}
