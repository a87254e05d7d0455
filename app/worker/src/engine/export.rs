//! The tuned model as a zip, in a blob or any other writer. Its bytes leave the wasm memory as soon as they are written.

use std::io::{Result, Write};

use hone_core::catalog::CatalogEntry;
use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::Evaluation;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::{self, ExportedFolder, Provenance};
use hone_core::usage::{ExportDtype, ExportForm};
use js_sys::{Array, Uint8Array};
use web_sys::{Blob, BlobPropertyBag};

use crate::engine::Engine;
use crate::errors;
use crate::js;
use crate::mailbox::{answer, answer_with};

/// Number of bytes that are handed over at a time.
const PART: usize = 1 << 20;

/// Writes the model folder and sends it.
pub async fn export(engine: &Engine, request: RequestId, form: ExportForm, dtype: ExportDtype) {
    match exported(engine, request, form, dtype).await {
        Ok((file_name, blob, rounded)) => {
            answer_with(request, &Event::Exported { file_name, bytes: blob.size(), rounded }, &blob);
        }
        Err(diagnostic) => answer(request, &Event::ExportFailed { diagnostic }),
    }
}

async fn exported(
    engine: &Engine,
    request: RequestId,
    form: ExportForm,
    dtype: ExportDtype,
) -> std::result::Result<(String, Blob, Option<Evaluation>), Diagnostic> {
    let ExportedFolder { zip, rounded } = write(engine, request, form, dtype, Parts::default()).await?;
    let name = engine.model.as_ref().map_or("model", |model| match model.entry.tuned_id() {
        Some(_) => &model.entry.name,
        None => &model.entry.id,
    });
    let ending = match form {
        ExportForm::Model | ExportForm::OwnClass => "tuned",
        ExportForm::Adapter => "adapter",
        ExportForm::Onnx => "onnx",
        ExportForm::Gguf => "gguf",
    };
    let scores = rounded.map(|scores| scores.validation);
    Ok((format!("{name}-{ending}.zip"), zip.into_blob("application/zip")?, scores))
}

/// Writes the folder of the last run's model as a zip.
///
/// # Errors
/// `export.no-run` if there is none, `export.float16` if a weight cannot be rounded, or if the device or `out` fails.
pub async fn write<W: Write>(
    engine: &Engine,
    request: RequestId,
    form: ExportForm,
    dtype: ExportDtype,
    out: W,
) -> std::result::Result<ExportedFolder<W>, Diagnostic> {
    let no_run = || Diagnostic::new("export.no-run", "There is no tuned model yet.").remedy("Start a run first.");
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else { return Err(no_run()) };
    let CatalogEntry { hub_id, license, .. } = &model.entry;
    let provenance = Provenance {
        hub_id,
        license,
        sha256: &run.files.train.sha256,
        input: run.dataset.input_columns(),
        recipe: run.dataset.data_recipe(),
    };
    let mut reported = 0.0;
    let progress = |fraction: f64| {
        if fraction - reported >= 0.01 || fraction == 1.0 {
            reported = fraction;
            answer(request, &Event::ExportProgress { fraction });
        }
    };
    errors::clear();
    let (session, pretrained) = (&run.session, &model.pretrained);
    let written = runner::export(session, pretrained, provenance, form, dtype, out, progress).await?;
    errors::take_logged().map_or(Ok(written), Err)
}

/// Bytes on their way to a blob. Each part is a blob of its own, which the browser keeps outside the memory of the tab, on disk
/// if there are many: an array of all parts would be in the tab twice.
#[derive(Default)]
pub struct Parts {
    done: Array,
    pending: Vec<u8>,
}

impl Parts {
    fn hand_over(&mut self) -> Result<()> {
        let part = Array::of1(&Uint8Array::from(self.pending.as_slice()));
        let part =
            Blob::new_with_u8_array_sequence(&part).map_err(|error| std::io::Error::other(js::message(&error)))?;
        self.done.push(&part);
        self.pending.clear();
        Ok(())
    }

    /// The bytes as a blob of a media type.
    ///
    /// # Errors
    /// If the browser cannot hold them.
    pub fn into_blob(mut self, media_type: &str) -> std::result::Result<Blob, Diagnostic> {
        let failed =
            |reason: String| Diagnostic::new("export.blob", format!("The browser could not hold the file: {reason}."));
        self.hand_over().map_err(|error| failed(error.to_string()))?;
        let options = BlobPropertyBag::new();
        options.set_type(media_type);
        Blob::new_with_blob_sequence_and_options(&self.done, &options).map_err(|error| failed(js::message(&error)))
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // A whole tensor comes at once: it would be in memory two more times.
        let room = PART.saturating_sub(self.pending.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.pending.extend_from_slice(taken);
        if self.pending.len() >= PART {
            self.hand_over()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
