//! Handles of the data files, which app/handles.js keeps with a saved run where the browser has them.

use js_sys::{Array, Function, Promise};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::wire::get;

/// Keeps the handles of a run's files for training, validation and test, if all of them have one.
pub fn keep(id: &str, roles: [&[Blob]; 3]) {
    let list = |files: &[Blob]| files.iter().collect::<Array>();
    carry_out(call("keep", &[id.into(), roles.into_iter().map(list).collect::<Array>().into()]));
}

/// Removes the handles of runs that are no longer saved.
pub fn sweep() {
    carry_out(call("sweep", &[]));
}

/// The files of a saved run: training, validation and test. The browser may ask the user first. `None` if there are no handles, or
/// if they cannot be used.
pub async fn open(id: &str) -> Option<[Vec<Blob>; 3]> {
    let opened: Array = JsFuture::from(call("open", &[id.into()])?).await.ok()?.dyn_into().ok()?;
    let files = |role: u32| Array::from(&opened.get(role)).iter().filter_map(|file| file.dyn_into().ok()).collect();
    Some([files(0), files(1), files(2)])
}

fn call(method: &str, arguments: &[JsValue]) -> Option<Promise> {
    let handles = get(&window(), "honeHandles");
    let method: Function = get(&handles, method).dyn_into().ok()?;
    let arguments: Array = arguments.iter().collect();
    method.apply(&handles, &arguments).ok()?.dyn_into().ok()
}

fn carry_out(promise: Option<Promise>) {
    spawn_local(async move {
        if let Some(promise) = promise {
            // Without a handle, the page asks for the file.
            let _ = JsFuture::from(promise).await;
        }
    });
}
