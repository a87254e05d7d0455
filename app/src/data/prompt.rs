use hone_core::dataset::Mapping;
use leptos::prelude::*;

use crate::components::{memo, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The prompt template, and the prompt of the first row.
#[component]
pub fn PromptEditor() -> impl IntoView {
    let page = Page::get();
    let is_moot = page.memo(|state| !matches!(state.data.mapping, Some(Mapping::Completion { .. })));
    let prompt = page.memo(|state| match &state.data.mapping {
        Some(Mapping::Completion { prompt, .. }) => prompt.clone(),
        _ => String::new(),
    });
    let draft = RwSignal::new(String::new());
    Effect::new(move |_| draft.set(prompt.get()));
    let error = page.memo(move |state| first_prompt(state, &draft.read()).err().unwrap_or_default());
    let is_wrong = memo(move || error.with(|error| !error.is_empty()).to_string());
    let shown = page.memo(move |state| format::lines(&first_prompt(state, &draft.read()).unwrap_or_default()));
    let columns = page.memo(|state| {
        let names = state.data.columns().iter().map(|name| format!("{{{}}}", format::visible(name)));
        names.collect::<Vec<_>>().join(" ")
    });
    view! {
        <div class="prompt" hidden=is_moot>
            <div class="field">
                <label for="prompt-template">"Prompt"</label>
                <textarea
                    id="prompt-template"
                    rows="4"
                    dir="auto"
                    spellcheck="false"
                    aria-describedby="prompt-hint"
                    aria-invalid=is_wrong
                    prop:value=draft
                    on:input=typed(move |text| draft.set(text))
                    on:change=move |_| page.act(|state| take(state, &draft.read_untracked()))
                ></textarea>
                <p id="prompt-hint" class="hint">
                    <span class="error" dir="auto">{error}</span>
                    " The text that comes before the completion. Column names in braces are replaced by the row's cells: "
                    <span dir="auto">{columns}</span>
                </p>
            </div>
            <div class="field">
                <h4>"Prompt of the first row"</h4>
                <p class="written" dir="auto">{shown}</p>
            </div>
        </div>
    }
}

/// The first row's prompt by a template, or the error in the template.
fn first_prompt(state: &State, template: &str) -> Result<String, String> {
    let row = state.data.train.source().and_then(|source| source.preview.first().cloned()).unwrap_or_default();
    let mapping = Mapping::Completion { prompt: template.to_owned(), completion: 0 };
    let filled = mapping.prompt(state.data.columns(), &row);
    filled.map(Option::unwrap_or_default).map_err(|diagnostic| format::visible(&diagnostic.what))
}

/// Takes a valid template; an invalid one stays in the box.
fn take(state: &mut State, template: &str) -> Vec<crate::state::Effect> {
    match state.data.mapping.clone() {
        Some(Mapping::Completion { completion, .. }) if first_prompt(state, template).is_ok() => {
            state.map(Mapping::Completion { prompt: template.to_owned(), completion })
        }
        _ => Vec::new(),
    }
}
