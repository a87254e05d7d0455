use hone_core::diagnostic::Diagnostic;
use leptos::prelude::*;

use crate::components::changing;

use crate::state::format::visible;

/// A problem in its three parts, in the place where it arose.
#[component]
pub fn DiagnosticNote(
    /// What went wrong.
    diagnostic: Diagnostic,
    /// Whether the work goes on all the same.
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

/// The place of a problem: empty while there is none.
#[component]
pub fn ProblemPlace(
    /// What went wrong, if something did.
    diagnostic: Memo<Option<Diagnostic>>,
    /// Whether the work goes on all the same.
    #[prop(optional)]
    is_warning: bool,
) -> impl IntoView {
    changing(move || diagnostic.get().map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning /> }))
}
