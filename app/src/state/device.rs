//! What is computed on, and what became of the worker that does it.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{DeviceChoice, DeviceReport};

/// The device and the worker that owns it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// What the person asked for.
    pub choice: DeviceChoice,
    /// Whether the worker has loaded and takes commands.
    pub is_listening: bool,
    /// What was chosen; absent until the worker has loaded and checked it.
    pub report: Option<DeviceReport>,
    /// Why the last worker ended and a new one was started.
    pub lost: Option<Diagnostic>,
    /// Why there is no worker at all: it failed before it was ready.
    pub failed: Option<Diagnostic>,
}
