use leptos::prelude::*;

use crate::components::{CollectAny, changing};

/// A table in a frame that scrolls if there is not enough room. The first cell of each row is its heading.
#[component]
pub fn Table(
    /// Label of the table.
    label: &'static str,
    /// CSS class in addition to `scores`.
    #[prop(optional)]
    class: &'static str,
    /// Headings of the columns.
    #[prop(into)]
    heads: Signal<Vec<String>>,
    /// Cells of each row; may be text from the user's data, made visible.
    #[prop(into)]
    rows: Signal<Vec<Vec<String>>>,
) -> impl IntoView {
    let head_cells = changing(move || {
        let mut heads = heads.get().into_iter();
        let corner = heads.next();
        let heads = heads.map(|head| view! { <th scope="col" dir="auto">{head}</th> }).collect_any();
        view! {
            <td>{corner}</td>
            {heads}
        }
    });
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let name = cells.next();
        let cells = cells.map(|cell| view! { <td class="number" dir="auto">{cell}</td> }).collect_any();
        view! { <tr><th scope="row" dir="auto">{name}</th>{cells}</tr> }
    };
    view! {
        <div class="frame" tabindex="0" role="region" aria-label=label>
            <table class=format!("scores {class}")>
                <thead>
                    <tr>{head_cells}</tr>
                </thead>
                <tbody>{changing(move || rows.get().into_iter().map(row).collect_any())}</tbody>
            </table>
        </div>
    }
}

/// Constant headings.
pub fn heads(names: &[&str]) -> Signal<Vec<String>> {
    Signal::stored(names.iter().map(|name| (*name).to_owned()).collect())
}
