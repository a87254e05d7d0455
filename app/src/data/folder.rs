use hone_core::dataset::DataRole;
use hone_core::diagnostic::Diagnostic;
use wasm_bindgen::JsValue;
use web_sys::{Blob, FileList};

use crate::browser;
use crate::format;
use crate::model::open_if_model;
use crate::page::Page;
use crate::worker::message_of;

/// Opens the files of a folder, each with its path in it, as a model if they are one and as data otherwise.
pub fn open_folder(page: Page, role: DataRole, name: String, files: Vec<(String, Blob)>) {
    let Some(files) = open_if_model(page, &name, files) else { return };
    match browser::folder_blob(files) {
        Ok(blob) => page.open_file(role, name, blob),
        Err(reason) => refuse_folder(page, &name, &reason),
    }
}

/// Says why a folder was not opened.
pub fn refuse_folder(page: Page, name: &str, reason: &JsValue) {
    let what = format!("The folder “{}” could not be read: {}.", format::visible(name), message_of(reason));
    page.change(|state| {
        state.not_opened(Diagnostic::new("page.folder", what).remedy("Pack it into a zip, and open that."));
    });
}

/// Opens a folder that was chosen with a button.
pub fn take_folder(page: Page, role: DataRole, files: &FileList) {
    if let Some((name, files)) = browser::chosen_folder(files) {
        open_folder(page, role, name, files);
    }
}
