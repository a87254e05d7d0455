use hone_core::dataset::{DataRole, PartKind, Parts};
use leptos::prelude::*;

use crate::components::{MenuOption, changing, typed};
use crate::format;
use crate::page::Page;

/// Menus of an archive's tables and of a spreadsheet's sheets, if there are several.
#[component]
pub fn PartChoice(role: DataRole) -> impl IntoView {
    let page = Page::get();
    let parts =
        page.memo(move |state| state.data.file(role).source().map(|source| source.parts.clone()).unwrap_or_default());
    changing(move || {
        let several = parts.get().into_iter().enumerate().filter(|(_, parts)| parts.names.len() > 1);
        let menu = |(level, parts): (usize, Parts)| {
            let kind = parts.kind;
            let options = parts.names.iter().map(|name| {
                let (value, shown) = (name.clone(), format::visible(name));
                let own = name.clone();
                let is_chosen = page.memo(move |state| state.data.file(role).part(level) == Some(own.as_str()));
                view! { <MenuOption value name=shown is_chosen /> }
            });
            let options = options.collect_view();
            let label = match kind {
                PartKind::File => "File in the archive",
                PartKind::Sheet => "Sheet",
            };
            let choose = move |name: String| page.act(|state| state.choose_part(role, kind, name));
            view! {
                <div class="purpose part">
                    <label>
                        {label}
                        <select on:change=typed(choose)>{options}</select>
                    </label>
                </div>
            }
        };
        several.map(menu).collect_view()
    })
}
