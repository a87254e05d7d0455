use leptos::prelude::*;

use crate::frame::fold::{FoldBody, FoldButton};
use crate::page::Page;
use crate::state::{Fold, Status, Step};

/// The section of a step: its heading, its status and its content. Folded, it is one line that says what is in it.
///
/// The children keep their type: views of an erased type would bring the code that redraws them in place into the wasm.
#[component]
pub fn StepSection<C: IntoView + 'static>(
    /// The step.
    step: Step,
    /// The content.
    children: TypedChildren<C>,
) -> impl IntoView {
    let page = Page::get();
    let fold = Fold::Step(step);
    let line =
        page.memo(move |state| if state.is_open(fold) { state.line(step).text } else { state.folded_line(step) });
    let class = page.memo(move |state| if state.is_open(fold) { "step" } else { "step folded" }.to_owned());
    let open_words = page.memo(move |state| {
        let has_nothing = matches!(state.line(step).status, Status::Waiting | Status::Open);
        if has_nothing { "Open" } else { "Change" }.to_owned()
    });
    let heading = format!("{}-heading", step.id());
    view! {
        <section id=step.id() class=class aria-labelledby=heading tabindex="-1">
            <header>
                <h2 id=heading.clone()>{step.name()}</h2>
                <p class="line" dir="auto">{line}</p>
                <FoldButton fold name=step.name() open_words />
            </header>
            <FoldBody fold>{children.into_inner()()}</FoldBody>
        </section>
    }
}
