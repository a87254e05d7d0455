//! `hone script`.

use std::fs;

use hone_core::diagnostic::Diagnostic;
use hone_core::export::ScriptFiles;
use hone_core::runner;

use crate::arguments::{DeviceKind, ScriptArguments};
use crate::table_file::not_written;
use crate::{model, train};

/// Writes the script of a recipe, without training.
pub async fn script(arguments: &ScriptArguments) -> Result<(), Diagnostic> {
    let file = train::recipe(&arguments.recipe)?;
    let device = train::device(DeviceKind::Cpu);
    let model = model::load(arguments.model.as_deref(), &file.recipe.model, &device)?;
    let mut data = arguments.data.load(&file)?;
    let session = train::session(&mut data, file.recipe, &model, &device)?;
    let files = ScriptFiles { train: &data.train, validation: data.validation.as_ref(), test: data.test.as_ref() };
    let dataset = data.rows.dataset();
    let zip = runner::training_script(&session, &model.pretrained, dataset, files, &model.hub_id).await?;
    fs::write(&arguments.out, zip).map_err(|error| not_written(&arguments.out, error))?;
    println!("{} has the script. Its README.md has the commands.", arguments.out.display());
    Ok(())
}
