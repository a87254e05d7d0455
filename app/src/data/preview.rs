use hone_core::dataset::{Mapping, SourceInfo};
use leptos::prelude::*;

use crate::page::Page;
use crate::state::show;

/// The first rows of the file, with the columns in use marked.
#[component]
pub fn Preview() -> impl IntoView {
    let page = Page::get();
    let shown = page.memo(|state| state.data.train.source.clone().zip(state.data.mapping.clone()));
    move || shown.get().map(|(source, mapping)| view! { <PreviewTable source mapping /> })
}

#[component]
fn PreviewTable(source: SourceInfo, mapping: Mapping) -> impl IntoView {
    let roles = mapping.roles(&source.columns);
    let role = |index: usize| roles.iter().find(|(column, _)| *column as usize == index).map_or("", |(_, role)| *role);
    let head = source.columns.iter().enumerate().map(|(index, name)| {
        view! {
            <th scope="col" dir="auto" class=role(index)>
                {show::visible(name)}
                <small>{role(index)}</small>
            </th>
        }
    });
    let rows = source.preview.iter().map(|row| {
        let cells = row.iter().enumerate().map(|(index, cell)| {
            view! {
                <td dir="auto" class=role(index)>
                    <div class="folded">{show::visible(cell)}</div>
                </td>
            }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    view! {
        <div class="frame" tabindex="0" role="region" aria-label="First rows of the file">
            <table class="preview">
                <thead>
                    <tr>{head.collect_view()}</tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
