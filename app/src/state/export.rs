//! The download of the tuned model.

use hone_core::diagnostic::Diagnostic;
use hone_core::metrics::Evaluation;
use hone_core::protocol::Command;
use hone_core::usage::{ExportDtype, ExportForm};

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

/// The chosen form of the whole model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportChoice {
    /// Form of the folder.
    pub form: ExportForm,
    /// Element type of its weights.
    pub dtype: ExportDtype,
}

impl State {
    /// Writes a folder for download.
    pub fn export(&mut self, form: ExportForm) -> Vec<Effect> {
        self.export = Export::Writing(0.0);
        let dtype = self.export_choice.dtype;
        vec![self.request(Topic::Export, Command::Export { form, dtype })]
    }
}
