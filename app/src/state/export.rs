//! Taking the model away.

use hone_core::diagnostic::Diagnostic;

/// How far the download is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Export {
    /// Nobody asked for it yet.
    #[default]
    Idle,
    /// This share is written.
    Writing(f64),
    /// The zip was handed to the browser.
    Done {
        /// Its name.
        file_name: String,
        /// Its size in bytes.
        bytes: f64,
    },
    /// It cannot be made.
    Failed(Diagnostic),
}
