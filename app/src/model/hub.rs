use hone_core::catalog::FoundModel;
use hone_core::recipe::{Family, Task};
use leptos::prelude::*;

use crate::browser;
use crate::components::{DiagnosticNote, changing, pressed_away};
use crate::page::Page;
use crate::state::{Hub, State, Step, format};

/// A model by its name on a hub. Nothing is asked of the hub before the button is pressed.
#[component]
pub fn FromHub() -> impl IntoView {
    let page = Page::get();
    let address = browser::hub()?;
    let host = address.rsplit('/').next().unwrap_or_default().to_owned();
    let id = RwSignal::new(String::new());
    let hub = page.memo(|state| state.model.hub.clone());
    let is_locked = page.memo(|state| state.is_engaged() || state.model.hub == Hub::Asked || state.model.is_loading());
    let ask = move || page.act(|state| state.find_model(address.clone(), id.get_untracked()));
    let answer = changing(move || match hub.get() {
        Hub::Idle => ().into_any(),
        Hub::Asked => view! {
            <div class="row">
                <p role="status">"Asking the hub…"</p>
                <button
                    type="button"
                    on:click=pressed_away(Step::Model, move |_| page.act(State::stop_loading))
                >
                    "Stop asking"
                </button>
            </div>
        }
        .into_any(),
        Hub::Failed(diagnostic) => view! { <DiagnosticNote diagnostic /> }.into_any(),
        Hub::Found(found) => view! { <Found found=*found /> }.into_any(),
    });
    Some(view! {
        <form
            class="ask-hub"
            on:submit=move |event| {
                event.prevent_default();
                ask();
            }
        >
            <label for="hub-id">{format!("Its name on {host}")}</label>
            <div class="row">
                <input id="hub-id" type="text" placeholder="owner/name" autocomplete="off" spellcheck="false" bind:value=id />
                <button type="submit" disabled=is_locked>"Look it up"</button>
            </div>
            <p class="hint">
                {format!("Only then is {host} asked, and it learns nothing but the name of the model. ")}
                "It should be small: some hundred million parameters at the most."
            </p>
        </form>
        {answer}
    })
}

/// What a hub has: whether it fits the task and this device is told before anything is loaded.
#[component]
fn Found(found: FoundModel) -> impl IntoView {
    let page = Page::get();
    let FoundModel { entry, layers, hidden, max_positions, least_bytes, full_bytes, limit_bytes } = found;
    let family = entry.family;
    let is_fit = page.memo(move |state| {
        let task = state.data.mapping.as_ref().map(hone_core::dataset::Mapping::task);
        task.is_none_or(|task| family.serves(task))
    });
    let license = if entry.license.is_empty() { "not told".into() } else { format::visible(&entry.license) };
    let facts = [
        ("Family", family.to_string()),
        ("Parameters", format::millions(entry.parameters)),
        ("To load", format::bytes(entry.bytes)),
        ("License", license),
        ("Layers", format!("{layers} of width {hidden}")),
        ("Longest text", format!("{max_positions} tokens")),
    ];
    let facts = facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    let label = format!("Load it, {}", format::bytes(entry.bytes));
    view! {
        <div class="found" role="status">
            <p><strong>{format::visible(&entry.hub_id)}</strong></p>
            <dl>{facts}</dl>
            <p>{abilities(family)}</p>
            <p>{memory(least_bytes, full_bytes, limit_bytes)}</p>
            <p class="note warning" hidden=is_fit>"It cannot learn the task of your data."</p>
            <button type="button" on:click=pressed_away(Step::Model, move |_| page.act(State::take_found))>
                {label}
            </button>
        </div>
    }
}

/// What a family can learn, in words.
fn abilities(family: Family) -> &'static str {
    if family.serves(Task::Generation) {
        "It writes: it can learn to answer, to translate and to go on in a style."
    } else {
        "It reads: it can learn classes, labels, numbers, entities and answers in a passage."
    }
}

/// Whether there is memory enough, in words.
fn memory(least: f64, full: f64, limit: f64) -> String {
    let (least_words, full_words) = (format::bytes(least), format::bytes(full));
    if full <= limit {
        format!("This device can train all of it: about {full_words} of memory.")
    } else if least <= limit {
        format!("Too large to train whole here ({full_words}); with an adapter it takes about {least_words}.")
    } else {
        format!("Too large for this device: even an adapter would take about {least_words}.")
    }
}
