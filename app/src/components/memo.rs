use leptos::prelude::*;

use crate::plot::Picture;

/// The types that memos have. They are few, as the wasm contains the code of a memo once for each of them: values of other
/// types are [`watched`](crate::components::watched()).
pub trait Plain: PartialEq + Send + Sync + 'static {}

impl Plain for bool {}
impl Plain for String {}
impl Plain for Option<String> {}
impl Plain for Vec<String> {}
impl Plain for Vec<(String, String)> {}
impl Plain for Vec<Vec<String>> {}
impl Plain for Picture {}

/// A value computed from signals; its readers are notified only when it changes. The code of a memo is in the wasm once for
/// each type of value, and not, as with leptos' `Memo::new`, for each closure.
pub fn memo<T: Plain>(compute: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    boxed(Box::new(compute))
}

fn boxed<T: Plain>(compute: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| compute())
}
