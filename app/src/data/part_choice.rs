use hone_core::dataset::{DataRole, PartKind, Parts};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, typed};
use crate::format;
use crate::page::Page;
use crate::state::{Effect, State};

/// The file whose parts are offered.
#[derive(Clone, Copy)]
pub enum PartOf {
    /// A data file.
    Data(DataRole),
    /// The table whose rows are predicted.
    Table,
}

impl PartOf {
    fn parts(self, state: &State) -> Vec<Parts> {
        let source = match self {
            Self::Data(role) => state.data.file(role).source(),
            Self::Table => state.table.source.as_ref(),
        };
        source.map(|source| source.parts.clone()).unwrap_or_default()
    }

    fn chosen(self, state: &State, level: usize) -> Option<&str> {
        match self {
            Self::Data(role) => state.data.file(role).part(level),
            Self::Table => state.table.part(level),
        }
    }

    fn choose(self, state: &mut State, kind: PartKind, name: String) -> Vec<Effect> {
        match self {
            Self::Data(role) => state.choose_part(role, kind, name),
            Self::Table => state.choose_table_part(kind, name),
        }
    }
}

/// Menus of an archive's tables and of a spreadsheet's sheets, if there are several.
#[component]
pub fn PartChoice(of: PartOf) -> impl IntoView {
    let page = Page::get();
    let parts = page.watch(move |state| of.parts(state));
    changing(move || {
        let several = parts.get().into_iter().enumerate().filter(|(_, parts)| parts.names.len() > 1);
        let menu = |(level, parts): (usize, Parts)| {
            let kind = parts.kind;
            let options = parts.names.iter().map(|name| {
                let (value, shown) = (name.clone(), format::visible(name));
                let own = name.clone();
                let is_chosen = page.memo(move |state| of.chosen(state, level) == Some(own.as_str()));
                view! { <MenuOption value name=shown is_chosen /> }
            });
            let options = options.collect_any();
            let label = match kind {
                PartKind::File => "File in the archive",
                PartKind::Sheet => "Sheet",
                PartKind::Split => "Part",
            };
            let choose = move |name: String| page.act(|state| of.choose(state, kind, name));
            view! {
                <div class="purpose part">
                    <label>
                        {label}
                        <select on:change=typed(choose)>{options}</select>
                    </label>
                </div>
            }
        };
        several.map(menu).collect_any()
    })
}
