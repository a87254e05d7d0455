//! Files and folders that are dropped, pasted or chosen together.

use hone_core::dataset::{DataRole, is_data_file};
use hone_core::limits::MAX_ARCHIVE_FILES;
use js_sys::{Array, Function, Promise};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DataTransfer, FileList, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry,
    FileSystemFileEntry,
};

use crate::data::folder::{open_folder, refuse_folder};
use crate::model::take_dropped;
use crate::page::Page;
use crate::state::data::together::{Together, joint_name};

/// Opens what is dropped anywhere on the page, as a model if it is one and as training data otherwise. The browser would
/// leave the page to show it.
pub fn listen_for_drops(page: Page) {
    let over = window_event_listener(ev::dragover, |event| event.prevent_default());
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        let files = event.data_transfer().and_then(|transfer| transfer.files());
        if !files.is_some_and(|files| take_dropped(page, &files)) {
            take_files(page, DataRole::Train, event.data_transfer());
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Opens the dropped or pasted folders or files; returns false if there were none.
pub fn take_files(page: Page, role: DataRole, transfer: Option<DataTransfer>) -> bool {
    let Some(transfer) = transfer else { return false };
    let items = transfer.items();
    let entry = |index| items.get(index)?.webkit_get_as_entry().ok().flatten();
    let entries: Vec<FileSystemEntry> = (0..items.length()).filter_map(entry).collect();
    if !entries.iter().any(FileSystemEntry::is_directory) {
        return transfer.files().is_some_and(|files| open_list(page, role, &files));
    }
    spawn_local(async move {
        let names: Vec<String> = entries.iter().map(FileSystemEntry::name).collect();
        let (name, skipped) = match names.as_slice() {
            [name] => (name.clone(), name.len() + 1),
            names => (joint_name(names), 0),
        };
        match files_of(entries).await {
            Ok(files) => {
                let within = |(path, file): (String, Blob)| (path[skipped..].to_owned(), file);
                open_folder(page, role, name, files.into_iter().map(within).collect());
            }
            Err(reason) => refuse_folder(page, &name, &reason),
        }
    });
    true
}

/// Opens the files of a list; returns false if it is empty.
pub fn open_list(page: Page, role: DataRole, files: &FileList) -> bool {
    let files = (0..files.length()).filter_map(|index| files.get(index));
    let files: Vec<(String, Blob)> = files.map(|file| (file.name(), file.into())).collect();
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    match Together::of(&names) {
        None => return false,
        Some(Together::Folder) => open_folder(page, role, joint_name(&names), files),
        Some(Together::One | Together::Parallel) => {
            let mut names = names.into_iter();
            let (first, second) = (names.next().unwrap_or_default(), names.next());
            page.open_files(role, first, second, files.into_iter().map(|(_, file)| file).collect());
        }
    }
    true
}

/// These files, and those in these folders and their subfolders, by their paths, which begin with the names of the entries.
///
/// # Errors
/// If the browser cannot read one of them.
async fn files_of(entries: Vec<FileSystemEntry>) -> Result<Vec<(String, Blob)>, JsValue> {
    let mut files = Vec::new();
    let mut folders: Vec<(String, FileSystemDirectoryReader)> = Vec::new();
    let mut batch: Vec<(String, FileSystemEntry)> = entries.into_iter().map(|entry| (entry.name(), entry)).collect();
    loop {
        // All files of a batch are opened at once, which is several times as fast.
        let mut opened = Vec::new();
        for (path, entry) in batch {
            if entry.is_file() {
                let entry: FileSystemFileEntry = entry.unchecked_into();
                let file = promised(&|done, failed| {
                    entry.file_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref());
                    Ok(())
                });
                opened.push((path, file));
            } else if !path.contains('/') || is_data_file(&path) {
                folders.push((path, entry.unchecked_into::<FileSystemDirectoryEntry>().create_reader()));
            }
        }
        for (path, file) in opened {
            files.push((path, JsFuture::from(file).await?.unchecked_into()));
        }
        let Some((folder, reader)) = folders.last().filter(|_| files.len() <= MAX_ARCHIVE_FILES) else {
            return Ok(files);
        };
        let read = promised(&|done, failed| {
            reader.read_entries_with_callback_and_callback(done.unchecked_ref(), failed.unchecked_ref())
        });
        let entries = Array::from(&JsFuture::from(read).await?);
        let within = |entry: JsValue| {
            let entry: FileSystemEntry = entry.unchecked_into();
            (format!("{folder}/{}", entry.name()), entry)
        };
        batch = entries.iter().map(within).collect();
        // The reader returns some of the entries at a time, and none at the end.
        if batch.is_empty() {
            folders.pop();
        }
    }
}

/// The promise of a function with two callbacks.
fn promised(call: &dyn Fn(&Function, &Function) -> Result<(), JsValue>) -> Promise {
    Promise::new(&mut |done, failed| {
        if let Err(error) = call(&done, &failed) {
            let _ = failed.call1(&JsValue::UNDEFINED, &error);
        }
    })
}
