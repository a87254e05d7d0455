//! The main loop of the worker: it handles commands in turn, and continues the work under way in between.

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use hone_core::dataset::HoldOut;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event, PROTOCOL_VERSION, RequestId};
use web_sys::Blob;

use crate::data::DroppedFiles;
use crate::device;
use crate::engine::{
    Engine, bench, dry_run, export, hub, inference, labeling, maps, model, movement, pinned, review, run, saved,
    saving, script, table, tuned, wrong_rows,
};
use crate::mailbox::{Request, answer, wrong_version, yield_to_event_loop};
use crate::model_source::ModelSource;
use crate::{opfs, run_storage, storage, tuned_storage};

/// Serves the page for as long as the worker lives.
pub async fn serve(mut inbox: UnboundedReceiver<Request>) {
    let mut engine = Engine::default();
    loop {
        while let Ok(request) = inbox.try_recv() {
            handle(&mut engine, request).await;
        }
        if work(&mut engine).await {
            yield_to_event_loop().await;
        } else if let Some(request) = inbox.next().await {
            handle(&mut engine, request).await;
        } else {
            return;
        }
    }
}

async fn handle(engine: &mut Engine, Request { id, command, files }: Request) {
    // A dry run or a query belongs to the data and the model before the change.
    if command.changes_what_is_learned() {
        engine.dry_run = None;
        inference::stop(engine);
        table::stop(engine);
        review::stop(engine);
        labeling::stop(engine);
    }
    if let Some(run) = engine.run.as_mut().filter(|_| command.drops_optimizer()) {
        run.session.drop_live_tensors();
    }
    match command {
        Command::Hello { version, .. } if version != PROTOCOL_VERSION => {
            let reason = format!("{version} and {PROTOCOL_VERSION}");
            answer(id, &Event::Fatal { diagnostic: wrong_version(&reason) });
        }
        Command::Hello { device, known_check, .. } => {
            let chosen = device::choose(device, known_check).await;
            answer(id, &Event::Ready { device: chosen.report.clone() });
            engine.device = Some(chosen);
            report_storage().await;
        }
        Command::ForgetModel { id: model } => {
            storage::forget(&model).await;
            storage::report_kept().await;
        }
        Command::Start { recipe, name, copies_data, pinned } => {
            run::start(engine, id, recipe, name, copies_data).await;
            pinned::pin(engine, &pinned);
        }
        Command::Continue { id: saved, pinned } => {
            run::continue_saved(engine, id, &saved).await;
            pinned::pin(engine, &pinned);
        }
        Command::Save => run::save(engine),
        Command::KeepSaved { id: run, name } => saved::keep(engine, id, &run, name).await,
        Command::ExportSaved { id: run } => saved::send_file(id, &run).await,
        Command::ImportSaved { name } => saved::add(id, name, files.into_iter().next()).await,
        Command::OpenSavedData { id: run } => saved::send_data(id, &run).await,
        Command::DeleteSaved { id: run } => saved::delete(&run).await,
        Command::TrainFurther { epochs } => run::train_further(engine, id, epochs),
        Command::Pause => run::pause(engine),
        Command::Resume => run::resume(engine),
        Command::Stop if engine.dry_run.is_some() => dry_run::stop(engine),
        Command::Stop => run::stop(engine),
        Command::SetTrainable { group, trainable } => run::set_trainable(engine, group, trainable),
        Command::SetUnsure { below } => run::set_unsure(engine, below),
        Command::FindRate { recipe } => dry_run::find_rate(engine, id, recipe),
        Command::TryRates { recipe, rates } => dry_run::try_rates(engine, id, recipe, rates),
        Command::Estimate { recipe } => dry_run::estimate(engine, id, recipe),
        Command::Predict { query, tuned } => inference::predict(engine, id, query, tuned),
        Command::StopWriting => inference::stop(engine),
        Command::OpenTable { name, hints, tuned } => {
            table::open(engine, id, name, hints, tuned, files.into_iter().next()).await;
        }
        Command::PredictTable { columns, format, tuned } => table::predict(engine, id, columns, format, tuned).await,
        Command::StopTable => table::stop(engine),
        Command::FindRows { query } => engine.data.find_rows(id, query).await,
        Command::FindWrongRows { query, with_nearest } => wrong_rows::send(engine, id, query, with_nearest),
        Command::StopNearest => wrong_rows::stop(engine),
        Command::DrawMaps => maps::send(engine, id),
        Command::ReviewLabels => review::begin(engine, id),
        Command::StopReview => review::stop(engine),
        Command::AskLabel { corrections, skipped } => labeling::ask(engine, id, corrections, skipped),
        Command::StopAsking => labeling::stop(engine),
        Command::Correct { corrections } => engine.data.correct(id, &corrections).await,
        Command::Export { form, dtype } => export::export(engine, id, form, dtype).await,
        Command::ExportScript => script::export(engine, id).await,
        Command::KeepTuned { name } => tuned::keep(engine, id, name).await,
        Command::OpenTuned { ids } => tuned::open(engine, id, ids).await,
        Command::ExportTuned { id: model } => tuned::send_zip(id, &model).await,
        Command::RenameTuned { id: model, name } => tuned::rename(engine, id, &model, name).await,
        Command::DeleteTuned { id: model } => tuned::delete(engine, &model).await,
        Command::ClearStorage => {
            opfs::clear().await;
            report_storage().await;
        }
        Command::Bench { case } => bench::run(engine, id, case).await,
        Command::FindModel { hub, id: name } => hub::find(engine, id, &hub, &name).await,
        // The mailbox has already handled it.
        Command::StopLoading | Command::StopReading => {}
        Command::OpenData { .. }
        | Command::MapData { .. }
        | Command::CloseData { .. }
        | Command::LoadModel { .. }
        | Command::LoadFiles { .. } => change_inputs(engine, id, command, files).await,
    }
}

