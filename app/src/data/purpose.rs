use std::mem::discriminant;

use hone_core::dataset::{Mapping, SourceInfo};
use leptos::prelude::*;

use super::prompt::PromptEditor;
use crate::page::Page;
use crate::state::{roles, show};

/// What the file is for, and which column serves as what.
#[component]
pub fn Purpose(source: SourceInfo) -> impl IntoView {
    let page = Page::get();
    let mapping = page.memo(|state| state.data.mapping.clone());
    let guesses = source.guesses;
    let why = show::visible(&source.why);
    let first = guesses.first().map(discriminant);
    // The reason is of the first guess only.
    let why = move || mapping.with(|mapping| mapping.as_ref().map(discriminant) == first).then(|| why.clone());
    let options = guesses.iter().zip(0..).map(|(guess, index): (&Mapping, usize)| {
        let own = discriminant(guess);
        let is_chosen = Memo::new(move |_| mapping.with(|mapping| mapping.as_ref().map(discriminant) == Some(own)));
        view! { <option value=index.to_string() selected=is_chosen>{roles::purpose(guess)}</option> }
    });
    let options = options.collect_view();
    let choose = move |value: String| {
        let guess = value.parse().ok().and_then(|index: usize| guesses.get(index).cloned());
        if let Some(guess) = guess {
            page.act(|state| state.map(guess));
        }
    };
    let names: Vec<String> = source.columns.iter().map(|column| show::visible(column)).collect();
    let names = StoredValue::new(names);
    let places = page.memo(|state| state.data.mapping.as_ref().map(roles::roles).unwrap_or_default().len());
    view! {
        <div class="purpose">
            <label>
                "What to learn"
                <select on:change:target=move |event| choose(event.target().value())>{options}</select>
            </label>
            <p class="hint" dir="auto">{why}</p>
        </div>
        <div class="pair">
            {move || (0..places.get()).map(|nth| view! { <RoleSelect nth mapping names /> }).collect_view()}
        </div>
        <LabelColumns mapping names />
        <PromptEditor />
    }
}

/// The column that serves as something.
#[component]
fn RoleSelect(nth: usize, mapping: Memo<Option<Mapping>>, names: StoredValue<Vec<String>>) -> impl IntoView {
    let page = Page::get();
    let role = Memo::new(move |_| mapping.with(|mapping| roles::roles(mapping.as_ref()?).into_iter().nth(nth)));
    let label = move || role.get().map(|role| format!("{} column", show::sentence_case(role.name)));
    let must_be_filled = Memo::new(move |_| !role.get().is_some_and(|role| role.is_optional));
    let column = Memo::new(move |_| role.get().and_then(|role| role.column));
    let option = |(index, name): (u32, String)| {
        view! { <option value=index.to_string() selected=Memo::new(move |_| column.get() == Some(index))>{name}</option> }
    };
    let options: Vec<_> = (0..).zip(names.get_value()).map(option).collect();
    let choose = move |value: String| {
        if let Some(mapping) = mapping.get_untracked() {
            page.act(|state| state.map(roles::with(&mapping, nth, value.parse().ok())));
        }
    };
    view! {
        <label>
            {label}
            <select on:change:target=move |event| choose(event.target().value())>
                <option value="" hidden=must_be_filled selected=Memo::new(move |_| column.get().is_none())>"none"</option>
                {options}
            </select>
        </label>
    }
}

/// The columns of labels, where there may be several.
#[component]
fn LabelColumns(mapping: Memo<Option<Mapping>>, names: StoredValue<Vec<String>>) -> impl IntoView {
    let page = Page::get();
    let labels = Memo::new(move |_| mapping.with(|mapping| roles::labels(mapping.as_ref()?).map(<[u32]>::to_vec)));
    let is_moot = Memo::new(move |_| labels.with(Option::is_none));
    let boxes = (0..).zip(names.get_value()).map(move |(column, name): (u32, String)| {
        let is_on = Memo::new(move |_| labels.with(|labels| labels.as_ref().is_some_and(|own| own.contains(&column))));
        let tick = move |is_on| {
            if let Some(mapping) = mapping.get_untracked() {
                page.act(|state| state.map(roles::with_label(&mapping, column, is_on)));
            }
        };
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=is_on on:change:target=move |event| tick(event.target().checked()) />
                <span dir="auto">{name}</span>
            </label>
        }
    });
    view! {
        <fieldset class="plain field" hidden=is_moot>
            <legend>"Columns of labels"</legend>
            <div class="checks">{boxes.collect_view()}</div>
            <p class="hint">"One column that lists labels, or several of 0 and 1, each named like its label."</p>
        </fieldset>
    }
}
