use leptos::prelude::*;

/// A value computed from signals; its readers are notified only when it changes. The code of a memo is in the wasm once for
/// each type of value, and not, as with leptos' `Memo::new`, for each closure.
pub fn memo<T: PartialEq + Send + Sync + 'static>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    boxed(Box::new(compute))
}

fn boxed<T: PartialEq + Send + Sync + 'static>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| compute())
}