/// Sends the lists of everything in the browser's storage.
async fn report_storage() {
    storage::report_kept().await;
    tuned_storage::report_tuned().await;
    run_storage::report_saved().await;
}

/// Carries out a command that changes the inputs of a run.
async fn change_inputs(engine: &mut Engine, id: RequestId, command: Command, files: Vec<Blob>) {
    match command {
        Command::OpenData { role, .. } if engine.is_running() => {
            let diagnostic = Diagnostic::new("data.running", "A run is going on.")
                .done("It continues with the file that it was started with.")
                .remedy("Stop it or wait for its end, and then choose the new file.");
            answer(id, &Event::DataNotOpened { role, diagnostic });
        }
        // The page does not offer the others during a run.
        _ if engine.is_running() => {}
        Command::OpenData { role, name, aligned_with, hints } => {
            let dropped = DroppedFiles { name, aligned_with, files };
            engine.data.open(id, role, dropped, hints).await;
        }
        Command::MapData { mapping, validation_ratio, test_ratio, seed } => {
            let held_out = HoldOut { validation_ratio, test_ratio, seed: u64::from(seed) };
            engine.data.map(id, mapping, held_out).await;
        }
        Command::CloseData { role } => engine.data.close(role),
        Command::LoadModel { model } => model::load(engine, id, ModelSource::of_entry(model).await).await,
        Command::LoadFiles { name, paths } => {
            model::load(engine, id, ModelSource::of_files(name, paths, files)).await;
        }
        _ => {}
    }
}

/// Does a little of the work under way: encodes rows, answers a query, or runs the next batch of a dry run or a run.
/// Returns false if there is nothing to do.
async fn work(engine: &mut Engine) -> bool {
    if engine.data.encode_some(engine.model.as_ref().map(|model| &model.pretrained)) {
        return true;
    }
    // The user is waiting for the answer to a query; a dry run can wait.
    saving::advance(engine).await
        || inference::advance(engine).await
        || table::advance(engine).await
        || review::advance(engine).await
        || labeling::advance(engine).await
        || dry_run::advance(engine).await
        || pinned::advance(engine).await
        || movement::advance(engine).await
        || wrong_rows::advance(engine).await
        || run::advance(engine).await
}
