//! The first step: a file, what is in it, and which of it is used.

mod drop_zone;
mod file_problem;
mod mapping;
mod paste;
mod preview;
mod prompt;
mod purpose;
mod report;
mod samples;
mod split;

use hone_core::dataset::DataRole;
use leptos::ev;
use leptos::prelude::*;
use web_sys::{Blob, DataTransfer, File, FileList};

use crate::components::{ProblemPlace, StepSection};
use crate::model::take_dropped;
use crate::page::Page;
use crate::state::data::multi_drop;
use crate::state::{Step, format};

use drop_zone::DropZone;
use file_problem::FileProblem;
use mapping::MappingForm;
use paste::{Paste, listen_for_paste};
use preview::Preview;
use report::Report;
use samples::Samples;
use split::Split;

/// Endings of the files that can be read.
const ACCEPT: &str = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,.conll,.conllu,.iob,.iob2,.bio";

/// A file and what is in it.
#[component]
pub fn DataStep() -> impl IntoView {
    let page = Page::get();
    listen_for_paste(page);
    listen_for_drops(page);
    let notice = page.memo(|state| state.data.notice.clone());
    let is_read = page.memo(|state| state.data.train.chosen.is_none() || !state.data.train.is_opening);
    let share = page.memo(|state| state.data.train.progress.to_string());
    let words = page.memo(|state| {
        let Some(chosen) = state.data.train.chosen.as_ref().filter(|_| state.data.train.is_opening) else {
            return String::new();
        };
        let name = format::visible(&chosen.name);
        if state.device.report.is_none() && state.device.failed.is_none() {
            format!("{name}: the engine is loading; the file is read as soon as it is there.")
        } else {
            format!("Reading {name}")
        }
    });
    let has_file = page.memo(|state| state.data.train.chosen.is_some());
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
                <progress max="1" value=share aria-label="Share that is read"></progress>
            </div>
            <FileProblem role=DataRole::Train />
            <MappingForm />
            <Preview />
            <Report />
            <Split />
        </StepSection>
    }
}

/// A file dropped anywhere on the page is training data, unless it is a model: the browser would otherwise leave the
/// page to show it.
fn listen_for_drops(page: Page) {
    let over = window_event_listener(ev::dragover, |event| event.prevent_default());
    let drop = window_event_listener(ev::drop, move |event| {
        event.prevent_default();
        let transfer = event.data_transfer();
        if !transfer.as_ref().is_some_and(|transfer| take_dropped(page, transfer)) {
            take_files(page, DataRole::Train, transfer);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Opens what was dropped or pasted; false when there was no file.
fn take_files(page: Page, role: DataRole, transfer: Option<DataTransfer>) -> bool {
    let files = transfer.and_then(|transfer| transfer.files());
    files.is_some_and(|files| open_list(page, role, &files))
}

/// Opens the first file of a list, or its first two where their lines may belong together; false when it is empty.
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
