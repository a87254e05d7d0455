//! The recipe of a run as a script for other machines.

use crate::dataset::Dataset;
use crate::diagnostic::Diagnostic;
use crate::export::{ScriptFiles, TrainingScript};
use crate::pretrained::Pretrained;
use crate::text::ChatTemplate;
use crate::train::{Session, starting_weights};

/// Name of the zip.
pub const SCRIPT_ZIP: &str = "hone-run.zip";

/// Writes `hone-run.zip`: a script that trains by the recipe of `session` with transformers, without the rows. `base_model` is
/// the model's name on a hub.
///
/// # Errors
/// `script.format` if Python could not read the file as Hone does, or if the device fails.
pub async fn training_script(
    session: &Session,
    pretrained: &Pretrained,
    dataset: &Dataset,
    files: ScriptFiles<'_>,
    base_model: &str,
) -> Result<Vec<u8>, Diagnostic> {
    let first_step = session.first_step().await?;
    let start = starting_weights(session.recipe(), session.base().clone());
    let template = pretrained.chat.as_ref().and_then(ChatTemplate::refusal);
    TrainingScript {
        recipe: session.recipe(),
        base: session.base(),
        start: &start,
        dataset,
        data: session.data(),
        class_weights: session.class_weights(),
        files,
        base_model,
        quantized: pretrained.quantized,
        has_chat_template: pretrained.chat.is_some() && template.is_none(),
        first_step: &first_step,
        best: session.best().map(|(best, _)| best),
    }
    .write()
    .await
}
