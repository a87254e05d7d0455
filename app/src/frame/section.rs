use leptos::prelude::*;

use crate::page::Page;
use crate::state::Step;

/// The section of a step: its heading, its status and its content.
///
/// The children keep their type: views of an erased type would bring the code that redraws them in place into the wasm.
#[component]
pub fn StepSection<C: IntoView + 'static>(
    /// The step.
    step: Step,
    /// The content.
    children: TypedChildren<C>,
) -> impl IntoView {
    let line = Page::get().memo(move |state| state.line(step).text);
    let heading = format!("{}-heading", step.id());
    view! {
        <section id=step.id() class="step" aria-labelledby=heading tabindex="-1">
            <header>
                <h2 id=heading.clone()>{step.name()}</h2>
                <p class="line">{line}</p>
            </header>
            {children.into_inner()()}
        </section>
    }
}
