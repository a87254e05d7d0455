//! The list of the user's kept models.

use hone_core::catalog::{TunedEntry, TunedModel};
use hone_core::diagnostic::Diagnostic;
use leptos::prelude::*;

use crate::browser;
use crate::components::{CollectAny, DiagnosticNote, ProblemPlace, Watched, changing, memo, pressed, pressed_away};
use crate::format;
use crate::page::Page;
use crate::state::shelf::{facts, id_of};
use crate::state::{Edit, State, Step};

/// Id of the heading, which takes the focus from buttons that disappear.
const HEADING: &str = "your-models";

/// The kept models; nothing while there are none.
#[component]
pub fn YourModels() -> impl IntoView {
    let page = Page::get();
    let entries = page.watch(|state| state.shelf.entries.clone());
    let is_empty = page.memo(|state| state.shelf.entries.is_empty());
    let diagnostic = page.watch(|state| state.shelf.diagnostic.clone());
    let items = changing(move || {
        let entries = entries.get().into_iter();
        entries.map(|entry| view! { <li>{item(entry)}</li> }).collect_any()
    });
    view! {
        <div class="shelf" hidden=is_empty>
            <h3 id=HEADING tabindex="-1">"Your models"</h3>
            <ul class="rows">{items}</ul>
            <ProblemPlace diagnostic />
        </div>
    }
}

fn item(entry: TunedEntry) -> AnyView {
    let id = id_of(&entry).to_owned();
    let page = Page::get();
    let edit = page.watch(move |state| {
        let is_this = |edit: &&Edit| matches!(edit, Edit::Rename(of) | Edit::Delete(of) if *of == id);
        state.shelf.edit.as_ref().filter(is_this).cloned()
    });
    match entry {
        TunedEntry::Whole(model) => view! { <Kept model=*model edit /> }.into_any(),
        TunedEntry::Damaged { id, diagnostic } => view! { <Damaged id diagnostic edit /> }.into_any(),
    }
}

/// A model that can be opened.
#[component]
fn Kept(model: TunedModel, edit: Watched<Option<Edit>>) -> impl IntoView {
    let page = Page::get();
    let name = format::visible(&model.name);
    let about = format!("{} · {}", browser::date(model.kept_ms), facts(&model));
    let id = StoredValue::new(model.id.clone());
    let is_opening = page.memo(move |state| state.shelf.opening.contains(&id.get_value()));
    let is_locked = page.memo(|state| {
        state.is_engaged()
            || state.model.is_loading()
            || !state.shelf.opening.is_empty()
            || state.device.report.is_none()
    });
    let try_words = memo(move || if is_opening.get() { "Opening…" } else { "Try" }.to_owned());
    let label = move |verb: &str| format!("{verb} {name}");
    let [try_label, train_label, download_label, rename_label, delete_label] =
        ["Try", "Train further:", "Download", "Rename", "Delete"].map(label);
    let actions = move || {
        view! {
            <div class="row">
                <button
                    type="button"
                    aria-label=try_label.clone()
                    disabled=is_locked
                    on:click=pressed_away(Step::Try.id(), move |_| page.act(|state| state.open_tuned(&id.get_value())))
                >
                    {try_words}
                </button>
                <button
                    type="button"
                    aria-label=train_label.clone()
                    disabled=is_locked
                    on:click=pressed(move |_| page.act(|state| state.train_further(&id.get_value())))
                >
                    "Train further"
                </button>
                <button
                    type="button"
                    class="quiet"
                    aria-label=download_label.clone()
                    on:click=pressed(move |_| page.act(|state| state.export_tuned(&id.get_value())))
                >
                    "Download"
                </button>
                <button
                    type="button"
                    class="quiet"
                    aria-label=rename_label.clone()
                    on:click=pressed(move |_| {
                        page.change(|state| state.shelf.edit = Some(Edit::Rename(id.get_value())));
                        browser::focus("new-name");
                    })
                >
                    "Rename"
                </button>
                <button
                    type="button"
                    class="quiet"
                    aria-label=delete_label.clone()
                    on:click=pressed_away(HEADING, move |_| {
                        page.change(|state| state.shelf.edit = Some(Edit::Delete(id.get_value())));
                    })
                >
                    "Delete"
                </button>
            </div>
        }
    };
    let shown = StoredValue::new(model.name.clone());
    let row = changing(move || match edit.get() {
        None | Some(Edit::RemoveEverything) => actions().into_any(),
        Some(Edit::Rename(_)) => view! { <Rename id=id.get_value() name=shown.get_value() /> }.into_any(),
        Some(Edit::Delete(_)) => view! { <ConfirmDeletion id=id.get_value() /> }.into_any(),
    });
    view! {
        <p><strong dir="auto">{format::visible(&model.name)}</strong></p>
        <p class="hint" dir="auto">{about}</p>
        {row}
    }
}

/// A model that can only be deleted.
#[component]
fn Damaged(id: String, diagnostic: Diagnostic, edit: Watched<Option<Edit>>) -> impl IntoView {
    let page = Page::get();
    let id = StoredValue::new(id);
    let row = changing(move || match edit.get() {
        Some(Edit::Delete(_)) => view! { <ConfirmDeletion id=id.get_value() /> }.into_any(),
        _ => view! {
            <button
                type="button"
                class="quiet"
                on:click=pressed_away(HEADING, move |_| {
                    page.change(|state| state.shelf.edit = Some(Edit::Delete(id.get_value())));
                })
            >
                "Delete the damaged model"
            </button>
        }
        .into_any(),
    });
    view! {
        <DiagnosticNote diagnostic is_warning=true />
        {row}
    }
}

#[component]
fn Rename(id: String, name: String) -> impl IntoView {
    let page = Page::get();
    let typed = RwSignal::new(name);
    view! {
        <form
            class="row"
            on:submit=move |event| {
                event.prevent_default();
                page.act(|state| state.rename_tuned(&id, &typed.get_untracked()));
                browser::focus(HEADING);
            }
        >
            <label for="new-name">"New name"</label>
            <input id="new-name" type="text" maxlength="200" autocomplete="off" dir="auto" bind:value=typed />
            <button type="submit">"Save"</button>
            <Cancel />
        </form>
    }
}

#[component]
fn ConfirmDeletion(id: String) -> impl IntoView {
    let page = Page::get();
    let delete = move |_| page.act(|state| state.delete_tuned(&id));
    view! {
        <div class="row" role="alert">
            <p>"Delete it for good?"</p>
            <button type="button" on:click=pressed_away(HEADING, delete)>
                "Delete for good"
            </button>
            <Cancel />
        </div>
    }
}

/// Gives up renaming or deleting.
#[component]
pub fn Cancel() -> impl IntoView {
    let page = Page::get();
    let cancel = move |_| page.change(|state: &mut State| state.shelf.edit = None);
    view! {
        <button type="button" class="quiet" on:click=pressed_away(Step::Model.id(), cancel)>
            "Cancel"
        </button>
    }
}
