use hone_core::dataset::CorrectedForm;
use leptos::prelude::*;

use crate::browser;
use crate::components::{ProblemPlace, memo, pressed};
use crate::page::Page;
use crate::state::{Change, CorrectedUse, State, labels_in_words};

/// Buttons that change the labels of a row of the training file or the tag of a word, drop the row, and undo that.
#[component]
pub fn MendButtons(line: u32, word: Option<u32>, given: String, likely: Option<Vec<String>>) -> impl IntoView {
    let page = Page::get();
    let offer = likely.as_ref().map(|likely| format!("Change to {}", labels_in_words(likely)));
    let status = page.memo(move |state| state.changes.of_row(line, word));
    let is_changed = memo(move || status.with(|status| !status.is_empty()));
    let is_unchanged = memo(move || status.with(String::is_empty));
    let is_same = likely.as_ref().is_none_or(|likely| given == likely.join(", "));
    let dropped = Change { line, word: None, given, labels: None };
    let changed = Change { word, labels: likely, ..dropped.clone() };
    let change = move |_| page.change(|state| state.change_row(changed.clone()));
    let drop_row = move |_| page.change(|state| state.change_row(dropped.clone()));
    let undo = move |_| page.change(|state| state.undo_change(line, word));
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
    let form = |form| page.memo(move |state| state.corrected_form() != form);
    let [is_not_csv, is_writable] = [CorrectedForm::Csv, CorrectedForm::ListOnly].map(form);
    let is_list_only = memo(move || !is_writable.get());
    // There may be a run of other rows, or none.
    let has_no_run = page.memo(|state| !state.run.has_weights || !state.can_mend_run());
    let cannot_train = page.memo(|state| !state.can_retrain());
    let stage = page.memo(|state| state.retraining_words().to_owned());
    let diagnostic = page.watch(|state| state.changes.diagnostic.clone());
    let save_list = move |_| {
        if let Some(blob) = browser::text_blob(&page.peek(|state| state.changes.csv())) {
            browser::download(&blob, "changes.csv");
        }
    };
    view! {
        <div class="stack" hidden=has_no_file>
            <p role="status">{sentence}</p>
            <div class="stack" hidden=has_none>
                <p class="hint" hidden=is_writable>
                    "This file cannot be written again with other labels: its tags are spans. The list of changes has the line of each row, the number of the word and its new tag."
                </p>
                <p class="hint" hidden=is_not_csv>
                    "This file cannot be written in its own format. The corrected file is CSV, with all columns and the rows that could be read."
                </p>
                <div class="stack" hidden=is_list_only>
                    <div class="row" hidden=has_no_run>
                        <button
                            type="button"
                            disabled=cannot_train
                            on:click=pressed(move |_| page.act(State::retrain))
                        >
                            "Train further on the corrected file"
                        </button>
                        <small>
                            "Keeps the tuned model in this browser, opens the file and starts a run from that model. Without a validation file of its own, the rows are split again: the model has trained on some of the new validation rows, and scores better than it should."
                        </small>
                    </div>
                </div>
                <div class="row">
                    <button
                        type="button"
                        hidden=is_list_only
                        disabled=cannot
                        on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Open)))
                    >
                        "Use the corrected file"
                    </button>
                    <button
                        type="button"
                        hidden=is_list_only
                        disabled=cannot
                        on:click=pressed(move |_| page.act(|state| state.correct(CorrectedUse::Download)))
                    >
                        "Download the corrected file"
                    </button>
                    <button type="button" class="quiet" on:click=pressed(save_list)>"Download the list of changes"</button>
                </div>
            </div>
            <p role="status">{stage}</p>
            <ProblemPlace diagnostic />
        </div>
    }
}
