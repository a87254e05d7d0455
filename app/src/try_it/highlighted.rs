use leptos::prelude::*;

use crate::state::inference::highlight::Piece;

/// A text with parts of it marked.
#[component]
pub fn Marked(
    /// In order; together they are the text.
    pieces: Vec<Piece>,
) -> impl IntoView {
    let pieces = pieces.into_iter().map(|Piece { text, mark }| match mark {
        Some(label) => view! { <mark>{text}<small>{label}</small></mark> }.into_any(),
        None => text.into_any(),
    });
    view! { <p class="marked" dir="auto">{pieces.collect_view()}</p> }
}
