use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;

/// A value computed from signals, of any type; its readers are notified only when it changes. The wasm contains the code of a
/// memo once for each type of value. So this memo only counts the changes, and the value is next to it.
pub struct Watched<T> {
    changes: Memo<u32>,
    value: Arc<Mutex<T>>,
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Self {
        Self { changes: self.changes, value: self.value.clone() }
    }
}

impl<T: Clone> Watched<T> {
    /// The value; subscribes to it.
    pub fn get(&self) -> T {
        self.changes.get();
        self.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Watches a value. Before it is read for the first time, it is the default.
pub fn watched<T: Default + PartialEq + Send + 'static>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Watched<T> {
    let value = Arc::new(Mutex::new(T::default()));
    let kept = value.clone();
    let update = move || {
        let new = compute();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let has_changed = *kept != new;
        if has_changed {
            *kept = new;
        }
        has_changed
    };
    Watched { changes: count(Box::new(update)), value }
}

/// The number of times that something has changed.
fn count(has_changed: Box<dyn Fn() -> bool + Send + Sync>) -> Memo<u32> {
    Memo::new(move |changes: Option<&u32>| changes.copied().unwrap_or_default().wrapping_add(u32::from(has_changed())))
}
