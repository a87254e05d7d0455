use hone_core::dataset::DataRole;
use hone_core::dataset::Encoding;
use leptos::prelude::*;

use crate::components::{ProblemPlace, pressed};
use crate::page::Page;

/// Why a file cannot be used, and why a file chosen after it was not opened.
#[component]
pub fn FileProblem(role: DataRole) -> impl IntoView {
    let page = Page::get();
    let rejected =
        page.watch(move |state| state.data.file(role).rejected.as_ref().map(|rejected| rejected.diagnostic.clone()));
    let diagnostic = page.watch(move |state| state.data.file(role).diagnostic().cloned());
    let is_readable = page.memo(move |state| !state.data.file(role).has_other_encoding());
    let read = move |_| page.act(|state| state.read_as(role, Encoding::WINDOWS_1252));
    view! {
        <ProblemPlace diagnostic=rejected />
        <ProblemPlace diagnostic />
        <div class="row" hidden=is_readable>
            <button type="button" on:click=pressed(read)>"Read it as Windows-1252"</button>
        </div>
    }
}
