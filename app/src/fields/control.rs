use hone_core::recipe::{Choice, Field, FieldKind, Switch};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, ticked, typed};
use crate::fields::number::NumberField;
use crate::fields::see::SeeWhatItDoes;
use crate::page::Page;

/// The control of a field, shown while the field has an effect.
#[component]
pub fn ControlField(
    /// Field of the recipe.
    field: &'static Field,
    /// Called after a valid number was typed.
    #[prop(optional_no_strip)]
    on_change: Option<Callback<()>>,
) -> impl IntoView {
    let applies = Page::get().memo(|state| (field.applies)(&state.form.recipe));
    let control = move || match &field.kind {
        FieldKind::Number(number) => view! { <NumberField field number on_change /> }.into_any(),
        FieldKind::Choice(choice) => view! { <ChoiceField field choice /> }.into_any(),
        FieldKind::Switch(switch) => view! { <SwitchField field switch /> }.into_any(),
        FieldKind::Custom(_) => ().into_any(),
    };
    changing(move || applies.get().then(control))
}

/// A menu, with the effect of the chosen option below it.
#[component]
fn ChoiceField(field: &'static Field, choice: &'static Choice) -> impl IntoView {
    let page = Page::get();
    let names = page.memo(|state| {
        let options = (choice.options)(&state.form.recipe).iter();
        options.map(|option| option.label.to_owned()).collect::<Vec<_>>()
    });
    let options = changing(move || {
        let option = |(index, name): (usize, String)| {
            let is_chosen = page.memo(move |state| (choice.get)(&state.form.recipe) == index);
            view! { <MenuOption value=index.to_string() name is_chosen /> }
        };
        names.get().into_iter().enumerate().map(option).collect_any()
    });
    let what = page.memo(|state| {
        let recipe = &state.form.recipe;
        let option = (choice.options)(recipe).get((choice.get)(recipe));
        option.map_or("", |option| option.what).to_owned()
    });
    let choose = move |value: String| {
        if let Ok(index) = value.parse() {
            page.change(|state| state.form.choose(choice, index));
        }
    };
    let hint_id = format!("{}-hint", field.name);
    view! {
        <div class="field">
            <label for=field.name>{field.label}</label>
            <select
                id=field.name
                aria-describedby=hint_id.clone()
                on:change=typed(choose)
            >
                {options}
            </select>
            <p id=hint_id class="hint">
                {what}
                " "
                <span class="when">{field.when}</span>
            </p>
            <SeeWhatItDoes field />
        </div>
    }
}

/// A checkbox, with its effect below it.
#[component]
fn SwitchField(field: &'static Field, switch: &'static Switch) -> impl IntoView {
    let page = Page::get();
    let is_on = page.memo(|state| (switch.get)(&state.form.recipe));
    let hint_id = format!("{}-hint", field.name);
    view! {
        <div class="field">
            <label class="check">
                <input
                    type="checkbox"
                    aria-describedby=hint_id.clone()
                    prop:checked=is_on
                    on:change=ticked(move |is_on| {
                        page.change(|state| state.form.switch(switch, is_on));
                    })
                />
                {field.label}
            </label>
            <p id=hint_id class="hint">
                {field.what}
                " "
                <span class="when">{field.when}</span>
            </p>
            <SeeWhatItDoes field />
        </div>
    }
}
