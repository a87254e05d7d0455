use hone_core::dataset::{DataRole, is_data_file};
use hone_core::diagnostic::Diagnostic;
use web_sys::{Blob, FileList};

use crate::browser;
use crate::format;
use crate::model::open_if_model;
use crate::page::Page;
use crate::worker::message_of;

/// Opens the files of a folder, each with its path in it, as a model if they are one and as data otherwise.
pub fn open_folder(page: Page, role: DataRole, name: String, files: Vec<(String, Blob)>) {
    let Some(files) = open_if_model(page, &name, files) else { return };
    let has_data = files.iter().any(|(path, _)| is_data_file(path));
    let shown = format::visible(&name);
    let refused = |what: String, remedy: &str| {
        page.change(|state| state.not_opened(Diagnostic::new("page.folder", what).remedy(remedy)));
    };
    match browser::folder_blob(files) {
        Ok(_) if !has_data => {
            refused(format!("The folder “{shown}” contains no files."), "Choose one with the rows, or a file.")
        }
        Ok(blob) => page.open_file(role, name, blob),
        Err(reason) => {
            let what = format!("The folder “{shown}” could not be read: {}.", message_of(&reason));
            refused(what, "Pack it into a zip, and open that.");
        }
    }
}

/// Opens a folder that was chosen with a button.
pub fn take_folder(page: Page, role: DataRole, files: &FileList) {
    if let Some((name, files)) = browser::chosen_folder(files) {
        open_folder(page, role, name, files);
    }
}
