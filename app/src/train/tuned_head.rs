use hone_core::recipe::FieldGroup;
use leptos::prelude::*;

use crate::components::CollectAny;
use crate::fields::ControlField;
use crate::page::Page;
use crate::state::State;
use crate::state::recipe::fields;

/// The head that the model was tuned with before: if the run continues it, and the choice of a new one.
#[component]
pub fn TunedHead() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(State::head_words);
    let has_none = page.memo(|state| state.head_words().is_empty());
    let is_locked = page.memo(State::is_engaged);
    let controls = fields::controls(FieldGroup::Head).into_iter();
    let controls = controls.map(|field| view! { <ControlField field on_change=None /> }).collect_any();
    view! {
        <fieldset class="plain tuned-head" disabled=is_locked hidden=has_none>
            <legend class="unseen">"Head"</legend>
            <p>{words}</p>
            {controls}
        </fieldset>
    }
}
