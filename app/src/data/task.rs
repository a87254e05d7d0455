use std::mem::discriminant;

use hone_core::dataset::{SourceInfo, TaskOffer};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, memo, ticked, typed};
use crate::data::prompt::PromptEditor;
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::data::columns;
use crate::state::data::columns::ColumnRole;

/// The task, and the role of each column.
#[component]
pub fn TaskForm(source: SourceInfo) -> impl IntoView {
    let page = Page::get();
    let offers = source.offers;
    let advice = page.memo(|state| {
        let data = &state.data;
        let advice = data.train.source().zip(data.mapping.as_ref()).map(|(source, it)| columns::advice(source, it));
        advice.unwrap_or_default()
    });
    let option = |(offer, index): (&TaskOffer, usize)| {
        let own = discriminant(&offer.mapping);
        let is_chosen = page.memo(move |state| state.data.mapping.as_ref().map(discriminant) == Some(own));
        view! { <MenuOption value=index.to_string() name=columns::offer_name(offer) is_chosen /> }
    };
    let options = |fits: bool| offers.iter().zip(0..).filter(|(offer, _)| offer.fits == fits).map(option).collect_any();
    let (fitting, others) = (options(true), options(false));
    let choose = move |value: String| {
        let offer = value.parse().ok().and_then(|index: usize| offers.get(index));
        if let Some(offer) = offer {
            page.act(|state| state.choose_task(&offer.mapping));
        }
    };
    let names = source.columns.iter().map(|column| format::visible(column)).collect();
    let names: StoredValue<Vec<String>> = StoredValue::new(names);
    let labels = page.memo(|state| roles(state).iter().map(|role| format!("{} column", role.name)).collect::<Vec<_>>());
    let selects = changing(move || {
        let labels = labels.get().into_iter().enumerate();
        labels.map(|(nth, label)| view! { <RoleSelect nth label=format::sentence_case(&label) names /> }).collect_any()
    });
    view! {
        <div class="purpose">
            <label>
                "Task"
                <select on:change=typed(choose)>
                    <optgroup label="This file fits">{fitting}</optgroup>
                    <optgroup label="With columns that you choose">{others}</optgroup>
                </select>
            </label>
            <p class="hint" dir="auto" hidden=memo(move || advice.with(String::is_empty))>{advice}</p>
        </div>
        <div class="pair">{selects}</div>
        <LabelColumns names />
        <PromptEditor />
    }
}

fn roles(state: &State) -> Vec<ColumnRole> {
    state.data.mapping.as_ref().map(columns::roles).unwrap_or_default()
}

/// The menu for the column of a role.
#[component]
fn RoleSelect(nth: usize, label: String, names: StoredValue<Vec<String>>) -> impl IntoView {
    let page = Page::get();
    let is_optional = page.peek(|state| roles(state).get(nth).is_some_and(|role| role.is_optional));
    let none = is_optional.then(|| (String::new(), "none".to_owned()));
    let columns = names.get_value().into_iter().zip(0u32..).map(|(name, index)| (index.to_string(), name));
    let options = none.into_iter().chain(columns).map(|(value, name)| {
        let column: Option<u32> = value.parse().ok();
        let is_chosen = page.memo(move |state| roles(state).get(nth).is_some_and(|role| role.column == column));
        view! { <MenuOption value name is_chosen /> }
    });
    let options = options.collect_any();
    let choose = move |value: String| {
        page.act(|state| match state.data.mapping.clone() {
            Some(mapping) => state.map(columns::with(&mapping, nth, value.parse().ok())),
            None => Vec::new(),
        });
    };
    view! {
        <label>
            {label}
            <select on:change=typed(choose)>{options}</select>
        </label>
    }
}

/// The label columns of a task with several.
#[component]
fn LabelColumns(names: StoredValue<Vec<String>>) -> impl IntoView {
    let page = Page::get();
    let is_moot = page.memo(|state| labels(state).is_none());
    let boxes = names.get_value().into_iter().zip(0u32..).map(move |(name, column)| {
        let is_on = page.memo(move |state| labels(state).is_some_and(|labels| labels.contains(&column)));
        let tick = move |is_on| {
            page.act(|state| match state.data.mapping.clone() {
                Some(mapping) => state.map(columns::with_label(&mapping, column, is_on)),
                None => Vec::new(),
            });
        };
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=is_on on:change=ticked(tick) />
                <span dir="auto">{name}</span>
            </label>
        }
    });
    view! {
        <fieldset class="plain field" hidden=is_moot>
            <legend>"Label columns"</legend>
            <div class="checks">{boxes.collect_any()}</div>
            <p class="hint">"One column that lists labels, or one 0/1 column for each label."</p>
        </fieldset>
    }
}

fn labels(state: &State) -> Option<&[u32]> {
    state.data.mapping.as_ref().and_then(columns::labels)
}
