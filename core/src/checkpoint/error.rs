//! Errors of saved runs.

use std::fmt::Display;

use crate::diagnostic::Diagnostic;

/// The error of a saved run that is damaged.
pub(super) fn damaged(reason: impl Display) -> Diagnostic {
    Diagnostic::new("checkpoint.damaged", format!("The saved run is damaged: {reason}."))
        .done("It was not opened.")
        .remedy("Start the run again.")
}

/// The error of a saved run that cannot be read.
pub(super) fn unreadable(error: impl Display) -> Diagnostic {
    Diagnostic::new("checkpoint.read", format!("The saved run cannot be read: {error}."))
        .done("It was left as it is.")
        .remedy("Close other windows that use it, and try again.")
}

/// The error of a run that cannot be saved.
pub(super) fn not_saved(error: impl Display) -> Diagnostic {
    Diagnostic::new("checkpoint.write", format!("The run could not be saved: {error}."))
        .done("It continues, and what was saved before is kept.")
        .remedy("Make room on the disk.")
}

/// The error of a saved run that cannot be written as a zip.
pub(super) fn not_packed(error: impl Display) -> Diagnostic {
    Diagnostic::new("checkpoint.pack", format!("The saved run could not be written as a file: {error}."))
        .done("It was left as it is.")
        .remedy("Make room on the disk, and try again.")
}

/// The error of a saved run whose zip cannot be unpacked.
pub(super) fn not_unpacked(error: impl Display) -> Diagnostic {
    Diagnostic::new("checkpoint.unpack", format!("The saved run could not be unpacked: {error}."))
        .done("Nothing was started.")
        .remedy("Make room on the disk, and try again.")
}
