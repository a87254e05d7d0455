use leptos::prelude::*;

use crate::components::CollectAny;
use crate::state::inference::highlight::Piece;

/// A text with labeled pieces highlighted.
#[component]
pub fn Highlighted(
    /// The pieces of the text, in order.
    pieces: Vec<Piece>,
) -> impl IntoView {
    let pieces = pieces.into_iter().map(|Piece { text, label }| match label {
        Some(label) => view! { <mark>{text}<small>{label}</small></mark> }.into_any(),
        None => text.into_any(),
    });
    view! { <p class="marked" dir="auto">{pieces.collect_any()}</p> }
}
