use hone_core::recipe::Field;
use leptos::prelude::*;

use crate::browser;
use crate::components::pressed;
use crate::page::Page;
use crate::state::recipe::opposite;

/// Id of the place that shows what a field does.
pub const STUDY: &str = "study";

/// A button that offers two short runs, with and without the field's value. It never moves: it is disabled instead.
#[component]
pub fn SeeWhatItDoes(
    /// Field of the recipe.
    field: &'static Field,
) -> impl IntoView {
    let page = Page::get();
    opposite::is_shown(field).then(|| {
        let cannot = page.memo(move |state| !state.can_study(field));
        let offer = move |_| {
            page.change(|state| state.offer_study(field));
            request_animation_frame(|| browser::focus(STUDY));
        };
        view! {
            <button type="button" class="quiet small see" disabled=cannot on:click=pressed(offer)>
                "See what it does"
                <span class="unseen">": " {field.label}</span>
            </button>
        }
    })
}
