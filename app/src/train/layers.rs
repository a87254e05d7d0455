use hone_core::recipe::Pooling;
use leptos::prelude::*;

use crate::page::Page;
use crate::state::show;

/// Which parts of the model learn in the run that the form describes.
#[component]
pub fn PlannedLayers() -> impl IntoView {
    let page = Page::get();
    let stack = page.memo(|state| {
        let layers = state.model.report().map(|model| model.layers);
        let pooling = state.form.recipe.pooling.or(state.model.entry().map(|entry| entry.pooling));
        (layers, pooling == Some(Pooling::Cls), state.form.recipe.train_embeddings, None)
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
        let recipe = plan.map_or(&state.form.recipe, |plan| &plan.recipe);
        let learning = plan.map(|plan| show::millions(plan.trainable_parameters));
        (layers, recipe.pooling == Some(Pooling::Cls), recipe.train_embeddings, learning)
    });
    view! { <Stack stack /> }
}

/// The model from its head down to its embeddings: live parts are filled, frozen ones an outline with a mark.
#[component]
fn Stack(stack: Memo<(Option<u32>, bool, bool, Option<String>)>) -> impl IntoView {
    let parts = move || {
        let (layers, has_pooler, trains_embeddings, _) = stack.get();
        let middle = (1..=layers.unwrap_or(0)).rev().map(|layer| (format!("layer {layer}"), true));
        let pooler = has_pooler.then(|| ("pooler".to_owned(), true));
        let parts = std::iter::once(("head".to_owned(), true)).chain(pooler).chain(middle);
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
    let learning = move || stack.get().3.map(|parameters| format!("{parameters} parameters learn"));
    view! {
        <div class="layers">
            <h3>"Layers"</h3>
            <ul>{parts}</ul>
            <p class="hint">{learning}</p>
        </div>
    }
}
