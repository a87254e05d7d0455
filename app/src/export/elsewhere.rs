//! The run as a script for other machines.

use hone_core::recipe::Task;
use leptos::prelude::*;

use crate::components::pressed;
use crate::page::Page;
use crate::state::{Export, State};

/// The button that downloads `hone-run.zip`.
#[component]
pub fn Elsewhere() -> impl IntoView {
    let page = Page::get();
    let is_busy = page.memo(|state| matches!(state.export, Export::Writing(_)) || state.model.is_loading());
    // The script has no loss that compares the rows of a batch.
    let has_none = page.memo(|state| state.tuned_kind().task == Task::Embeddings);
    view! {
        <div class="stack" hidden=has_none>
            <h3>"Run it elsewhere"</h3>
            <p>
                "The same recipe on the same rows, as a script for Python: "
                <code>"train.py"</code>
                " trains with transformers on one GPU or on several. Your file is not included."
            </p>
            <div class="row">
                <button type="button" disabled=is_busy on:click=pressed(move |_| page.act(State::export_script))>
                    "Download the script (hone-run.zip)"
                </button>
            </div>
        </div>
    }
}
