//! The download of the tuned model.

use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::Evaluation;
use hone_core::protocol::Command;
use hone_core::recipe::Pooling;
use hone_core::usage::{ExportDtype, ExportForm, ModelKind};

use crate::state::{Effect, State, Topic};

/// The state of the download.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Export {
    /// Nobody has requested it yet.
    #[default]
    Idle,
    /// The worker is writing it. The value is the fraction written, from 0 to 1.
    Writing(f64),
    /// The browser has received the zip.
    Done {
        /// The name of the zip.
        file_name: String,
        /// Its size in bytes.
        bytes: f64,
        /// Scores of its weights, if they were rounded.
        rounded: Option<Evaluation>,
    },
    /// Why it could not be written.
    Failed(Diagnostic),
}

/// The chosen form of the whole model. A form that the last run's model cannot have is remembered, but not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportChoice {
    /// Form of the folder.
    pub form: ExportForm,
    /// Element type of its weights.
    pub dtype: ExportDtype,
}

impl State {
    /// Kind of the last run's model.
    pub fn tuned_kind(&self) -> ModelKind {
        let entry = self.run.base.as_ref();
        let ran = self.run.plan.as_ref().map(|plan| &plan.recipe);
        let pooling = ran.and_then(|recipe| recipe.pooling).or(entry.map(|entry| entry.pooling));
        ModelKind {
            task: ran.map(|recipe| recipe.task).unwrap_or_default(),
            family: entry.map(|entry| entry.family).unwrap_or_default(),
            pooling: pooling.unwrap_or(Pooling::Cls),
        }
    }

    /// Form of the folder with the whole model.
    pub fn export_form(&self) -> ExportForm {
        let forms = self.tuned_kind().export_forms();
        forms.into_iter().find(|&form| form == self.export_choice.form).unwrap_or_default()
    }

    /// Element type of its weights.
    pub fn export_dtype(&self) -> ExportDtype {
        let dtypes = self.tuned_kind().export_dtypes(self.export_form());
        let chosen = dtypes.iter().find(|&&dtype| dtype == self.export_choice.dtype);
        chosen.or(dtypes.first()).copied().unwrap_or_default()
    }

    /// Size of that folder, in bytes.
    pub fn export_bytes(&self) -> f64 {
        let has_layer = self.tuned_kind().has_averaging_layer(self.export_form());
        let floats = self.run.base_bytes + if has_layer { self.run.layer_bytes } else { 0.0 };
        floats * self.export_dtype().bits() as f64 / 32.0
    }

    /// Writes a folder for download.
    pub fn export(&mut self, form: ExportForm) -> Vec<Effect> {
        self.export = Export::Writing(0.0);
        let dtype = if form == ExportForm::Adapter { ExportDtype::Float32 } else { self.export_dtype() };
        vec![self.request(Topic::Export, Command::Export { form, dtype })]
    }

    /// Writes the last run as a script for other machines.
    pub fn export_script(&mut self) -> Vec<Effect> {
        self.export = Export::Writing(0.0);
        vec![self.request(Topic::Export, Command::ExportScript)]
    }
}
