use leptos::prelude::*;
use web_sys::File;

/// A button that chooses a file.
#[component]
pub fn FileButton(
    /// Unique on the page.
    id: &'static str,
    /// On the button.
    label: &'static str,
    /// Endings that are offered first.
    accept: &'static str,
    /// Called with what was chosen.
    on_file: Callback<File>,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let choose = move |_| {
        let Some(input) = input.get() else { return };
        let file = input.files().and_then(|files| files.get(0));
        // Emptied, or choosing the same file again would be no change.
        input.set_value("");
        if let Some(file) = file {
            on_file.run(file);
        }
    };
    view! {
        <span class="file-button">
            <input node_ref=input id=id class="unseen" type="file" accept=accept on:change=choose />
            <label class="button" for=id>
                {label}
            </label>
        </span>
    }
}
