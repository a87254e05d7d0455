//! Failures that nothing else reports: panics, and errors that the GPU stack only logs.

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

/// Installs the panic hook and the logger.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        web_sys::console::error_1(&info.to_string().into());
        // Nothing runs after a panic in wasm: the page has to replace this worker.
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

/// The error logged since the last call. A shader that does not compile and a lost device are only logged: results
/// computed with them cannot be trusted.
pub fn take_logged() -> Option<Diagnostic> {
    let message = LOGGED.with_borrow_mut(Option::take)?;
    Some(
        Diagnostic::new("device.failed", format!("The GPU failed: {message}."))
            .done("The last results were discarded.")
            .remedy("Start again. If it happens again, choose the CPU under \"Compute on\"."),
    )
}

/// Drops logged errors, which belong to earlier work.
pub fn clear() {
    LOGGED.set(None);
}

/// The result of a batch, unless the GPU stack logged an error in the meantime.
///
/// # Errors
/// The error of the batch or of the GPU.
pub fn checked<T>(result: Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    take_logged().map_or(result, Err)
}
