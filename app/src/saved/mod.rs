//! Runs that are saved in this browser and not under way: offered for continuation at the top of the page.

use hone_core::catalog::{SavedRun, SavedRunEntry};
use hone_core::diagnostic::Diagnostic;
use leptos::prelude::*;
use web_sys::{Blob, FileList};

use crate::browser;
use crate::components::{
    CollectAny, DiagnosticNote, FileButton, ProblemPlace, changing, pressed, pressed_away, ticked,
};
use crate::format;
use crate::page::{Page, by_role};
use crate::state::State;
use crate::state::saved::{facts, headline, id_of};

/// Id of the section, which takes the focus from buttons that disappear.
const SECTION: &str = "saved-runs";

/// The saved runs; nothing while there are none.
#[component]
pub fn SavedRuns() -> impl IntoView {
    let page = Page::get();
    let runs = page.watch(|state| state.saved.runs.clone());
    let diagnostic = page.watch(|state| state.saved.diagnostic.clone());
    let is_empty = page.memo(|state| state.saved.runs.is_empty() && state.saved.diagnostic.is_none());
    let items = changing(move || runs.get().into_iter().map(|entry| view! { <li>{item(entry)}</li> }).collect_any());
    view! {
        <section id=SECTION class="step saved-runs" aria-label="Saved runs" tabindex="-1" hidden=is_empty>
            <ul class="rows">{items}</ul>
            <ProblemPlace diagnostic />
        </section>
    }
}

fn item(entry: SavedRunEntry) -> AnyView {
    let page = Page::get();
    let id = id_of(&entry).to_owned();
    let is_deleting = page.memo({
        let id = id.clone();
        move |state| state.saved.deleting.as_ref() == Some(&id)
    });
    match entry {
        SavedRunEntry::Whole(run) => view! { <Whole run=*run is_deleting /> }.into_any(),
        SavedRunEntry::Damaged { id, diagnostic } => view! { <Damaged id diagnostic is_deleting /> }.into_any(),
    }
}

/// A run that can be continued, or whose model can be kept.
#[component]
fn Whole(run: SavedRun, is_deleting: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let id = StoredValue::new(run.id.clone());
    let head = headline(&run);
    let about = format!("{} · {}", browser::date(run.about.saved_ms), facts(&run));
    let (is_over, has_best) = (run.about.ended.is_some(), run.record.best.is_some());
    let open_words = if is_over { "Open its result" } else { "Continue" };
    let keep_words = if is_over { "Keep its model" } else { "Keep the best so far" };
    let asks_for = page.watch(move |state| {
        let continuing = state.saved.continuing.as_ref().filter(|continuing| id.with_value(|id| *id == continuing.id));
        continuing.map(|continuing| continuing.asks_for.clone())
    });
    let is_locked = page.memo(|state| {
        state.is_engaged()
            || state.saved.is_keeping
            || state.saved.continuing.is_some()
            || state.device.report.is_none()
    });
    let keep_state = page.memo(move |state| if state.saved.is_keeping { "Keeping…" } else { keep_words }.to_owned());
    let actions = move || {
        view! {
            <div class="row">
                <button
                    type="button"
                    class="primary"
                    disabled=is_locked
                    on:click=pressed_away(SECTION, move |_| page.act(|state| state.continue_saved(&id.get_value())))
                >
                    {open_words}
                </button>
                <button
                    type="button"
                    hidden=!has_best
                    disabled=is_locked
                    on:click=pressed_away(SECTION, move |_| page.act(|state| state.keep_saved(&id.get_value())))
                >
                    {keep_state}
                </button>
                <button
                    type="button"
                    class="quiet"
                    disabled=is_locked
                    on:click=pressed(move |_| page.act(|state| state.export_saved(&id.get_value())))
                >
                    "Take it away as a file"
                </button>
                <button
                    type="button"
                    class="quiet"
                    on:click=pressed_away(SECTION, move |_| {
                        page.change(|state| state.saved.deleting = Some(id.get_value()));
                    })
                >
                    "Delete"
                </button>
            </div>
        }
    };
    let row = changing(move || match (asks_for.get(), is_deleting.get()) {
        (Some(names), _) => view! { <Files names /> }.into_any(),
        (None, true) => view! { <ConfirmDeletion id=id.get_value() /> }.into_any(),
        (None, false) => actions().into_any(),
    });
    view! {
        <p><strong>{head}</strong></p>
        <p class="hint" dir="auto">{about}</p>
        {row}
    }
}

