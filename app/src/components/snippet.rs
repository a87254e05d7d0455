use leptos::prelude::*;

use crate::components::pressed;
use leptos::task::spawn_local;

use crate::browser;

/// Code with a button to copy it.
#[component]
pub fn Snippet(
    /// Heading above the code.
    title: &'static str,
    /// The code.
    #[prop(into)]
    code: Signal<String>,
) -> impl IntoView {
    let answer = RwSignal::new("");
    let copy = move |_| {
        spawn_local(async move {
            let is_copied = browser::copy(&code.get_untracked()).await;
            answer.set(if is_copied {
                "Copied."
            } else {
                "The browser does not allow it. Select the text and copy it."
            });
        });
    };
    view! {
        <div class="snippet">
            <div class="snippet-head">
                <h4>{title}</h4>
                <span role="status">{answer}</span>
                <button type="button" class="quiet" aria-label=format!("Copy: {title}") on:click=pressed(copy)>
                    "Copy"
                </button>
            </div>
            <pre tabindex="0"><code>{code}</code></pre>
        </div>
    }
}
