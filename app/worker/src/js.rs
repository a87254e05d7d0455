//! Access to JavaScript that has no types in Rust.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The worker's global scope.
pub fn scope() -> web_sys::DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// A property; `undefined` if it is missing.
pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A property as text; empty if it is missing.
pub fn text(object: &JsValue, key: &str) -> String {
    get(object, key).as_string().unwrap_or_default()
}

/// Sets a property of an object that we created.
pub fn set(object: &JsValue, key: &str, value: &JsValue) {
    // Only a frozen object refuses.
    let _ = Reflect::set(object, &key.into(), value);
}

/// Calls a method and waits for its promise.
///
/// # Errors
/// The thrown value.
pub async fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = get(object, method).dyn_into()?;
    let list: js_sys::Array = arguments.iter().collect();
    let promise: Promise = function.apply(object, &list)?.dyn_into()?;
    JsFuture::from(promise).await
}

/// The message of a thrown value.
pub fn message(error: &JsValue) -> String {
    let message = text(error, "message");
    if message.is_empty() { error.as_string().unwrap_or_else(|| "no reason given".into()) } else { message }
}

/// Waits.
pub async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        if scope().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms).is_err() {
            // Without a timer there is no pause.
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    });
    // The promise never rejects.
    let _ = JsFuture::from(promise).await;
}

/// Milliseconds since the worker started.
pub fn now_ms() -> f64 {
    scope().performance().map_or(0.0, |performance| performance.now())
}
