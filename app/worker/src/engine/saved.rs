//! Saved runs that are not under way: keeping their best weights, taking them away and adding them.

use std::io::BufReader;

use hone_core::catalog::{CatalogEntry, RunAbout, TUNED_VERSION, TunedModel};
use hone_core::checkpoint;
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::{BestModel, Provenance};
use hone_core::usage::ExportForm;
use hone_core::weights::Weights;
use web_sys::Blob;

use crate::blob::BlobReader;
use crate::engine::export::Parts;
use crate::engine::{Engine, model, tuned};
use crate::mailbox::{answer, answer_with, answer_with_files, report};
use crate::model_source::ModelSource;
use crate::run_storage::{self, RunFolder};
use crate::tuned_storage::{self, NewTuned};

/// Upper bound on the seconds of reading a model or packing a run.
const BUSY_SECONDS: f64 = 120.0;

/// Keeps the model with the best weights of a saved run.
pub async fn keep(engine: &Engine, request: RequestId, id: &str, name: String) {
    report(&Event::Busy { seconds: BUSY_SECONDS });
    match kept(engine, request, id, name).await {
        Ok(kept) => {
            run_storage::delete(id).await;
            answer(request, &Event::TunedKept { id: kept });
        }
        Err(diagnostic) => answer(request, &Event::SavedFailed { diagnostic }),
    }
    tuned_storage::report_tuned().await;
    run_storage::report_saved().await;
}

async fn kept(engine: &Engine, request: RequestId, id: &str, name: String) -> Result<String, Diagnostic> {
    let chosen = engine.device.as_ref();
    let chosen = chosen.ok_or_else(|| Diagnostic::new("saved.no-device", "No device has been chosen yet."))?;
    let mut folder = RunFolder::existing(id).await?;
    let about = folder.about().await;
    let saved = checkpoint::best(&mut folder, &chosen.device).await?;
    let saved = saved.ok_or_else(|| Diagnostic::new("saved.nothing", "Nothing is saved of this run."))?;
    // The weights that were not trained are those of the base model.
    let loaded = engine.model.as_ref().filter(|model| model.sha256 == saved.entry.record.source.model.sha256);
    let read;
    let (entry, pretrained, sha256) = match (loaded, about.model) {
        (Some(model), _) => (&model.entry, &model.pretrained, &model.sha256),
        (None, Some(entry)) => {
            let mut source = ModelSource::of_entry(entry.clone()).await?;
            let (loader, sha256) = model::read(&mut source, chosen, |_, _| {}).await?;
            read = (entry, loader.finish()?.0, sha256);
            (&read.0, &read.1, &read.2)
        }
        (None, None) => {
            let model = &saved.entry.record.source.model.name;
            return Err(Diagnostic::new(
                "saved.no-model",
                format!("The run was started from {model}, which is not loaded."),
            )
            .done("The saved run was left as it is.")
            .remedy("Load that model, then try again."));
        }
    };
    let sha256_of_data = saved.entry.record.source.data.sha256.clone();
    let best = BestModel::new(pretrained, sha256, saved)?;
    let CatalogEntry { hub_id, license, .. } = entry;
    let provenance = Provenance { hub_id, license, sha256: &sha256_of_data, input: about.input.as_ref(), recipe: None };
    let about = TunedModel {
        version: TUNED_VERSION,
        id: String::new(),
        name,
        kept_ms: js_sys::Date::now(),
        base: entry.clone(),
        recipe: best.recipe.spec().clone(),
        labels: best.record.plan.labels.clone(),
        form: best.record.plan.form,
        has_pairs: about.has_pairs,
        input: about.input.clone(),
        best: best.evaluation.clone(),
        parameters: best.model.parameters() as f64,
        bytes: 0.0,
    };
    let exported = best.exported(ExportForm::Model).await?;
    let mut new = NewTuned::begin().await?;
    let progress = |done: usize, total: usize| {
        let fraction = done as f64 / f64::max(total as f64, 1.0);
        answer(request, &Event::ExportProgress { fraction });
    };
    let folder = best.folder(&exported, pretrained, provenance);
    let written = folder.write(tuned::buffered(&mut new), progress).await.and_then(tuned::flushed);
    tuned::finish(new, written.map(|()| about)).await
}

/// Sends a saved run as a file.
pub async fn send_file(request: RequestId, id: &str) {
    report(&Event::Busy { seconds: BUSY_SECONDS });
    let packed = async {
        let mut folder = RunFolder::existing(id).await?;
        let about = folder.about().await;
        let parts = checkpoint::pack(&mut folder, Parts::default()).await?;
        let parts = parts.ok_or_else(|| Diagnostic::new("saved.nothing", "Nothing is saved of this run."))?;
        Ok((format!("{}.hone-run.zip", tuned::file_stem(&about.name)), parts.into_blob("application/zip")?))
    };
    match packed.await {
        Ok((file_name, blob)) => {
            answer_with(request, &Event::Exported { file_name, bytes: blob.size(), rounded: None }, &blob);
        }
        Err(diagnostic) => answer(request, &Event::SavedFailed { diagnostic }),
    }
}

/// Adds a saved run from a file.
pub async fn add(request: RequestId, name: String, file: Option<Blob>) {
    report(&Event::Busy { seconds: BUSY_SECONDS });
    let added = async {
        let file = file.ok_or_else(|| Diagnostic::new("saved.no-file", "No file came with the message."))?;
        let stored = |reason: String| {
            Diagnostic::new("saved.storage", format!("The browser did not store the run: {reason}."))
                .done("Nothing was changed.")
                .remedy("Free space in this browser's storage. A private window may have none.")
        };
        let (mut folder, _lock) = RunFolder::new().await.map_err(stored)?;
        let unpacked = async {
            checkpoint::unpack(BufReader::new(BlobReader::new(file)?), &mut folder).await?;
            checkpoint::peek(&mut folder).await?;
            let name = name.trim_end_matches(".zip").trim_end_matches(".hone-run");
            let about = RunAbout::of_unknown(name, js_sys::Date::now());
            folder.describe(&about).await.map_err(|error| stored(error.to_string()))
        };
        let unpacked = unpacked.await;
        if unpacked.is_err() {
            run_storage::delete(&folder.id).await;
        }
        unpacked
    };
    if let Err(diagnostic) = added.await {
        answer(request, &Event::SavedFailed { diagnostic });
    }
    run_storage::report_saved().await;
}

/// Sends the copy of a saved run's data files.
pub async fn send_data(request: RequestId, id: &str) {
    let files = match RunFolder::existing(id).await {
        Ok(folder) => folder.data().await,
        Err(diagnostic) => return answer(request, &Event::SavedFailed { diagnostic }),
    };
    let of_role = |role: &str| -> Vec<Blob> {
        files.iter().filter(|(name, _)| name.starts_with(role)).map(|(_, blob)| blob.clone()).collect()
    };
    let roles = ["train", "validation", "test"].map(of_role);
    let [train, validation, _] = roles.each_ref().map(|files| files.len() as u32);
    answer_with_files(request, &Event::SavedData { id: id.to_owned(), train, validation }, &roles.concat());
}

/// Deletes a saved run.
pub async fn delete(id: &str) {
    run_storage::delete(id).await;
    run_storage::report_saved().await;
}
