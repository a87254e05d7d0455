//! The device that computes, and the worker that owns it.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{DeviceChoice, DeviceReport};

/// The device and the worker that owns it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// The user's choice.
    pub choice: DeviceChoice,
    /// True once the worker has loaded and accepts commands.
    pub is_listening: bool,
    /// The device in use; absent until the worker has chosen and checked it.
    pub report: Option<DeviceReport>,
    /// Why the last worker ended and a new one was started.
    pub lost: Option<Diagnostic>,
    /// Why there is no worker: it failed before it was ready.
    pub failed: Option<Diagnostic>,
}
