use hone_core::catalog::POOLING;
use hone_core::diagnostic::Diagnostic;
use js_sys::{Array, Function, Promise};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::page::Page;

/// Extensions that mark a dropped file as a model.
const ENDINGS: [&str; 3] = [".gguf", ".safetensors", ".zip"];
/// Maximum number of files read from a folder; a model has about ten.
const MAX_FILES: usize = 200;

/// Opens a model from the user's disk: a folder, a zip of one, or a GGUF file.
#[component]
pub fn OwnFiles() -> impl IntoView {
    let page = Page::get();
    let is_locked = page.memo(|state| state.is_engaged() || state.model.is_loading());
    let take = move |input: web_sys::HtmlInputElement| {
        if let Some(files) = input.files() {
            take_list(page, &files);
        }
        // Cleared, because otherwise choosing the same files again would not be a change.
        input.set_value("");
    };
    view! {
        <div class="own-model">
            <p>"Your own model: a folder in the format of Hugging Face, a zip of it, or a .gguf file."</p>
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
            <p class="hint">"You can also drop it anywhere on this page. Models exported by Hone can be opened again."</p>
        </div>
    }
}

fn take_list(page: Page, files: &FileList) {
    let files: Vec<File> = (0..files.length().min(MAX_FILES as u32)).filter_map(|index| files.get(index)).collect();
    let Some(first) = files.first() else { return };
    let name = path_of(first).split('/').next().unwrap_or_default().to_owned();
    page.open_model(name, files.into_iter().map(|file| (path_of(&file), file.into())).collect());
}

/// Path of a file, starting with the name of the chosen folder; just its name if it was chosen alone.
fn path_of(file: &File) -> String {
    let path = crate::wire::get(file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
    path.unwrap_or_else(|| file.name())
}

/// Opens the dropped folder or file if it is a model. Returns false if it is not.
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

/// The files in a folder by their paths below `at`, together with the pooling configuration of a sentence-transformers model,
/// which is in a subfolder.
async fn files_of(folder: &FileSystemDirectoryEntry, at: &str) -> Result<Vec<(String, Blob)>, JsValue> {
    let reader = folder.create_reader();
    let mut files = Vec::new();
    // The reader returns a batch of entries at a time, and an empty one at the end.
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

/// The result of a function with two callbacks.
async fn promised(call: impl Fn(&Function, &Function) -> Result<(), JsValue>) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |done, failed| {
        if let Err(error) = call(&done, &failed) {
            let _ = failed.call1(&JsValue::UNDEFINED, &error);
        }
    });
    JsFuture::from(promise).await
}
