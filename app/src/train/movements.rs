use leptos::prelude::*;

use crate::components::{CollectAny, changing};
use crate::page::Page;
use crate::state::{MovementCell, MovementTable};

/// The layers over time: how far each has moved, shaded by how fast.
#[component]
pub fn LayersOverTime() -> impl IntoView {
    let page = Page::get();
    let movements = page.slow(|state| state.run.movement_table());
    let is_empty = page.memo(|state| state.run.movements.is_empty());
    let words = page.slow(|state| state.run.movement_words());
    let table = changing(move || {
        let MovementTable { steps, rows } = movements.get();
        let heads = steps.into_iter().map(|step| view! { <th scope="col" class="number">{step}</th> }).collect_any();
        let row = |(name, cells): (String, Vec<MovementCell>)| {
            let cells = cells.into_iter().map(|cell| view! { <td class=cell.class>{cell.words}</td> }).collect_any();
            view! { <tr><th scope="row">{name}</th>{cells}</tr> }
        };
        let body = rows.into_iter().map(row).collect_any();
        view! {
            <table class="stages">
                <thead>
                    <tr><td>"at step"</td>{heads}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        }
    });
    view! {
        <div class="movements" hidden=is_empty>
            <h4>"Layers over time"</h4>
            <div class="frame fit" tabindex="0" role="region" aria-label="Layers over time">
                {table}
            </div>
            <p class="hint">{words}</p>
        </div>
    }
}
