use leptos::prelude::*;

use crate::browser;
use crate::components::{ProblemPlace, pressed};
use crate::format;
use crate::page::Page;
use crate::state::{Change, CorrectedUse, State};

/// Buttons that change the label of a row of the training file, drop the row, and undo that.
#[component]
pub fn MendButtons(line: u32, given: String, likely: String) -> impl IntoView {
    let page = Page::get();
    let offer = format!("Change to {}", format::visible(&likely));
    let status = page.memo(move |state| state.changes.of_line(line));
    let is_changed = Memo::new(move |_| status.with(|status| !status.is_empty()));
    let is_unchanged = Memo::new(move |_| status.with(String::is_empty));
    let is_same = given == likely;
    let dropped = Change { line, given, label: None };
    let changed = Change { label: Some(likely), ..dropped.clone() };
    let change = move |_| page.change(|state| state.change_row(changed.clone()));
    let drop_row = move |_| page.change(|state| state.change_row(dropped.clone()));
    let undo = move |_| page.change(|state| state.undo_change(line));
    view! {
        <span class="row">
            <button type="button" class="quiet" hidden=is_same disabled=is_changed on:click=pressed(change)>{offer}</button>
            <button type="button" class="quiet" disabled=is_changed on:click=pressed(drop_row)>"Drop the row"</button>
            <button type="button" class="quiet" disabled=is_unchanged on:click=pressed(undo)>"Undo"</button>
            <small role="status" dir="auto">{status}</small>
        </span>
    }
}

/// The changes, and the corrected file.
#[component]
pub fn ChangesRow() -> impl IntoView {
    let page = Page::get();
    let sentence = page.memo(|state| state.changes.sentence());
    // Without a file there is nothing to change, and not even a gap.
    let has_no_file = page.memo(|state| state.data.train.choice().is_none());
    let has_none = page.memo(|state| state.changes.list.is_empty());
    let cannot = page.memo(|state| !state.can_correct());
    let keeps = page.memo(State::keeps_format);
    let diagnostic = page.memo(|state| state.changes.diagnostic.clone());
    let save_list = move |_| {
        if let Some(blob) = browser::text_blob(&page.peek(|state| state.changes.csv())) {
            browser::download(&blob, "changes.csv");
        }
    };
    view! {
        <div class="stack" hidden=has_no_file>
            <p role="status">{sentence}</p>
            <div class="stack" hidden=has_none>
                <p class="hint" hidden=keeps>
                    "This file cannot be written in its own format. The corrected file is CSV, with all columns and the rows that could be read."
                </p>
                <div class="row">
                    <button
                        type="button"
                        disabled=cannot
                        on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Open)))
                    >
                        "Use the corrected file"
                    </button>
                    <button
                        type="button"
                        disabled=cannot
                        on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Download)))
                    >
                        "Download the corrected file"
                    </button>
                    <button type="button" class="quiet" on:click=pressed(save_list)>"Download the list of changes"</button>
                </div>
            </div>
            <ProblemPlace diagnostic />
        </div>
    }
}
