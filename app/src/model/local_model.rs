use hone_core::catalog::POOLING;
use leptos::prelude::*;
use web_sys::{Blob, File, FileList};

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
