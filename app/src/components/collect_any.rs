use leptos::prelude::*;

/// Collects views into a list whose type is always the same: with leptos' `collect_view`, the wasm would contain the code
/// that draws a list once for each kind of item.
pub trait CollectAny {
    /// The views in order, with their types erased.
    fn collect_any(self) -> Vec<AnyView>;
}

impl<I: IntoIterator<Item: IntoAny>> CollectAny for I {
    fn collect_any(self) -> Vec<AnyView> {
        self.into_iter().map(IntoAny::into_any).collect()
    }
}
