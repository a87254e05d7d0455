use hone_core::catalog::POOLING;
use hone_core::diagnostic::Diagnostic;
use js_sys::{Array, Function, Promise};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::page::Page;

/// Endings by which a dropped file is known to be a model's.
const ENDINGS: [&str; 3] = [".gguf", ".safetensors", ".zip"];
/// Most files of a folder that are looked at: a model has about ten.
const MAX_FILES: usize = 200;

/// A model from the person's own disk: a folder, a zip of one, or a GGUF file.
#[component]
pub fn OwnFiles() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(|state| state.is_engaged() || state.model.is_loading());
    let take = move |input: web_sys::HtmlInputElement| {
        if let Some(files) = input.files() {
            take_list(page, &files);
        }
        // Emptied, or choosing the same files again would be no change.
        input.set_value("");
    };
    view! {
        <div class="own-model">
            <p>"Your own: a folder as model hubs have them, a zip of it, or a .gguf file."</p>
            <div class="row">
                <span class="file-button">
                    <input
                        id="model-files"
                        class="unseen"
                        type="file"
                        multiple=true
                        accept=".zip,.gguf,.safetensors,.json,.txt,.jinja"
                        disabled=is_locked
                        on:change:target=move |event| take(event.target())
                    />
                    <label class="button" for="model-files">"Choose files"</label>
                </span>
                <span class="file-button">
                    <input
                        id="model-folder"
                        class="unseen"
                        type="file"
                        prop:webkitdirectory=true
                        disabled=is_locked
                        on:change:target=move |event| take(event.target())
                    />
                    <label class="button" for="model-folder">"Choose a folder"</label>
                </span>
            </div>
            <p class="hint">"Dropping it anywhere on this page works too. What Hone has exported can be opened again."</p>
        </div>
    }
}

fn take_list(page: Page, files: &FileList) {
    let files: Vec<File> = (0..files.length().min(MAX_FILES as u32)).filter_map(|index| files.get(index)).collect();
    let Some(first) = files.first() else { return };
    let name = path_of(first).split('/').next().unwrap_or_default().to_owned();
    page.open_model(name, files.into_iter().map(|file| (path_of(&file), file.into())).collect());
}

/// Where a file stands in the folder that was chosen, the folder's name first; of a file alone, its name.
fn path_of(file: &File) -> String {
    let path = crate::wire::get(file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
    path.unwrap_or_else(|| file.name())
}

/// Takes what was dropped if it is a model: a folder, or a file that only models have. False when it is not.
pub fn take_dropped(page: Page, transfer: &DataTransfer) -> bool {
    let items = transfer.items();
    let entries = (0..items.length()).filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten());
    if let Some(folder) = entries.into_iter().find(FileSystemEntry::is_directory) {
        spawn_local(async move {
            match files_of(folder.unchecked_ref(), "").await {
                Ok(files) => page.open_model(folder.name(), files),
                Err(reason) => page.change(|state| {
                    let what = format!("The folder could not be read: {}.", crate::worker::message_of(&reason));
                    state.not_opened(Diagnostic::new("page.folder", what).remedy("Choose it with the button."));
                }),
            }
        });
        return true;
    }
    let Some(files) = transfer.files() else { return false };
    let is_model = |file: File| {
        let name = file.name().to_ascii_lowercase();
        ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let takes = (0..files.length()).filter_map(|index| files.get(index)).any(is_model);
    if takes {
        take_list(page, &files);
    }
    takes
}

/// The files that stand directly in a folder, by their paths below `at`; and how a sentence-transformers folder makes a
/// vector of a sentence, which stands one folder lower.
async fn files_of(folder: &FileSystemDirectoryEntry, at: &str) -> Result<Vec<(String, Blob)>, JsValue> {
    let reader = folder.create_reader();
    let mut files = Vec::new();
    // It gives some at a time, and none at the end.
    while files.len() < MAX_FILES {
        let read = |done: &Function, failed: &Function| {
            reader.read_entries_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref())
        };
        let entries = Array::from(&promised(read).await?);
        if entries.length() == 0 {
            break;
        }
        for entry in entries.iter() {
            let entry: FileSystemEntry = entry.unchecked_into();
            let path = format!("{at}{}", entry.name());
            if entry.is_file() {
                let entry: &FileSystemFileEntry = entry.unchecked_ref();
                let read = |done: &Function, failed: &Function| {
                    entry.file_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref());
                    Ok(())
                };
                files.push((path, promised(read).await?.unchecked_into()));
            } else if POOLING.strip_prefix(&path).is_some_and(|rest| rest.starts_with('/')) {
                files.extend(Box::pin(files_of(entry.unchecked_ref(), &format!("{path}/"))).await?);
            }
        }
    }
    Ok(files)
}

/// What a function with two callbacks gives.
async fn promised(call: impl Fn(&Function, &Function) -> Result<(), JsValue>) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |done, failed| {
        if let Err(error) = call(&done, &failed) {
            let _ = failed.call1(&JsValue::UNDEFINED, &error);
        }
    });
    JsFuture::from(promise).await
}
