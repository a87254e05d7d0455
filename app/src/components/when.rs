use leptos::prelude::*;

/// Shows its children for as long as a condition holds. Leptos' own `Show` is compiled anew for each condition, this one
/// once, which keeps the page's wasm small.
#[component]
pub fn When(
    /// The condition.
    #[prop(into)]
    is: Signal<bool>,
    /// What is shown otherwise.
    #[prop(optional, into)]
    fallback: ViewFn,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let is = Memo::new(move |_| is.get());
    move || if is.get() { children() } else { fallback.run() }
}
