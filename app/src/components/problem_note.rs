use hone_core::problem::Problem;
use leptos::prelude::*;

use super::changing;

use crate::state::show::visible;

/// A problem in its three parts, in the place where it arose.
#[component]
pub fn ProblemNote(
    /// What went wrong.
    problem: Problem,
    /// Whether the work goes on all the same.
    #[prop(optional)]
    is_warning: bool,
) -> impl IntoView {
    let part = |text: String| (!text.is_empty()).then(|| view! { <p dir="auto">{visible(&text)}</p> });
    view! {
        <div
            class=if is_warning { "note warning" } else { "note problem" }
            role=if is_warning { "note" } else { "alert" }
            data-code=problem.code
        >
            <p dir="auto">
                <strong>{visible(&problem.what)}</strong>
            </p>
            {part(problem.done)}
            {part(problem.remedy)}
        </div>
    }
}

/// The place of a problem: empty while there is none.
#[component]
pub fn ProblemPlace(
    /// What went wrong, if something did.
    problem: Memo<Option<Problem>>,
    /// Whether the work goes on all the same.
    #[prop(optional)]
    is_warning: bool,
) -> impl IntoView {
    changing(move || problem.get().map(|problem| view! { <ProblemNote problem is_warning /> }))
}
