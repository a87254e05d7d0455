use leptos::prelude::*;

/// A part of the page that is rendered again when the signals that it reads change. Its type is always the same: otherwise
/// the wasm would contain the code that redraws a view once for each such part.
pub fn changing<V: IntoAny>(view: impl Fn() -> V + Send + 'static) -> Box<dyn Fn() -> AnyView + Send> {
    Box::new(move || view().into_any())
}
