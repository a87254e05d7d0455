use leptos::prelude::*;

/// A part of the page that is made anew when what it reads changes. Its type is always the same: the code that redraws a
/// view would otherwise be in the wasm once for each such part.
pub fn changing<V: IntoAny>(view: impl Fn() -> V + Send + 'static) -> Box<dyn Fn() -> AnyView + Send> {
    Box::new(move || view().into_any())
}
