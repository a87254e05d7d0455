use leptos::prelude::*;
use web_sys::FileList;

/// A button that chooses a file, or several.
#[component]
pub fn FileButton(
    /// Unique on the page.
    id: &'static str,
    /// On the button.
    label: &'static str,
    /// Endings that are offered first.
    accept: &'static str,
    /// Whether several may be chosen.
    #[prop(optional)]
    multiple: bool,
    /// Called with what was chosen.
    on_files: Callback<FileList>,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let choose = move |_| {
        let Some(input) = input.get() else { return };
        if let Some(files) = input.files() {
            on_files.run(files);
        }
        // Emptied, or choosing the same file again would be no change.
        input.set_value("");
    };
    view! {
        <span class="file-button">
            <input node_ref=input id=id class="unseen" type="file" accept=accept multiple=multiple on:change=choose />
            <label class="button" for=id>
                {label}
            </label>
        </span>
    }
}
