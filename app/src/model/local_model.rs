use hone_core::catalog::POOLING;
use hone_core::dataset::is_data_file;
use hone_core::limits::MAX_ARCHIVE_FILES;
use js_sys::{Array, Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::browser::path_of;
use crate::page::Page;

/// Extensions that mark a dropped file as a model.
const ENDINGS: [&str; 2] = [".gguf", ".safetensors"];
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

/// Opens the dropped files if one of them is a model. Returns false if none is.
pub fn take_dropped(page: Page, files: &FileList) -> bool {
    let takes = (0..files.length()).filter_map(|index| files.get(index)).any(|file| is_weights(&file.name()));
    if takes {
        take_list(page, files);
    }
    takes
}

/// Opens the files of a folder if they are a model, and returns them otherwise. Paths are within the folder.
pub fn open_if_model(page: Page, name: &str, files: Vec<(String, Blob)>) -> Option<Vec<(String, Blob)>> {
    // In a subfolder, sentence-transformers has the configuration of its pooling.
    let is_part = |path: &str| !path.contains('/') || path == POOLING;
    if !files.iter().any(|(path, _)| is_part(path) && (is_weights(path) || path == "config.json")) {
        return Some(files);
    }
    let parts = files.into_iter().filter(|(path, _)| is_part(path)).take(MAX_FILES).collect();
    page.open_model(name.to_owned(), parts);
    None
}

fn is_weights(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The first folder that was dropped.
pub fn dropped_folder(transfer: &DataTransfer) -> Option<FileSystemDirectoryEntry> {
    let items = transfer.items();
    let mut entries = (0..items.length()).filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten());
    entries.find(FileSystemEntry::is_directory).map(JsCast::unchecked_into)
}

/// The files in a folder and its subfolders, by their paths below `at`.
///
/// # Errors
/// If the browser cannot read the folder.
pub async fn files_of(folder: &FileSystemDirectoryEntry, at: &str) -> Result<Vec<(String, Blob)>, JsValue> {
    let reader = folder.create_reader();
    let mut files = Vec::new();
    // The reader returns a batch of entries at a time, and an empty one at the end.
    while files.len() <= MAX_ARCHIVE_FILES {
        let entries = Array::from(
            &JsFuture::from(promised(&|done, failed| {
                reader.read_entries_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref())
            }))
            .await?,
        );
        if entries.length() == 0 {
            break;
        }
        // All files of a batch are opened at once, which is several times as fast.
        let mut opened = Vec::new();
        for entry in entries.iter() {
            let entry: FileSystemEntry = entry.unchecked_into();
            let path = format!("{at}{}", entry.name());
            if entry.is_file() {
                let entry: &FileSystemFileEntry = entry.unchecked_ref();
                let file = promised(&|done, failed| {
                    entry.file_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref());
                    Ok(())
                });
                opened.push((path, file));
            } else if is_data_file(&path) {
                files.extend(Box::pin(files_of(entry.unchecked_ref(), &format!("{path}/"))).await?);
            }
        }
        for (path, file) in opened {
            files.push((path, JsFuture::from(file).await?.unchecked_into()));
        }
    }
    Ok(files)
}

/// The promise of a function with two callbacks.
fn promised(call: &dyn Fn(&Function, &Function) -> Result<(), JsValue>) -> Promise {
    Promise::new(&mut |done, failed| {
        if let Err(error) = call(&done, &failed) {
            let _ = failed.call1(&JsValue::UNDEFINED, &error);
        }
    })
}
