//! Messages between page and worker.

use std::cell::{Cell, RefCell};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event, RequestId};
use js_sys::{Array, Object};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, Blob, MessageChannel, MessageEvent};

use crate::js;

/// A command from the page with its number, and the files that came with it.
pub struct Request {
    pub id: RequestId,
    pub command: Command,
    pub files: Vec<Blob>,
}

thread_local! {
    /// Number of the last command that stopped the reading of files.
    static READING_STOPPED: Cell<RequestId> = const { Cell::new(0) };
    /// Aborts the network requests of the last loading command.
    static LOADING: RefCell<Option<AbortController>> = const { RefCell::new(None) };
}

/// Signal that aborts network requests as soon as the user stops loading.
pub fn loading_signal() -> Option<AbortSignal> {
    LOADING.with_borrow(|loading| loading.as_ref().map(AbortController::signal))
}

/// Returns true if the user has stopped the loading under way.
pub fn stops_loading() -> bool {
    loading_signal().is_some_and(|signal| signal.aborted())
}

/// Returns true if the user has stopped the reading of the file that this command opened.
pub fn stops_reading(request: RequestId) -> bool {
    request < READING_STOPPED.get()
}

/// Stops the loading under way, because the user asked for it or for something else.
fn stop_loading() {
    LOADING.with_borrow(|loading| {
        if let Some(loading) = loading {
            loading.abort();
        }
    });
}

/// Starts to listen. A message that cannot be read is fatal: the page has another version.
pub fn open() -> UnboundedReceiver<Request> {
    let (sender, receiver) = unbounded();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let data = message.data();
        let files = js::get(&data, "files").dyn_into::<Array>().unwrap_or_default();
        let files = files.iter().filter_map(|file| file.dyn_into::<Blob>().ok()).collect();
        // Numbers start at 1; the answer to a command without one is ignored.
        let id = js::get(&data, "request").as_f64().unwrap_or_default() as RequestId;
        match serde_wasm_bindgen::from_value(js::get(&data, "message")) {
            // Carried out at once; other commands wait for their turn.
            Ok(Command::StopLoading) => stop_loading(),
            Ok(Command::StopReading) => READING_STOPPED.set(id),
            Ok(command) => {
                if matches!(command, Command::LoadModel { .. } | Command::LoadFiles { .. } | Command::FindModel { .. })
                {
                    stop_loading();
                    LOADING.set(AbortController::new().ok());
                }
                // The receiver lives as long as the worker.
                drop(sender.unbounded_send(Request { id, command, files }));
            }
            Err(error) => report(&Event::Fatal { diagnostic: wrong_version(&error.to_string()) }),
        }
    });
    js::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    receiver
}

/// Notifies the page that commands are accepted from now on.
pub fn report_ready() {
    let envelope = Object::new();
    js::set(&envelope, "ready", &true.into());
    send(&envelope);
}

/// Sends an event that answers a request.
pub fn answer(request: RequestId, event: &Event) {
    post(Some(request), event, |_| {});
}

/// Sends an event that answers a request, with a blob next to it.
pub fn answer_with(request: RequestId, event: &Event, blob: &Blob) {
    post(Some(request), event, |envelope| js::set(envelope, "blob", blob));
}

/// Sends an event that answers a request, with files next to it.
pub fn answer_with_files(request: RequestId, event: &Event, files: &[Blob]) {
    post(Some(request), event, |envelope| js::set(envelope, "files", &files.iter().collect::<Array>()));
}

/// Sends an event about the worker itself.
pub fn report(event: &Event) {
    post(None, event, |_| {});
}

fn post(request: Option<RequestId>, event: &Event, attach: impl FnOnce(&Object)) {
    let envelope = Object::new();
    if let Some(request) = request {
        js::set(&envelope, "request", &request.into());
    }
    // Absent options are `null`, so that every field is there.
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    match event.serialize(&serializer) {
        Ok(message) => js::set(&envelope, "message", &message),
        Err(error) => return web_sys::console::error_1(&format!("an event could not be sent: {error}").into()),
    }
    attach(&envelope);
    send(&envelope);
}

fn send(envelope: &Object) {
    if let Err(error) = js::scope().post_message(envelope) {
        web_sys::console::error_2(&"a message could not be sent".into(), &error);
    }
}

/// Yields to the browser, because messages from the page only arrive between macrotasks. A message to ourselves returns
/// immediately; a timer of 0 ms would take 4 ms.
pub async fn yield_to_event_loop() {
    thread_local! {
        static CHANNEL: RefCell<Option<MessageChannel>> = const { RefCell::new(None) };
    }
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        CHANNEL.with_borrow_mut(|channel| {
            if channel.is_none() {
                *channel = MessageChannel::new().ok();
            }
            let sent = channel.as_ref().map(|channel| {
                channel.port1().set_onmessage(Some(&resolve));
                channel.port2().post_message(&JsValue::NULL)
            });
            if !matches!(sent, Some(Ok(()))) {
                // Without a channel, the work continues without yielding.
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }
        });
    });
    // The promise never rejects.
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// The user stopped the download.
pub fn stopped() -> Diagnostic {
    Diagnostic::new("model.stopped", "Loading was stopped.")
        .done("What has arrived is kept.")
        .remedy("Load it again: it continues from there.")
}

/// The error for a message from a page of another version.
pub fn wrong_version(reason: &str) -> Diagnostic {
    Diagnostic::new("engine.version", format!("The page and its engine are of different versions ({reason})."))
        .remedy("Reload the page without its cache (Ctrl+Shift+R).")
}
