//! What must not pass unseen: panics, and errors that the GPU stack only logs.

use std::cell::RefCell;

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::Event;
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::mailbox;

thread_local! {
    static LOGGED: RefCell<Option<String>> = const { RefCell::new(None) };
}

struct GpuLog;

impl Log for GpuLog {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() == Level::Error
    }

    fn log(&self, record: &Record) {
        if self.enabled(record.metadata()) {
            let message = format!("{}: {}", record.target(), record.args());
            web_sys::console::error_1(&message.as_str().into());
            LOGGED.with_borrow_mut(|logged| _ = logged.get_or_insert(message));
        }
    }

    fn flush(&self) {}
}

/// Begins to watch.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        web_sys::console::error_1(&info.to_string().into());
        // Nothing runs after a panic in wasm: the page must put a fresh worker in this one's place.
        let diagnostic = Diagnostic::new("engine.panic", format!("The engine stopped working: {info}."))
            .done("Your file, columns, model and recipe are kept in this tab.")
            .remedy("Start again. If it happens once more, please report it with this message.");
        mailbox::report(&Event::Fatal { diagnostic });
    }));
    // It is the first and only logger of this worker.
    if log::set_logger(&GpuLog).is_ok() {
        log::set_max_level(LevelFilter::Error);
    }
}

/// An error that was logged since the last call. A shader that does not compile, or a lost device, shows itself only so:
/// what was computed with it cannot be trusted.
pub fn take_logged() -> Option<Diagnostic> {
    let message = LOGGED.with_borrow_mut(Option::take)?;
    Some(
        Diagnostic::new("device.failed", format!("The GPU failed: {message}."))
            .done("What it had computed last was thrown away.")
            .remedy("Start again; if it happens again, choose the CPU under \"Compute on\"."),
    )
}

/// Forgets what was logged: it belongs to something that is over.
pub fn clear() {
    LOGGED.set(None);
}

/// The page and the worker are of different versions.
pub fn wrong_version(reason: &str) -> Diagnostic {
    Diagnostic::new("engine.version", format!("The page and its engine are of different versions ({reason})."))
        .remedy("Reload the page without its cache (Ctrl+Shift+R).")
}
