use leptos::prelude::*;

/// An entry of a menu.
#[component]
pub fn MenuOption(
    /// What the menu's value is when it is chosen.
    #[prop(into)]
    value: String,
    /// Its name; may be a person's own text made visible.
    #[prop(into)]
    name: String,
    /// Whether it is the chosen one.
    is_chosen: Memo<bool>,
) -> impl IntoView {
    // The property: browsers pass the attribute over once a person has chosen.
    view! { <option value=value prop:selected=is_chosen>{name}</option> }
}
