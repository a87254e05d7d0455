use leptos::prelude::*;

use crate::page::Page;
use crate::state::Step;

/// One of the five steps: its heading, how it stands, and what belongs to it.
///
/// The children keep their type, because views of a type that is not known bring the code into the wasm that would redraw
/// them in place.
#[component]
pub fn StepSection<C: IntoView + 'static>(
    /// Which.
    step: Step,
    /// What belongs to it.
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
