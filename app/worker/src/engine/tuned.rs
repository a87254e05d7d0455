//! Tuned models that are kept in the browser's storage: keeping, opening, renaming, deleting and exporting them.

use std::io::BufWriter;

use hone_core::catalog::{TUNED_VERSION, TunedModel};
use hone_core::diagnostic::Diagnostic;
use hone_core::inference::InferenceContext;
use hone_core::pretrained::TunedParts;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::ExportedFolder;
use hone_core::usage::{ExportDtype, ExportForm};
use hone_core::weights::Weights;

use crate::device::ChosenDevice;
use crate::engine::{Engine, export, inference, model, run};
use crate::mailbox::{answer, answer_with, report};
use crate::model_source::ModelSource;
use crate::opfs::OpenFile;
use crate::tuned_storage::{self, NewTuned, not_kept};

/// Bytes that are written to the storage at a time.
const PIECE: usize = 1 << 20;
/// Upper bound on the seconds that one tensor takes to read and store.
const TENSOR_SECONDS: f64 = 60.0;

/// A kept model that is open.
pub struct OpenTuned {
    /// Its description.
    pub about: TunedModel,
    /// The model itself.
    pub parts: TunedParts,
}

impl OpenTuned {
    /// The facts for queries to it.
    pub fn context<'a>(&'a self, chosen: &'a ChosenDevice) -> InferenceContext<'a> {
        InferenceContext {
            recipe: &self.parts.recipe,
            labels: &self.about.labels,
            pad: self.parts.pretrained.tokenizer.pad_id(),
            form: self.about.form,
            best: Some(&self.about.best),
            confidence: self.about.best.confidence.as_ref(),
            device: &chosen.device,
        }
    }
}

/// Keeps the last run's model. What is saved of the run is no longer needed then.
pub async fn keep(engine: &mut Engine, request: RequestId, name: String) {
    report(&Event::Busy { seconds: TENSOR_SECONDS });
    match kept(engine, request, name).await {
        Ok(id) => {
            run::forget_saved(engine).await;
            answer(request, &Event::TunedKept { id });
        }
        Err(diagnostic) => answer(request, &Event::TunedFailed { diagnostic }),
    }
    tuned_storage::report_tuned().await;
}

async fn kept(engine: &Engine, request: RequestId, name: String) -> Result<String, Diagnostic> {
    let mut new = NewTuned::begin().await?;
    let (form, dtype) = (ExportForm::Model, ExportDtype::Float32);
    let written = export::write(engine, request, form, dtype, buffered(&mut new)).await;
    let written = written.and_then(|ExportedFolder { zip, .. }| flushed(zip));
    finish(new, written.and_then(|()| about(engine, name))).await
}

/// The zip of a model that is being stored, to be written in large pieces.
pub fn buffered(new: &mut NewTuned) -> BufWriter<&mut OpenFile> {
    BufWriter::with_capacity(PIECE, &mut new.zip)
}

/// Writes the rest of a zip.
///
/// # Errors
/// `tuned.storage` if the browser refuses.
pub fn flushed(buffer: BufWriter<&mut OpenFile>) -> Result<(), Diagnostic> {
    buffer.into_inner().map(drop).map_err(|error| not_kept(&error.error().to_string()))
}

/// Makes a model that has been written valid with its description, in which id and size are still missing, or removes it.
/// Returns its id.
///
/// # Errors
/// If it was not written, or the storage refuses.
pub async fn finish(new: NewTuned, about: Result<TunedModel, Diagnostic>) -> Result<String, Diagnostic> {
    let id = new.id.clone();
    let finished = match about {
        Ok(about) => new.finish(TunedModel { id: id.clone(), ..about }).await,
        Err(diagnostic) => {
            drop(new);
            // The browser says more about a full storage than the zip does.
            Err(if diagnostic.code == "export.write" { not_kept(&diagnostic.what) } else { diagnostic })
        }
    };
    if finished.is_err() {
        tuned_storage::delete(&id).await;
    }
    finished.map(|()| id)
}

