//! Ctrl+C: the first one asks the run to be saved and to end, the second one ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hone_core::diagnostic::Diagnostic;
use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// Exit status of a program that Ctrl+C has ended, by convention: 128 and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Listens for Ctrl+C.
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts to listen.
    ///
    /// # Errors
    /// `run.interrupt` if the system does not allow it.
    pub fn listen() -> Result<Self, Diagnostic> {
        let is_pressed = Arc::new(AtomicBool::new(false));
        // In this order: the first Ctrl+C finds the flag unset and sets it, the second one finds it set.
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED, is_pressed.clone())
            .and_then(|_| flag::register(SIGINT, is_pressed.clone()))
            .map_err(|error| Diagnostic::new("run.interrupt", format!("Ctrl+C cannot be listened for: {error}.")))?;
        Ok(Self(is_pressed))
    }

    /// Returns true once Ctrl+C has been pressed.
    pub fn is_pressed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
