use leptos::prelude::*;

/// An option of a menu.
#[component]
pub fn MenuOption(
    /// The menu's value if this option is chosen.
    #[prop(into)]
    value: String,
    /// Its name; may be text from the user's data, made visible.
    #[prop(into)]
    name: String,
    /// True if it is chosen.
    is_chosen: Memo<bool>,
) -> impl IntoView {
    // The property, because browsers ignore the attribute once the user has chosen.
    view! { <option value=value prop:selected=is_chosen>{name}</option> }
}