/// The description of the last run's model.
fn about(engine: &Engine, name: String) -> Result<TunedModel, Diagnostic> {
    let no_run = || Diagnostic::new("export.no-run", "There is no tuned model yet.").remedy("Start a run first.");
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else { return Err(no_run()) };
    let (session, dataset) = (&run.session, &run.dataset);
    let (best, _) = session.best().ok_or_else(no_run)?;
    let has_pairs = dataset.validation.first().is_some_and(|row| dataset.second_text(*row).is_some());
    Ok(TunedModel {
        version: TUNED_VERSION,
        id: String::new(),
        name,
        kept_ms: js_sys::Date::now(),
        base: model.entry.clone(),
        recipe: session.recipe().spec().clone(),
        labels: session.data().labels.clone(),
        form: session.data().form,
        has_pairs,
        input: dataset.input_columns().cloned(),
        best: best.without_rows(),
        parameters: session.model().parameters() as f64,
        bytes: 0.0,
    })
}

/// Opens these models and closes all others.
pub async fn open(engine: &mut Engine, request: RequestId, ids: Vec<String>) {
    inference::stop(engine);
    engine.tuned.retain(|tuned| ids.contains(&tuned.about.id));
    for id in &ids {
        if engine.tuned.iter().any(|tuned| tuned.about.id == *id) {
            continue;
        }
        match opened(engine, id).await {
            Ok(tuned) => engine.tuned.push(tuned),
            Err(diagnostic) => return answer(request, &Event::TunedFailed { diagnostic }),
        }
    }
    let place = |tuned: &OpenTuned| ids.iter().position(|id| *id == tuned.about.id);
    engine.tuned.sort_by_key(place);
    let models = engine.tuned.iter().map(|tuned| tuned.about.clone()).collect();
    answer(request, &Event::TunedOpened { models });
}

async fn opened(engine: &Engine, id: &str) -> Result<OpenTuned, Diagnostic> {
    let chosen = engine.device.as_ref();
    let chosen = chosen.ok_or_else(|| Diagnostic::new("tuned.no-device", "No device has been chosen yet."))?;
    let (about, zip) = tuned_storage::open(id).await?;
    if 4.0 * about.parameters > engine.free_bytes() {
        return Err(Diagnostic::new("tuned.memory", format!("There is not enough memory to open {}.", about.name))
            .done("The other models stay open.")
            .remedy("Reload the page, which closes them, and open it first."));
    }
    let mut source = ModelSource::of_tuned(about.as_base(), zip)?;
    let progress = |_, _| report(&Event::Busy { seconds: TENSOR_SECONDS });
    let (loader, _) = model::read(&mut source, chosen, progress).await?;
    let parts = loader.finish_tuned(about.recipe.clone(), about.labels.len())?;
    Ok(OpenTuned { about, parts })
}

/// Sends the zip of a kept model.
pub async fn send_zip(request: RequestId, id: &str) {
    match tuned_storage::open(id).await {
        Ok((model, zip)) => {
            let file_name = format!("{}.zip", file_stem(&model.name));
            answer_with(request, &Event::Exported { file_name, bytes: zip.size(), rounded: None }, &zip);
        }
        Err(diagnostic) => answer(request, &Event::TunedFailed { diagnostic }),
    }
}

/// Characters that no file system accepts in a name are replaced.
pub fn file_stem(name: &str) -> String {
    let is_safe = |character: char| character.is_alphanumeric() || " -_.,()".contains(character);
    let safe = name.chars().map(|character| if is_safe(character) { character } else { '-' }).collect::<String>();
    let safe = safe.trim_matches([' ', '.', '-']);
    if safe.is_empty() { "model".into() } else { safe.to_owned() }
}

/// Renames a kept model.
pub async fn rename(engine: &mut Engine, request: RequestId, id: &str, name: String) {
    for tuned in engine.tuned.iter_mut().filter(|tuned| tuned.about.id == id) {
        tuned.about.name.clone_from(&name);
    }
    if let Err(diagnostic) = tuned_storage::rename(id, name).await {
        answer(request, &Event::TunedFailed { diagnostic });
    }
    tuned_storage::report_tuned().await;
}

/// Deletes a kept model.
pub async fn delete(engine: &mut Engine, id: &str) {
    inference::stop(engine);
    engine.tuned.retain(|tuned| tuned.about.id != id);
    tuned_storage::delete(id).await;
    tuned_storage::report_tuned().await;
}
