use leptos::prelude::*;

use crate::components::{MenuOption, NumberField, changing, ticked, typed};
use crate::page::Page;
use crate::state::recipe::fields::{Choice, Control, Switch};

/// A control of the recipe, for as long as it matters.
#[component]
pub fn ControlField(
    /// Which.
    control: &'static Control,
) -> impl IntoView {
    let applies = Page::get().memo(|state| control.applies(&state.form.recipe));
    changing(move || {
        applies.get().then(|| match control {
            Control::Number(field) => view! { <NumberField field /> }.into_any(),
            Control::Choice(choice) => view! { <ChoiceField choice /> }.into_any(),
            Control::Switch(switch) => view! { <SwitchField switch /> }.into_any(),
        })
    })
}

/// One of several, with what the chosen one does.
#[component]
fn ChoiceField(choice: &'static Choice) -> impl IntoView {
    let page = Page::get();
    let options = (0..).zip(choice.options).map(|(index, (name, _))| {
        let is_chosen = page.memo(move |state| choice.chosen(&state.form.recipe) == index);
        view! { <MenuOption value=index.to_string() name=*name is_chosen /> }
    });
    let what = page.memo(|state| {
        let option = choice.options.get(choice.chosen(&state.form.recipe));
        option.map_or("", |(_, what)| *what).to_owned()
    });
    let choose = move |value: String| {
        if let Ok(index) = value.parse() {
            page.change(|state| state.form.choose(choice, index));
        }
    };
    let hint_id = format!("{}-hint", choice.name);
    view! {
        <div class="field">
            <label for=choice.name>{choice.label}</label>
            <select
                id=choice.name
                aria-describedby=hint_id.clone()
                on:change=typed(choose)
            >
                {options.collect_view()}
            </select>
            <p id=hint_id class="hint">
                {what}
                " "
                <span class="when">{choice.when}</span>
            </p>
        </div>
    }
}

/// On or off.
#[component]
fn SwitchField(switch: &'static Switch) -> impl IntoView {
    let page = Page::get();
    let is_on = page.memo(|state| switch.is_on(&state.form.recipe));
    let hint_id = format!("{}-hint", switch.name);
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
                {switch.label}
            </label>
            <p id=hint_id class="hint">
                {switch.what}
                " "
                <span class="when">{switch.when}</span>
            </p>
        </div>
    }
}
