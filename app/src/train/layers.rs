use leptos::prelude::*;

use crate::page::Page;
use crate::state::show;

/// Which parts of the model learn in the run that the form describes.
#[component]
pub fn PlannedLayers() -> impl IntoView {
    let page = Page::get();
    let stack = page.memo(|state| {
        let layers = state.model.report().map(|model| model.layers);
        (layers, state.form.recipe.train_embeddings, None)
    });
    view! { <Stack stack /> }
}

/// Which parts of the model learn in the present run.
#[component]
pub fn LiveLayers() -> impl IntoView {
    let page = Page::get();
    let stack = page.memo(|state| {
        let layers = state.model.report().map(|model| model.layers);
        let plan = state.run.plan.as_ref();
        let trains = plan.is_some_and(|plan| plan.recipe.train_embeddings);
        let learning = plan.map(|plan| show::millions(plan.trainable_parameters));
        (layers, trains, learning)
    });
    view! { <Stack stack /> }
}

/// The model from its head down to its embeddings: live parts are filled, frozen ones an outline with a mark.
#[component]
fn Stack(stack: Memo<(Option<u32>, bool, Option<String>)>) -> impl IntoView {
    let parts = move || {
        let (layers, trains_embeddings, _) = stack.get();
        let middle = (1..=layers.unwrap_or(0)).rev().map(|layer| (format!("layer {layer}"), true));
        let parts = std::iter::once(("head".to_owned(), true)).chain(middle);
        let parts = parts.chain(std::iter::once(("embeddings".to_owned(), trains_embeddings)));
        parts
            .map(|(name, is_live)| {
                let (class, mark, words) =
                    if is_live { ("live", "●", "learns") } else { ("frozen", "❄", "frozen") };
                view! {
                    <li class=class>
                        <span>{name}</span>
                        <span><span aria-hidden="true">{mark}</span> " " {words}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let learning = move || stack.get().2.map(|parameters| format!("{parameters} parameters learn"));
    view! {
        <div class="layers">
            <h3>"Layers"</h3>
            <ul>{parts}</ul>
            <p class="hint">{learning}</p>
        </div>
    }
}
