//! The first step: a file, its content, and the columns in use.

mod drop_zone;
mod dropped;
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
use leptos::prelude::*;

use crate::components::{ProblemPlace, pressed};
use crate::format;
use crate::frame::StepSection;
use crate::page::Page;
use crate::state::{State, Step};

use drop_zone::DropZone;
use dropped::listen_for_drops;
use file_problem::FileProblem;
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
