use hone_core::diagnostic::Diagnostic;
use leptos::prelude::*;

use crate::components::{Watched, changing};

use crate::format::visible;

/// A diagnostic with its three parts: what happened, what was done, what the user can do.
#[component]
pub fn DiagnosticNote(
    /// The diagnostic.
    diagnostic: Diagnostic,
    /// True if work continues regardless.
    #[prop(optional)]
    is_warning: bool,
) -> impl IntoView {
    let part = |text: String| (!text.is_empty()).then(|| view! { <p dir="auto">{visible(&text)}</p> });
    view! {
        <div
            class=if is_warning { "note warning" } else { "note problem" }
            role=if is_warning { "note" } else { "alert" }
            data-code=diagnostic.code
        >
            <p dir="auto">
                <strong>{visible(&diagnostic.what)}</strong>
            </p>
            {part(diagnostic.done)}
            {part(diagnostic.remedy)}
        </div>
    }
}

/// The place for a diagnostic; empty while there is none.
#[component]
pub fn ProblemPlace(
    /// The diagnostic, if there is one.
    diagnostic: Watched<Option<Diagnostic>>,
    /// True if work continues regardless.
    #[prop(optional)]
    is_warning: bool,
) -> impl IntoView {
    changing(move || diagnostic.get().map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning /> }))
}
