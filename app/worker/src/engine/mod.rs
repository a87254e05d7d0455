//! The state of the worker and its operations, one file per task.

pub mod bench;
pub mod dry_run;
pub mod export;
pub mod hub;
pub mod inference;
pub mod labeling;
pub mod maps;
mod memory;
pub mod model;
pub mod movement;
pub mod pinned;
pub mod review;
pub mod run;
pub mod saved;
pub mod saving;
pub mod script;
pub mod table;
pub mod tuned;
pub mod wrong_rows;

use hone_core::diagnostic::Diagnostic;
use hone_core::recipe::RecipeSpec;
use hone_core::train::Session;

use crate::data::Data;
use crate::device::ChosenDevice;
use crate::engine::dry_run::DryRun;
use crate::engine::inference::Inference;
use crate::engine::labeling::Labeling;
use crate::engine::model::LoadedModel;
use crate::engine::review::Review;
use crate::engine::run::Run;
use crate::engine::table::Table;
use crate::engine::tuned::OpenTuned;

/// Device, data and model, with everything derived from them.
#[derive(Default)]
pub struct Engine {
    /// The device, once it has been chosen.
    pub device: Option<ChosenDevice>,
    /// The files and their rows.
    pub data: Data,
    /// The pretrained model.
    pub model: Option<LoadedModel>,
    /// The last run, with its tuned model.
    pub run: Option<Run>,
    /// The kept models that are open.
    pub tuned: Vec<OpenTuned>,
    /// The range test or estimate under way.
    pub dry_run: Option<DryRun>,
    /// The search for wrong labels under way.
    pub review: Option<Review>,
    /// The rows that are being labeled.
    pub labeling: Option<Labeling>,
    /// The query under way.
    pub inference: Option<Inference>,
    /// The table whose rows are predicted.
    pub table: Option<Table>,
}

impl Engine {
    /// Returns true during a run, paused or not.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_under_way)
    }

    /// Sets up a session of this recipe on the loaded model and data.
    ///
    /// # Errors
    /// `run.not-ready` if the model or the rows are missing, or the reason why the recipe cannot be run.
    pub fn session(&self, recipe: RecipeSpec) -> Result<Session, Diagnostic> {
        let not_ready = |what: &str| Diagnostic::new("run.not-ready", format!("{what} is not ready yet."));
        let (Some(chosen), Some(model)) = (&self.device, &self.model) else { return Err(not_ready("The model")) };
        let collected = self.data.collected().ok_or_else(|| not_ready("The data"))?;
        collected.rows.session(&model.pretrained, recipe, &chosen.device)
    }
}
