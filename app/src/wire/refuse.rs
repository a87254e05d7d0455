//! Refusing what cannot be read: an exception of JavaScript ends the reading. If each function returned an error instead, a
//! third of the code that reads messages would be their way back: 10 KB of the page's wasm.

use std::cell::Cell;

thread_local! {
    /// The last field that was read.
    static PLACE: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Tells the field that is read next, for the reason of a refusal.
pub fn enter(field: &'static str) {
    PLACE.set(Some(field));
}

/// Ends the reading; see [`attempt`].
#[cold]
pub fn refuse(reason: &str) -> ! {
    throw(&match PLACE.get() {
        Some(field) => format!("`{field}`: {reason}"),
        None => reason.to_owned(),
    })
}

/// Reads something. What it had read until it was refused is not freed; this is rare and small.
///
/// # Errors
/// The reason why it was refused, and its place.
pub fn attempt<T>(mut read: impl FnMut() -> T) -> Result<T, String> {
    PLACE.set(None);
    let mut found = None;
    catch(&mut || found = Some(read()))?;
    found.ok_or_else(|| "nothing was read".into())
}

#[cfg(target_arch = "wasm32")]
use javascript::{catch, throw};

#[cfg(target_arch = "wasm32")]
mod javascript {
    use js_sys::Array;
    use wasm_bindgen::prelude::*;

    use crate::wire::get;

    pub(super) fn throw(reason: &str) -> ! {
        wasm_bindgen::throw_str(reason)
    }

    pub(super) fn catch(act: &mut dyn FnMut()) -> Result<(), String> {
        // The function of JavaScript that calls another and hands on what it throws.
        let call = &mut |_, _| {
            act();
            Ok(())
        };
        let called = Array::of1(&JsValue::NULL).try_for_each(call);
        called.map_err(|error| get(&error, "message").as_string().unwrap_or_default())
    }
}

#[cfg(not(target_arch = "wasm32"))]
use unwinding::{catch, throw};

/// For tests.
#[cfg(not(target_arch = "wasm32"))]
mod unwinding {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    pub(super) fn throw(reason: &str) -> ! {
        resume_unwind(Box::new(reason.to_owned()))
    }

    pub(super) fn catch(act: &mut dyn FnMut()) -> Result<(), String> {
        catch_unwind(AssertUnwindSafe(act)).map_err(|reason| *reason.downcast::<String>().unwrap_or_default())
    }
}
