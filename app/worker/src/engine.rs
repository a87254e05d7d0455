//! Takes commands in turn, and works on what is under way when there are none.

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use hone_core::dataset::Hints;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event, PROTOCOL_VERSION};

use crate::data::{Data, Dropped};
use crate::device::{self, Chosen};
use crate::dry_run::Rehearsal;
use crate::inference::Trial;
use crate::mailbox::{self, Request, answer};
use crate::model::Loaded;
use crate::run::Run;
use crate::source::Source;
use crate::{bench, dry_run, errors, export, hub, inference, model, run, storage};

/// Everything that the worker holds.
#[derive(Default)]
pub struct Engine {
    pub device: Option<Chosen>,
    pub data: Data,
    pub model: Option<Loaded>,
    pub run: Option<Run>,
    pub rehearsal: Option<Rehearsal>,
    pub trial: Option<Trial>,
}

/// Serves the page for as long as it lives.
pub async fn serve(mut inbox: UnboundedReceiver<Request>) {
    let mut engine = Engine::default();
    loop {
        while let Ok(request) = inbox.try_recv() {
            engine.handle(request).await;
        }
        if engine.work().await {
            mailbox::yield_to_event_loop().await;
        } else if let Some(request) = inbox.next().await {
            engine.handle(request).await;
        } else {
            return;
        }
    }
}

impl Engine {
    async fn handle(&mut self, Request { id, command, files }: Request) {
        // What is rehearsed or asked belongs to the data and the model as they were.
        if command.changes_what_is_learned() {
            self.rehearsal = None;
            inference::stop(self);
        }
        match command {
            Command::Hello { version, .. } if version != PROTOCOL_VERSION => {
                let reason = format!("{version} and {PROTOCOL_VERSION}");
                answer(id, &Event::Fatal { diagnostic: errors::wrong_version(&reason) });
            }
            Command::Hello { device, known_check, .. } => {
                let chosen = device::choose(device, known_check).await;
                answer(id, &Event::Ready { device: chosen.report.clone() });
                self.device = Some(chosen);
                storage::report_kept().await;
            }
            Command::OpenData { role, .. } if self.is_running() => {
                let diagnostic = Diagnostic::new("data.running", "A run is going on.")
                    .done("It goes on with the file that it began with.")
                    .remedy("Stop it, or wait for its end, and then choose the new file.");
                answer(id, &Event::DataNotOpened { role, diagnostic });
            }
            Command::OpenData { role, name, aligned_with, encoding, has_header } => {
                self.data.open(id, role, Dropped { name, aligned_with, files }, Hints { encoding, has_header }).await;
            }
            // The page offers none of these in a run; they would change what it learns from.
            Command::MapData { .. }
            | Command::CloseValidation
            | Command::LoadModel { .. }
            | Command::LoadFiles { .. }
                if self.is_running() => {}
            Command::MapData { mapping, validation_ratio, seed } => {
                self.data.map(id, mapping, validation_ratio, seed).await;
            }
            Command::CloseValidation => self.data.close_validation(),
            Command::LoadModel { model } => model::load(self, id, Source::of_entry(model).await).await,
            Command::LoadFiles { name, paths } => model::load(self, id, Source::of_files(name, paths, files)).await,
            // It is heard in the mailbox.
            Command::StopLoading => {}
            Command::FindModel { hub, id: name } => hub::find(self, id, &hub, &name).await,
            Command::ForgetModel { id: model } => {
                storage::forget(&model).await;
                storage::report_kept().await;
            }
            Command::Start { recipe } => run::start(self, id, recipe),
            Command::Pause => run::pause(self, true),
            Command::Resume => run::pause(self, false),
            Command::Stop if self.rehearsal.is_some() => dry_run::stop(self),
            Command::Stop => run::stop(self),
            Command::SetTrainable { group, trainable } => run::set_trainable(self, group, trainable),
            Command::FindRate { recipe } => dry_run::find_rate(self, id, recipe),
            Command::Estimate { recipe } => dry_run::estimate(self, id, recipe),
            Command::Predict { query } => inference::predict(self, id, query),
            Command::StopWriting => inference::stop(self),
            Command::Rows { actual, predicted } => inference::rows(self, id, actual, predicted),
            Command::Export { form } => export::export(self, id, form).await,
            Command::Bench { case } => bench::run(self, id, case).await,
        }
    }

    /// Does a little of what is under way: texts are encoded, then a batch is trained on. False when there is nothing to
    /// do.
    async fn work(&mut self) -> bool {
        if self.data.encode_some(self.model.as_ref()) {
            return true;
        }
        // Someone waits for an answer; a rehearsal can wait for it.
        inference::advance(self).await || dry_run::advance(self).await || run::advance(self).await
    }

    /// Whether a run is under way, paused or not.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_under_way)
    }
}
