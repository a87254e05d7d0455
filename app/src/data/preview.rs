use hone_core::dataset::FileRow;
use leptos::prelude::*;

use crate::components::{CollectAny, changing, memo, pressed, ticked, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// Rows of the file, with the columns in use marked: the first ones, or those that the user looks for.
#[component]
pub fn Preview() -> impl IntoView {
    let page = Page::get();
    let columns = page.memo(columns);
    let rows = page.watch(|state| state.shown_rows().0);
    let has_lines = page.memo(|state| state.data.browse.found.is_some());
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
        let line = has_lines.get().then(|| view! { <th scope="col">"Line"</th> });
        (line, columns.collect_any()).into_any()
    });
    let row = move |FileRow { line, cells, skipped }: FileRow| {
        let cells = cells.into_iter().enumerate().map(|(index, cell)| {
            view! {
                <td dir="auto" class=role(index)>
                    <div class="folded">{format::visible(&cell)}</div>
                </td>
            }
        });
        let cells = cells.collect_any();
        let line = (line > 0).then(|| view! { <th scope="row">{line}</th> });
        let reason = skipped.map(|reason| {
            let width = columns.with(|columns| columns.len() + 1).to_string();
            view! { <tr class="reason"><td colspan=width>{format!("Not used: {}", format::visible(&reason))}</td></tr> }
        });
        view! {
            <tr>{line} {cells}</tr>
            {reason}
        }
    };
    let is_empty = memo(move || columns.with(Vec::is_empty));
    view! {
        <div class="frame" tabindex="0" role="region" aria-label="Rows of the file" hidden=is_empty>
            <table class="preview">
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{changing(move || rows.get().into_iter().map(row).collect_any())}</tbody>
            </table>
        </div>
        <Browse is_hidden=is_empty />
    }
}

/// Search, paging and the filter below the rows.
#[component]
fn Browse(is_hidden: Memo<bool>) -> impl IntoView {
    let page = Page::get();
    let search = page.memo(|state| state.data.browse.query.search.clone());
    let only_skipped = page.memo(|state| state.data.browse.query.only_skipped);
    let is_reading = page.memo(|state| state.data.train.is_reading());
    let is_pending = page.memo(|state| state.data.browse.is_pending);
    let is_first = page.memo(|state| state.data.browse.query.offset == 0);
    let is_last = page.memo(|state| {
        let (rows, total) = state.shown_rows();
        state.data.browse.query.offset + rows.len() as u32 >= total
    });
    view! {
        <fieldset class="browse" hidden=is_hidden disabled=is_reading>
            <legend class="unseen">"Look through the file"</legend>
            <label>
                "Search the rows"
                <input
                    type="search"
                    prop:value=search
                    on:change=typed(move |search| page.act(|state| state.search_rows(search.clone())))
                />
            </label>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=only_skipped
                    on:change=ticked(move |is_on| page.act(|state| state.show_only_skipped(is_on)))
                />
                "Only rows that are not used"
            </label>
            <span class="pages">
                <span role="status">{page.memo(position)}</span>
                <button type="button" class="quiet" hidden=move || !is_pending.get() on:click=pressed(move |_| page.act(State::stop_browsing))>
                    "Stop"
                </button>
                <button type="button" class="quiet" disabled=is_first on:click=pressed(move |_| page.act(State::previous_rows))>
                    "Previous rows"
                </button>
                <button type="button" class="quiet" disabled=is_last on:click=pressed(move |_| page.act(State::next_rows))>
                    "Next rows"
                </button>
            </span>
        </fieldset>
    }
}

/// Range of the rows that are shown, in words.
fn position(state: &State) -> String {
    if state.data.browse.is_pending {
        return "Looking…".to_owned();
    }
    let (rows, total) = state.shown_rows();
    let offset = state.data.browse.query.offset;
    let number = |rows: u32| format::count(f64::from(rows));
    match rows.len() as u32 {
        0 => "No such row".to_owned(),
        shown => {
            format!("{} to {} of {}", number(offset + 1), number(offset + shown), format::counted(total, "row", "rows"))
        }
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
