//! The wire to the worker: commands and files go out, events and blobs come in.

use std::time::Duration;

use hone_core::diagnostic::Diagnostic;
use hone_core::protocol::{Command, Event, RequestId};
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;
use web_sys::{Blob, ErrorEvent, MessageEvent, Worker};

use crate::wire::{from_js, get, set, to_js};

/// The loader that the build makes for the worker's wasm.
const SCRIPT: &str = "./hone-worker_loader.js";

/// What a worker may tell.
pub enum Told {
    /// An event, the request that it answers if there is one, and the blob that came with it.
    Event { request: Option<RequestId>, event: Box<Event>, blob: Option<Blob> },
    /// It ended without a word of its own, or speaks another language.
    Broken(Diagnostic),
}

/// A running worker. Commands wait here until it says that it listens.
pub struct Link {
    worker: Worker,
    is_ready: bool,
    waiting: Vec<Object>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

/// The blobs of all files that were chosen in this tab: the state says which are in use. Most are no more than handles to
/// files on a disk.
#[derive(Default)]
pub struct Files {
    chosen: Vec<Vec<Blob>>,
}

impl Files {
    /// Keeps the blobs of a choice: one, two that are aligned, or those of a model. Returns their number.
    pub fn keep(&mut self, blobs: Vec<Blob>) -> usize {
        self.chosen.push(blobs);
        self.chosen.len() - 1
    }

    /// Those with a number.
    pub fn get(&self, number: usize) -> &[Blob] {
        self.chosen.get(number).map_or(&[], Vec::as_slice)
    }
}

impl Link {
    /// Starts a worker. `on_ready` is called once when it listens, `on_told` with all else it says.
    ///
    /// # Errors
    /// Where the browser has no workers.
    pub fn start(on_ready: impl Fn() + 'static, on_told: impl Fn(Told) + Clone + 'static) -> Result<Self, Diagnostic> {
        let worker = Worker::new(SCRIPT).map_err(|error| broken(&message_of(&error)))?;
        let on_error = Closure::new({
            let on_told = on_told.clone();
            // A script that is not there raises a plain event without a message.
            move |error: ErrorEvent| on_told(Told::Broken(broken(&message_of(&error))))
        });
        let on_message = Closure::new(move |message: MessageEvent| {
            let data = message.data();
            if get(&data, "ready").is_truthy() {
                on_ready();
                return;
            }
            let request = get(&data, "request").as_f64().map(|request| request as RequestId);
            let blob = get(&data, "blob").dyn_into::<Blob>().ok();
            on_told(match from_js(get(&data, "message")) {
                Ok(event) => Told::Event { request, event: Box::new(event), blob },
                Err(reason) => Told::Broken(broken(&reason)),
            });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, is_ready: false, waiting: Vec::new(), _on_message: on_message, _on_error: on_error })
    }

    /// Sends a command, with its files where it has some, now or as soon as the worker listens.
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
            self.waiting.push(envelope);
        }
    }

    /// Sends what has waited.
    pub fn ready(&mut self) {
        self.is_ready = true;
        for envelope in std::mem::take(&mut self.waiting) {
            self.post(&envelope);
        }
    }

    fn post(&self, envelope: &Object) {
        // Only what cannot be cloned is refused; a command and a blob always can.
        if let Err(error) = self.worker.post_message(envelope) {
            leptos::logging::error!("a message to the worker was refused: {}", message_of(&error));
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// What the page says of a worker that fell silent, in a run or elsewhere.
pub fn silent(silent: Duration, in_run: bool) -> Diagnostic {
    let diagnostic =
        Diagnostic::new("engine.silent", format!("The engine has not answered for {} seconds.", silent.as_secs()));
    if in_run {
        diagnostic
            .done("It was ended and a fresh one started with your file, columns, model and recipe. The run is lost.")
            .remedy("Start again; a smaller batch or shorter texts use less memory.")
    } else {
        diagnostic
            .done("What it was doing was given up; your file, columns, model and recipe are kept in this tab.")
            .remedy("Try it again; a smaller file or model uses less memory.")
    }
}

fn broken(reason: &str) -> Diagnostic {
    Diagnostic::new("engine.broken", format!("The engine stopped working ({}).", crate::state::format::visible(reason)))
        .done("Your file, columns, model and recipe are kept in this tab.")
        .remedy("Start again. If it happens once more, reload the page or compute on the CPU (under Model).")
}

/// The text of a thrown JavaScript value.
pub fn message_of(error: &JsValue) -> String {
    get(error, "message").as_string().or_else(|| error.as_string()).unwrap_or_else(|| "no reason given".into())
}
