use leptos::prelude::*;

use crate::components::changing;

/// Figures in rows, in a frame that scrolls by itself where there is no room. The first cell of a row names it.
#[component]
pub fn Table(
    /// What it holds.
    label: &'static str,
    /// Its class besides `scores`.
    #[prop(optional)]
    class: &'static str,
    /// The heads of the columns.
    #[prop(into)]
    heads: Signal<Vec<String>>,
    /// As many cells in each row; may be a person's own text made visible.
    #[prop(into)]
    rows: Signal<Vec<Vec<String>>>,
) -> impl IntoView {
    let head_cells = changing(move || {
        let mut heads = heads.get().into_iter();
        let corner = heads.next();
        let heads = heads.map(|head| view! { <th scope="col" dir="auto">{head}</th> }).collect_view();
        view! {
            <td>{corner}</td>
            {heads}
        }
    });
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let name = cells.next();
        let cells = cells.map(|cell| view! { <td class="number" dir="auto">{cell}</td> }).collect_view();
        view! { <tr><th scope="row" dir="auto">{name}</th>{cells}</tr> }
    };
    view! {
        <div class="frame" tabindex="0" role="region" aria-label=label>
            <table class=format!("scores {class}")>
                <thead>
                    <tr>{head_cells}</tr>
                </thead>
                <tbody>{changing(move || rows.get().into_iter().map(row).collect_view())}</tbody>
            </table>
        </div>
    }
}

/// Heads of columns that never change.
pub fn heads(names: &[&str]) -> Signal<Vec<String>> {
    Signal::stored(names.iter().map(|name| (*name).to_owned()).collect())
}
