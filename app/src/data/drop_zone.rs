use hone_core::protocol::DataRole;
use leptos::prelude::*;
use web_sys::File;

use super::ACCEPT;
use crate::components::FileButton;
use crate::page::Page;

/// Where a file is dropped or chosen. The drop itself is heard on the whole page.
#[component]
pub fn DropZone() -> impl IntoView {
    let page = Page::get();
    let is_over = RwSignal::new(false);
    let choose = Callback::new(move |file: File| page.open_file(DataRole::Train, file.name(), file.into()));
    view! {
        <div
            class="drop"
            class:over=is_over
            on:dragenter=move |_| is_over.set(true)
            on:dragleave=move |_| is_over.set(false)
            on:drop=move |_| is_over.set(false)
        >
            <p class="lead">"Drop a table of texts and labels"</p>
            <p class="hint">"CSV, TSV, JSONL, JSON, CoNLL or plain text. It never leaves this tab. Pasting a table works too."</p>
            <FileButton id="train-file" label="Choose a file" accept=ACCEPT on_file=choose />
        </div>
    }
}
