//! The first step: a file, its content, and the columns in use.

mod drop_zone;
mod file_problem;
mod folder;
mod label_rows;
mod labeled_row;
mod mapping;
mod mend;
mod part_choice;
mod paste;
mod preview;
mod prompt;
mod reading;
mod report;
mod samples;
mod split;
mod suspected;
mod task;
mod text_issues;

use hone_core::dataset::DataRole;
use hone_core::decimal::fixed;
use hone_core::diagnostic::Diagnostic;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, DataTransfer, File, FileList};

use crate::components::{ProblemPlace, pressed};
use crate::format;
use crate::frame::StepSection;
use crate::model::{dropped_folder, files_of, take_dropped};
use crate::page::Page;
use crate::state::data::multi_drop;
use crate::state::{State, Step};
use crate::worker::message_of;

use drop_zone::DropZone;
use file_problem::FileProblem;
use folder::open_folder;
use label_rows::LabelRows;
use mapping::MappingForm;
pub use mend::{ChangesRow, MendButtons};
pub use part_choice::{PartChoice, PartOf};
use paste::{Paste, listen_for_paste};
use preview::Preview;
use report::Report;
use samples::Samples;
use split::Split;
use suspected::Suspected;

/// Extensions of the files that can be read.
pub const ACCEPT: &str = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.conll,.conllu,.iob,.iob2,.bio,.xlsx,.ods,.parquet,.docx,.html,.htm,.epub,.tmx,.xlf,.xliff,.po,.srt,.vtt,.gz,.zst,.zip,.tar,.tgz";

/// The data step.
#[component]
pub fn DataStep() -> impl IntoView {
    let page = Page::get();
    listen_for_paste(page);
    listen_for_drops(page);
    let notice = page.watch(|state| state.data.notice.clone());
    let is_read = page.memo(|state| state.data.train.choice().is_none() || !state.data.train.is_reading());
    let share = page.memo(|state| fixed(state.data.train.progress(), 3));
    let words = page.memo(|state| {
        let Some(chosen) = state.data.train.choice().filter(|_| state.data.train.is_reading()) else {
            return String::new();
        };
        let name = format::visible(&chosen.name);
        if state.device.report.is_none() && state.device.failed.is_none() {
            format!("{name} will be read as soon as the engine has loaded.")
        } else {
            format!("Reading {name}")
        }
    });
    let has_file = page.memo(|state| state.data.train.choice().is_some());
    view! {
        <StepSection step=Step::Data>
            <div class="entrance" class:slim=has_file>
                <DropZone />
                <Samples />
            </div>
            <Paste />
            <ProblemPlace diagnostic=notice is_warning=true />
            <div class="progress" hidden=is_read>
                <p dir="auto">{words}</p>
                <progress max="1" value=share aria-label="Fraction of the file read"></progress>
                <button type="button" on:click=pressed(move |_| page.act(State::stop_reading))>"Stop reading"</button>
            </div>
            <FileProblem role=DataRole::Train />
            <MappingForm />
            <Preview />
            <Report />
            <Split />
            <Suspected />
            <LabelRows />
            <ChangesRow />
        </StepSection>
    }
}

/// Opens a file dropped anywhere on the page, as a model if it is one and as training data otherwise. The browser would
/// leave the page to show it.
fn listen_for_drops(page: Page) {
    let over = window_event_listener(ev::dragover, |event| event.prevent_default());
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        let transfer = event.data_transfer();
        let files = transfer.as_ref().and_then(DataTransfer::files);
        let is_folder = transfer.as_ref().is_some_and(|transfer| dropped_folder(transfer).is_some());
        if is_folder || !files.is_some_and(|files| take_dropped(page, &files)) {
            take_files(page, DataRole::Train, transfer);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Opens the dropped or pasted folder or files; returns false if there were none.
fn take_files(page: Page, role: DataRole, transfer: Option<DataTransfer>) -> bool {
    if let Some(folder) = transfer.as_ref().and_then(dropped_folder) {
        spawn_local(async move {
            match files_of(&folder, "").await {
                Ok(files) => open_folder(page, role, folder.name(), files),
                Err(reason) => page.change(|state| {
                    let what = format!("The folder could not be read: {}.", message_of(&reason));
                    state.not_opened(Diagnostic::new("page.folder", what).remedy("Choose it with the button."));
                }),
            }
        });
        return true;
    }
    let files = transfer.and_then(|transfer| transfer.files());
    files.is_some_and(|files| open_list(page, role, &files))
}

/// Opens the first file of a list, or the first two if they may have parallel lines; returns false if the list is empty.
fn open_list(page: Page, role: DataRole, files: &FileList) -> bool {
    let files: Vec<File> = (0..files.length()).filter_map(|index| files.get(index)).collect();
    let names: Vec<String> = files.iter().map(File::name).collect();
    match (multi_drop::taken(&names), &names[..]) {
        (2, [first, second, ..]) => page.open_files(role, first.clone(), Some(second.clone()), blobs(&files[..2])),
        (_, [first, ..]) => page.open_files(role, first.clone(), None, blobs(&files[..1])),
        _ => return false,
    }
    page.change(|state| state.leave(role, &names));
    true
}

fn blobs(files: &[File]) -> Vec<Blob> {
    files.iter().cloned().map(Blob::from).collect()
}
