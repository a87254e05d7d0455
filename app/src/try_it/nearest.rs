//! The texts that a search found.

use hone_core::inference::Hit;
use leptos::prelude::*;

use crate::components::CollectAny;
use crate::format;

/// The nearest texts with their similarities, the best first.
#[component]
pub fn Nearest(
    /// The findings.
    hits: Vec<Hit>,
) -> impl IntoView {
    let item = |hit: Hit| {
        view! {
            <li>
                <span dir="auto">{format::excerpt(&hit.text)}</span>
                " "
                <small class="number">{format::score(f64::from(hit.score))}</small>
            </li>
        }
    };
    view! { <ol class="rows">{hits.into_iter().map(item).collect_any()}</ol> }
}