/// The files that a run needs, to be chosen again.
#[component]
fn Files(names: Vec<String>) -> impl IntoView {
    let page = Page::get();
    let give_up = move |_| page.act(State::give_up_continuing);
    let words = match names.as_slice() {
        [] => "Its data and model are being opened.".to_owned(),
        names => {
            let mut names: Vec<String> = names.iter().map(|name| format!("“{}”", format::visible(name))).collect();
            // A file may be its own validation and test file.
            names.dedup();
            format!("Choose {} again. The browser kept no copy, so that your rows stay yours.", names.join(" and "))
        }
    };
    let needs_files = !names.is_empty();
    // Files have extensions.
    let needs_folder = names.iter().any(|name| !name.contains('.'));
    let take = Callback::new(move |files: FileList| take(page, &names, &files));
    let button = needs_files.then(|| {
        view! { <FileButton id="run-files" label="Choose the file again" accept="" multiple=true keeps_handle=true on_files=take /> }
    });
    let folder_button = needs_folder.then(|| {
        view! { <FileButton id="run-folder" label="Choose the folder again" accept="" is_folder=true on_files=take /> }
    });
    view! {
        <div class="row" role="status">
            <p dir="auto">{words}</p>
            {button}
            {folder_button}
            <button type="button" class="quiet" on:click=pressed_away(SECTION, give_up)>
                "Cancel"
            </button>
        </div>
    }
}

/// Opens the chosen files by their names. If one name is none of theirs, it is that of the other files.
fn take(page: Page, names: &[String], files: &FileList) {
    let mut chosen: Vec<(String, Blob)> = match browser::chosen_folder(files) {
        Some((name, files)) => browser::folder_blob(files).into_iter().map(|folder| (name.clone(), folder)).collect(),
        None => (0..files.length()).filter_map(|nth| files.get(nth)).map(|file| (file.name(), file.into())).collect(),
    };
    let mut found: Vec<Option<Blob>> = Vec::new();
    for name in names {
        let place = chosen.iter().position(|(own, _)| own == name);
        found.push(place.map(|place| chosen.swap_remove(place).1));
    }
    if let Some(first) = found.iter_mut().find(|file| file.is_none()) {
        *first = if chosen.len() > 1 { browser::folder_blob(chosen).ok() } else { chosen.pop().map(|(_, file)| file) };
    }
    if let Some(missing) = found.iter().position(Option::is_none) {
        let diagnostic = Diagnostic::new("saved.files", format!("{} is missing.", names[missing]))
            .done("Nothing was opened.")
            .remedy("Choose all files together.");
        return page.change(|state| state.saved.diagnostic = Some(diagnostic));
    }
    let found = found.into_iter().flatten().collect();
    page.continue_with(by_role(found, page.peek(State::continued_files)));
}

/// A run that can only be deleted.
#[component]
fn Damaged(id: String, diagnostic: Diagnostic, is_deleting: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let id = StoredValue::new(id);
    let row = changing(move || {
        if is_deleting.get() {
            view! { <ConfirmDeletion id=id.get_value() /> }.into_any()
        } else {
            let ask = move |_| page.change(|state| state.saved.deleting = Some(id.get_value()));
            view! {
                <button type="button" class="quiet" on:click=pressed_away(SECTION, ask)>
                    "Delete the damaged run"
                </button>
            }
            .into_any()
        }
    });
    view! {
        <DiagnosticNote diagnostic is_warning=true />
        {row}
    }
}

#[component]
fn ConfirmDeletion(id: String) -> impl IntoView {
    let page = Page::get();
    let delete = move |_| page.act(|state| state.delete_saved(&id));
    let cancel = move |_| page.change(|state| state.saved.deleting = None);
    view! {
        <div class="row" role="alert">
            <p>"Delete it for good?"</p>
            <button type="button" on:click=pressed_away(SECTION, delete)>
                "Delete the run for good"
            </button>
            <button type="button" class="quiet" on:click=pressed_away(SECTION, cancel)>
                "Cancel"
            </button>
        </div>
    }
}

/// Chooses whether a copy of the data is saved with the next run.
#[component]
pub fn CopyData() -> impl IntoView {
    let page = Page::get();
    let is_on = page.memo(|state| state.saved.copies_data);
    let is_locked = page.memo(State::is_engaged);
    view! {
        <label class="check">
            <input
                type="checkbox"
                disabled=is_locked
                prop:checked=is_on
                on:change=ticked(move |is_on| page.change(|state| state.saved.copies_data = is_on))
            />
            "Keep a copy of my data in this browser until the run is over, so that it can continue without the file (needed for pasted text)"
        </label>
    }
}

/// Adds a saved run from a file.
#[component]
pub fn ImportRun() -> impl IntoView {
    let page = Page::get();
    let take = Callback::new(move |files: FileList| {
        if let Some(file) = files.get(0) {
            page.import_saved(file.name(), file.into());
        }
    });
    view! { <FileButton id="saved-run" label="Continue a run from a file" accept=".zip" on_files=take /> }
}
