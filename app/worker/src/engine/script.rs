//! The last run as a script for other machines.

use hone_core::diagnostic::Diagnostic;
use hone_core::export::ScriptFiles;
use hone_core::protocol::{Event, RequestId};
use hone_core::runner::{SCRIPT_ZIP, training_script};
use web_sys::Blob;

use crate::engine::Engine;
use crate::engine::export::Parts;
use crate::errors;
use crate::mailbox::{answer, answer_with};

/// Writes the script and sends it.
pub async fn export(engine: &Engine, request: RequestId) {
    match script(engine).await {
        Ok(zip) => {
            let event = Event::Exported { file_name: SCRIPT_ZIP.into(), bytes: zip.size(), rounded: None };
            answer_with(request, &event, &zip);
        }
        Err(diagnostic) => answer(request, &Event::ExportFailed { diagnostic }),
    }
}

async fn script(engine: &Engine) -> Result<Blob, Diagnostic> {
    let no_run = || Diagnostic::new("export.no-run", "There is no run yet.").remedy("Start one first.");
    let (Some(run), Some(model)) = (&engine.run, &engine.model) else { return Err(no_run()) };
    if run.files.are_joined {
        return Err(Diagnostic::new("script.format", "train.py cannot read two parallel files.")
            .done("No script was written.")
            .remedy("Put the sentences side by side in one TSV file and open that."));
    }
    errors::clear();
    let files = ScriptFiles {
        train: &run.files.train,
        validation: run.files.validation.as_ref(),
        test: run.files.test.as_ref(),
    };
    let entry = &model.entry;
    // A model from the user's own files has no name on a hub.
    let base_model = if entry.hub_id.is_empty() { &entry.name } else { &entry.hub_id };
    let zip = training_script(&run.session, &model.pretrained, &run.dataset, files, base_model).await?;
    errors::take_logged().map_or(Ok(()), Err)?;
    let mut parts = Parts::default();
    std::io::Write::write_all(&mut parts, &zip)
        .map_err(|error| Diagnostic::new("export.write", format!("The script could not be written: {error}.")))?;
    parts.into_blob("application/zip")
}
