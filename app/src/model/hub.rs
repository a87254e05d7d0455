use hone_core::catalog::FoundModel;
use hone_core::recipe::{Family, Task};
use leptos::prelude::*;

use crate::browser;
use crate::components::{CollectAny, DiagnosticNote, changing, pressed_away, typed};
use crate::format;
use crate::page::Page;
use crate::state::{HubSearch, State, Step, Suggestion};

/// Searches a hub for a model by name. The hub is contacted only when the button is pressed.
#[component]
pub fn FromHub() -> impl IntoView {
    let page = Page::get();
    let address = browser::hub()?;
    let host = address.rsplit('/').next().unwrap_or_default().to_owned();
    let id = RwSignal::new(String::new());
    let is_locked =
        page.memo(|state| state.is_engaged() || state.model.hub == HubSearch::Searching || state.model.is_loading());
    let address = StoredValue::new(address);
    let ask = move || page.act(|state| state.find_model(address.get_value(), id.get_untracked()));
    let suggestions = page.watch(move |state| state.suggestions(&id.read()));
    let rows = changing(move || {
        let row = move |suggestion: Suggestion| {
            let line = suggestion.line();
            let look_up = move |_| {
                page.act(|state| state.find_model(address.get_value(), suggestion.id.to_owned()));
            };
            view! {
                <li>
                    <button type="button" class="quiet" disabled=is_locked on:click=pressed_away(Step::Model.id(), look_up)>
                        {suggestion.id}
                    </button>
                    <span class="hint">{line}</span>
                </li>
            }
        };
        suggestions.get().into_iter().map(row).collect_any()
    });
    Some(view! {
        <form
            class="ask-hub"
            on:submit=move |event| {
                event.prevent_default();
                ask();
            }
        >
            <label for="hub-id">{format!("Name on {host}")}</label>
            <div class="row">
                <input
                    id="hub-id"
                    type="text"
                    placeholder="owner/name, or words to search below"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=id
                    on:input=typed(move |typed| id.set(typed))
                />
                <button type="submit" disabled=is_locked>"Look it up"</button>
            </div>
            <p class="hint">
                {format!("{host} is contacted only when you press the button, and learns nothing but the name of the model. ")}
                "Choose a small model: at most a few hundred million parameters."
            </p>
            <ul class="suggestions">{rows}</ul>
        </form>
    })
}

/// The answer of the hub.
#[component]
pub fn HubAnswer() -> impl IntoView {
    let page = Page::get();
    let hub = page.watch(|state| state.model.hub.clone());
    changing(move || match hub.get() {
        HubSearch::Idle => ().into_any(),
        HubSearch::Searching => view! {
            <div class="row">
                <p role="status">"Asking the hub…"</p>
                <button
                    type="button"
                    on:click=pressed_away(Step::Model.id(), move |_| page.act(State::stop_loading))
                >
                    "Cancel"
                </button>
            </div>
        }
        .into_any(),
        HubSearch::Failed(diagnostic) => view! { <DiagnosticNote diagnostic /> }.into_any(),
        HubSearch::Found(found) => view! { <Found found=*found /> }.into_any(),
    })
}

/// The model that was found, with whether it fits the task and the device, before its weights are loaded.
#[component]
fn Found(found: FoundModel) -> impl IntoView {
    let page = Page::get();
    let FoundModel { entry, layers, hidden, max_positions, least_bytes, full_bytes, limit_bytes, .. } = found;
    let too_large = too_large(found.largest_bytes, found.max_buffer_bytes);
    let has_room = too_large.is_empty();
    let family = entry.family;
    let is_fit = page.memo(move |state| {
        let task = state.data.mapping.as_ref().map(hone_core::dataset::Mapping::task);
        task.is_none_or(|task| family.serves(task))
    });
    let license = if entry.license.is_empty() { "unknown".into() } else { format::visible(&entry.license) };
    let facts = [
        ("Family", family.to_string()),
        ("Parameters", format::millions(entry.parameters)),
        ("Download", format::bytes(entry.bytes)),
        ("License", license),
        ("Languages", if entry.languages.is_empty() { "unknown".into() } else { format::visible(&entry.languages) }),
        ("Layers", format!("{layers} with hidden size {hidden}")),
        ("Maximum length", format!("{max_positions} tokens")),
    ];
    let facts = facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    let label = format!("Load it, {}", format::bytes(entry.bytes));
    view! {
        <div class="found" role="status">
            <p><strong>{format::visible(&entry.hub_id)}</strong></p>
            <dl>{facts}</dl>
            <p>{abilities(family)}</p>
            <p>{memory(least_bytes, full_bytes, limit_bytes)}</p>
            <p class="note warning" hidden=has_room>{too_large}</p>
            <p class="note warning" hidden=is_fit>"It cannot be trained on the task of your data."</p>
            <button type="button" on:click=pressed_away(Step::Model.id(), move |_| page.act(State::take_found))>
                {label}
            </button>
        </div>
    }
}

/// The tasks of a model family, in words.
fn abilities(family: Family) -> &'static str {
    if family.serves(Task::Generation) {
        "A decoder: it generates text, for answers, translations or texts in a given style."
    } else {
        "An encoder: it predicts classes, labels, numbers, entities, or answers in a passage."
    }
}

/// Compares the memory that training the model takes with the memory available, in words.
fn memory(least: f64, full: f64, limit: f64) -> String {
    let (least_words, full_words) = (format::bytes(least), format::bytes(full));
    if full <= limit {
        format!("This device can train all of its layers, with about {full_words} of memory.")
    } else if least <= limit {
        format!("Too large for full training here ({full_words}); with an adapter it takes about {least_words}.")
    } else {
        format!("Too large for this device: even training an adapter would take about {least_words}.")
    }
}

/// Says that the largest tensor exceeds the buffers of the GPU; empty if it does not.
fn too_large(largest: f64, buffer: Option<f64>) -> String {
    match buffer.filter(|buffer| largest > *buffer) {
        Some(buffer) => format!(
            "Its largest tensor takes {}, and a buffer of this GPU at most {}. Compute on the CPU, or choose another model.",
            format::bytes(largest),
            format::bytes(buffer),
        ),
        None => String::new(),
    }
}
