use leptos::prelude::*;
use web_sys::FileList;

/// A button for choosing one or more files.
#[component]
pub fn FileButton(
    /// Id, unique on the page.
    id: &'static str,
    /// Label of the button.
    label: &'static str,
    /// Extensions offered by the file dialog.
    accept: &'static str,
    /// True if several files can be chosen.
    #[prop(optional)]
    multiple: bool,
    /// True if a folder is chosen, with all files in it.
    #[prop(optional)]
    is_folder: bool,
    /// True if a saved run may read the files again: app/handles.js keeps their handles then.
    #[prop(optional)]
    keeps_handle: bool,
    /// Called with the chosen files.
    on_files: Callback<FileList>,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let choose = move |_| {
        let Some(input) = input.get() else { return };
        if let Some(files) = input.files() {
            on_files.run(files);
        }
        // Cleared, because otherwise choosing the same file again would not be a change.
        input.set_value("");
    };
    view! {
        <span class="file-button">
            <input
                node_ref=input
                id=id
                class="unseen"
                type="file"
                accept=accept
                multiple=multiple
                prop:webkitdirectory=is_folder
                data-keeps-handle=keeps_handle.then_some("")
                on:change=choose
            />
            <label class="button" for=id>
                {label}
            </label>
        </span>
    }
}
