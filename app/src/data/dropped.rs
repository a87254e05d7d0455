//! Files and folders that are dropped, pasted or chosen together.

use hone_core::dataset::{DataRole, is_data_file};
use hone_core::diagnostic::Diagnostic;
use hone_core::limits::MAX_ARCHIVE_FILES;
use js_sys::{Array, Function, Promise};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::data::folder::open_folder;
use crate::model::take_dropped;
use crate::page::Page;
use crate::state::data::together::{Together, joint_name};
use crate::worker::message_of;

/// Opens what is dropped anywhere on the page, as a model if it is one and as training data otherwise. The browser would
/// leave the page to show it.
pub fn listen_for_drops(page: Page) {
    let over = window_event_listener(ev::dragover, |event| event.prevent_default());
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        let transfer = event.data_transfer();
        let files = transfer.as_ref().and_then(DataTransfer::files);
        let has_folder = transfer.as_ref().is_some_and(|transfer| !entries_with_folder(transfer).is_empty());
        if has_folder || !files.is_some_and(|files| take_dropped(page, &files)) {
            take_files(page, DataRole::Train, transfer);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Opens the dropped or pasted folders or files; returns false if there were none.
pub fn take_files(page: Page, role: DataRole, transfer: Option<DataTransfer>) -> bool {
    let entries = transfer.as_ref().map(entries_with_folder).unwrap_or_default();
    if entries.is_empty() {
        let files = transfer.and_then(|transfer| transfer.files());
        return files.is_some_and(|files| open_list(page, role, &files));
    }
    spawn_local(async move {
        match files_below(&entries).await {
            Ok((name, files)) => open_folder(page, role, name, files),
            Err(reason) => page.change(|state| {
                let what = format!("The folder could not be read: {}.", message_of(&reason));
                state.not_opened(Diagnostic::new("page.folder", what).remedy("Choose it with the button."));
            }),
        }
    });
    true
}

/// Opens the files of a list; returns false if it is empty.
pub fn open_list(page: Page, role: DataRole, files: &FileList) -> bool {
    let files: Vec<File> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    let names: Vec<String> = files.iter().map(File::name).collect();
    let named = names.iter().cloned().zip(files.into_iter().map(Blob::from));
    match (Together::of(&names), names.as_slice()) {
        (Some(Together::Folder), names) => open_folder(page, role, joint_name(names), named.collect()),
        (Some(_), [first, rest @ ..]) => {
            page.open_files(role, first.clone(), rest.first().cloned(), named.map(|(_, file)| file).collect());
        }
        _ => return false,
    }
    true
}

/// All files and folders that were dropped; none if there is no folder among them.
fn entries_with_folder(transfer: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = transfer.items();
    let entries = (0..items.length()).filter_map(|index| items.get(index)?.webkit_get_as_entry().ok().flatten());
    let entries: Vec<FileSystemEntry> = entries.collect();
    if entries.iter().any(FileSystemEntry::is_directory) { entries } else { Vec::new() }
}

/// The files of the only folder, by their paths in it, or of all entries, by paths that begin with their names; and what they
/// are called.
///
/// # Errors
/// If the browser cannot read one of them.
async fn files_below(entries: &[FileSystemEntry]) -> Result<(String, Vec<(String, Blob)>), JsValue> {
    if let [folder] = entries {
        return Ok((folder.name(), files_of(folder.unchecked_ref(), "").await?));
    }
    let names: Vec<String> = entries.iter().map(FileSystemEntry::name).collect();
    Ok((joint_name(&names), files_of_entries(entries, "").await?))
}

/// The files in a folder and its subfolders, by their paths below `at`.
async fn files_of(folder: &FileSystemDirectoryEntry, at: &str) -> Result<Vec<(String, Blob)>, JsValue> {
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
        let entries: Vec<FileSystemEntry> = entries.iter().map(JsCast::unchecked_into).collect();
        files.extend(files_of_entries(&entries, at).await?);
    }
    Ok(files)
}

/// These files, and those in these folders, by their paths below `at`.
async fn files_of_entries(entries: &[FileSystemEntry], at: &str) -> Result<Vec<(String, Blob)>, JsValue> {
    let mut files = Vec::new();
    // All of them are opened at once, which is several times as fast.
    let mut opened = Vec::new();
    for entry in entries {
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
