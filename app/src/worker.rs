//! The connection to the worker: commands and files go out, events and blobs come in.

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event, RequestId};
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, ErrorEvent, MessageEvent, Worker};

use crate::wire::{from_js, get, set, to_js};

/// The script that starts the worker's wasm.
const SCRIPT: &str = "./hone-worker_loader.js";

/// A message from the worker.
pub enum WorkerMessage {
    /// An event, the request that it answers if there is one, and the blob or the files that came with it.
    Event { request: Option<RequestId>, event: Box<Event>, blob: Option<Blob>, files: Vec<Blob> },
    /// The worker crashed, or sent a message that this page does not understand.
    Failed(Diagnostic),
}

/// A running worker. Commands are queued until it listens.
pub struct WorkerHandle {
    worker: Worker,
    is_ready: bool,
    queued: Vec<Object>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

/// The blobs of all files chosen in this tab; the state refers to them by index. Most are only handles to files on disk.
#[derive(Default)]
pub struct BlobStore {
    choices: Vec<Vec<Blob>>,
}

impl BlobStore {
    /// Adds the blobs of a choice: one file, two parallel files, or the files of a model. Returns its index.
    pub fn add(&mut self, blobs: Vec<Blob>) -> usize {
        self.choices.push(blobs);
        self.choices.len() - 1
    }

    /// Returns the blobs of a choice.
    pub fn get(&self, index: usize) -> &[Blob] {
        self.choices.get(index).map_or(&[], Vec::as_slice)
    }
}

impl WorkerHandle {
    /// Starts a worker. `on_ready` is called once when it listens, `on_message` with everything else it sends.
    ///
    /// # Errors
    /// If the browser has no workers.
    pub fn start(
        on_ready: impl Fn() + 'static,
        on_message: impl Fn(WorkerMessage) + Clone + 'static,
    ) -> Result<Self, Diagnostic> {
        let worker = Worker::new(SCRIPT).map_err(|error| broken(&message_of(&error)))?;
        let on_error = Closure::new({
            let on_message = on_message.clone();
            // A missing script raises a plain event without a message.
            move |error: ErrorEvent| on_message(WorkerMessage::Failed(broken(&message_of(&error))))
        });
        let listener = Closure::new(move |message: MessageEvent| {
            let data = message.data();
            if get(&data, "ready").is_truthy() {
                on_ready();
                return;
            }
            let request = get(&data, "request").as_f64().map(|request| request as RequestId);
            let blob = get(&data, "blob").dyn_into::<Blob>().ok();
            let files = get(&data, "files").dyn_into::<Array>().unwrap_or_default();
            let files = files.iter().filter_map(|file| file.dyn_into().ok()).collect();
            on_message(match from_js(get(&data, "message")) {
                Ok(event) => WorkerMessage::Event { request, event: Box::new(event), blob, files },
                Err(reason) => WorkerMessage::Failed(broken(&reason)),
            });
        });
        worker.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, is_ready: false, queued: Vec::new(), _on_message: listener, _on_error: on_error })
    }

    /// Sends a command with its files, now or as soon as the worker listens.
    pub fn send(&mut self, request: RequestId, command: &Command, files: &[Blob]) {
        let envelope = Object::new();
        set(&envelope, "request", &request.into());
        set(&envelope, "message", &to_js(command));
        if !files.is_empty() {
            set(&envelope, "files", &files.iter().collect::<Array>());
        }
        if self.is_ready {
            self.post(&envelope);
        } else {
            self.queued.push(envelope);
        }
    }

    /// The worker listens: sends the queued commands.
    pub fn on_ready(&mut self) {
        self.is_ready = true;
        for envelope in std::mem::take(&mut self.queued) {
            self.post(&envelope);
        }
    }

    fn post(&self, envelope: &Object) {
        // Only a value that cannot be cloned is refused; commands and blobs always can be.
        if let Err(error) = self.worker.post_message(envelope) {
            leptos::logging::error!("a message to the worker was refused: {}", message_of(&error));
        }
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn broken(reason: &str) -> Diagnostic {
    Diagnostic::new("engine.broken", format!("The engine stopped working ({}).", crate::format::visible(reason)))
        .done("Your file, columns, model and recipe are kept in this tab.")
        .remedy("Start again. If it happens again, reload the page or switch to the CPU under Model.")
}

/// The message of a thrown JavaScript value.
pub fn message_of(error: &JsValue) -> String {
    get(error, "message").as_string().or_else(|| error.as_string()).unwrap_or_else(|| "no reason given".into())
}
