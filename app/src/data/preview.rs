use leptos::prelude::*;

use crate::components::changing;
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The first rows of the file, with the columns in use marked.
#[component]
pub fn Preview() -> impl IntoView {
    let page = Page::get();
    let columns = page.memo(columns);
    let rows = page.memo(|state| {
        let rows = state.data.train.source().map_or(&[][..], |source| &source.preview);
        rows.iter().map(|row| row.iter().map(|cell| format::visible(cell)).collect()).collect::<Vec<Vec<String>>>()
    });
    let role = move |index: usize| {
        columns.with(|columns| columns.get(index).map_or(String::new(), |column| column[1].clone()))
    };
    let head = changing(move || {
        let columns = columns.get().into_iter().map(|column| {
            let [name, role, class] = [0, 1, 1].map(|part| column[part].clone());
            view! {
                <th scope="col" dir="auto" class=class>
                    {name}
                    <small>{role}</small>
                </th>
            }
        });
        columns.collect_view()
    });
    let row = move |row: Vec<String>| {
        let cells = row.into_iter().enumerate().map(|(index, cell)| {
            view! {
                <td dir="auto" class=role(index)>
                    <div class="folded">{cell}</div>
                </td>
            }
        });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    view! {
        <div
            class="frame"
            tabindex="0"
            role="region"
            aria-label="First rows of the file"
            hidden=Memo::new(move |_| columns.with(Vec::is_empty))
        >
            <table class="preview">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{changing(move || rows.get().into_iter().map(row).collect_view())}</tbody>
            </table>
        </div>
    }
}

/// Name and role of each column.
fn columns(state: &State) -> Vec<Vec<String>> {
    let Some(mapping) = &state.data.mapping else { return Vec::new() };
    let (columns, roles) = (state.data.columns(), mapping.roles(state.data.columns()));
    let column = |(name, index): (&String, u32)| {
        let role = roles.iter().find(|(column, _)| *column == index).map_or("", |(_, role)| *role);
        vec![format::visible(name), role.to_owned()]
    };
    columns.iter().zip(0..).map(column).collect()
}
