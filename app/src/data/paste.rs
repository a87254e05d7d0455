use hone_core::dataset::DataRole;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};

use crate::browser;
use crate::components::{pressed, typed};
use crate::data::dropped::take_files;
use crate::page::Page;

const NAME: &str = "pasted table";

/// A box for pasting or typing a table.
#[component]
pub fn Paste() -> impl IntoView {
    let page = Page::get();
    let text = RwSignal::new(String::new());
    view! {
        <details class="paste">
            <summary>"Paste a table instead"</summary>
            <label for="paste-box">"Rows of text and label, with a header line"</label>
            <textarea
                id="paste-box"
                rows="6"
                spellcheck="false"
                placeholder="text,label"
                prop:value=text
                on:input=typed(move |value| text.set(value))
            ></textarea>
            <button
                type="button"
                disabled=move || text.with(|text| text.trim().is_empty())
                on:click=pressed(move |_| text.with_untracked(|text| open(page, text)))
            >
                "Use this table"
            </button>
        </details>
    }
}

/// Opens a table or file pasted anywhere but into a field as training data.
pub fn listen_for_paste(page: Page) {
    let listener = window_event_listener(ev::paste, move |event| {
        let target = event.target();
        let is_field = target.is_some_and(|target| {
            target.dyn_ref::<HtmlInputElement>().is_some() || target.dyn_ref::<HtmlTextAreaElement>().is_some()
        });
        if is_field {
            return;
        }
        let transfer = event.clipboard_data();
        let text = transfer.as_ref().and_then(|transfer| transfer.get_data("text/plain").ok()).unwrap_or_default();
        if !take_files(page, DataRole::Train, transfer) && !text.trim().is_empty() {
            open(page, &text);
        }
    });
    on_cleanup(move || listener.remove());
}

fn open(page: Page, text: &str) {
    if let Some(blob) = browser::text_blob(text) {
        page.open_file(DataRole::Train, NAME.into(), blob);
    }
}
