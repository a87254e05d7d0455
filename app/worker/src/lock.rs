//! Web Locks, which end with the worker: they tell tabs apart.

use futures_channel::oneshot;
use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;

use crate::js;

/// Held by the worker that saves a run. A browser saves one run at a time.
pub const RUN: &str = "hone:run";

/// Returns true if the browser has locks: it has none where the page was not loaded over HTTPS.
pub fn is_available() -> bool {
    !js::get(&js::scope().navigator(), "locks").is_undefined()
}

/// A lock. It is free again when it is dropped.
pub struct Lock(Function);

impl Lock {
    /// Takes a lock, unless another worker has it or the browser has no locks.
    pub async fn take(name: &str) -> Option<Self> {
        let options = Object::new();
        js::set(&options, "ifAvailable", &true.into());
        Self::request(name, &options).await
    }

    /// Waits until no worker has a lock. It is shared, so that several tabs can wait without taking turns. Returns `None` if
    /// the browser has no locks.
    pub async fn wait(name: &str) -> Option<Self> {
        let options = Object::new();
        js::set(&options, "mode", &"shared".into());
        Self::request(name, &options).await
    }

    async fn request(name: &str, options: &Object) -> Option<Self> {
        let locks = js::get(&js::scope().navigator(), "locks");
        let request: Function = js::get(&locks, "request").dyn_into().ok()?;
        let (sender, receiver) = oneshot::channel();
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let mut release = None;
            // The lock is held until this promise is resolved.
            let held = Promise::new(&mut |resolve, _| release = Some(resolve));
            let is_granted = !lock.is_null() && !lock.is_undefined();
            // The receiver waits below.
            let _ = sender.send(release.filter(|_| is_granted));
            if is_granted { held.into() } else { JsValue::UNDEFINED }
        });
        request.call3(&locks, &name.into(), options, &granted).ok()?;
        receiver.await.ok().flatten().map(Self)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Resolving a promise never fails.
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

/// Names of the locks that any tab has taken; those that are waiting do not count. `None` if the browser does not say.
pub async fn held() -> Option<Vec<String>> {
    let locks = js::get(&js::scope().navigator(), "locks");
    let state = js::call(&locks, "query", &[]).await.ok()?;
    let held = js::get(&state, "held").dyn_into::<Array>().ok()?;
    Some(held.iter().filter(|lock| js::text(lock, "mode") == "exclusive").map(|lock| js::text(&lock, "name")).collect())
}
