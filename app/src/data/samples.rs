use hone_core::dataset::DataRole;
use hone_core::diagnostic::Diagnostic;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use crate::browser;
use crate::components::{CollectAny, changing, pressed};
use crate::format;
use crate::page::Page;

/// A data set that comes with the page, from `samples/index.json`.
#[derive(Clone, Deserialize)]
struct Sample {
    /// Name of the task in a recipe, such as `multi_label`.
    task: String,
    title: String,
    description: String,
    file: String,
    rows: u32,
    license: String,
    source: String,
}

/// Number of samples shown at once; the others are in a disclosure.
const AT_ONCE: usize = 3;

/// Sample data for users without a file at hand.
#[component]
pub fn Samples() -> impl IntoView {
    let samples = RwSignal::new(Ok::<Vec<Sample>, Diagnostic>(Vec::new()));
    spawn_local(async move { samples.set(browser::fetch_json("samples/index.json").await) });
    let list = changing(move || match samples.get() {
        Err(_) => view! { <p class="hint">"This copy of Hone has no samples."</p> }.into_any(),
        Ok(samples) => {
            let mut samples = samples.into_iter().map(|sample| view! { <SampleItem sample /> });
            let first = samples.by_ref().take(AT_ONCE).collect_any();
            let more = samples.collect_any();
            view! {
                <ul class="samples">{first}</ul>
                <details>
                    <summary>"More samples, for other tasks"</summary>
                    <ul class="samples">{more}</ul>
                </details>
            }
            .into_any()
        }
    });
    view! {
        <div class="try-sample">
            <h3>"Or try a sample"</h3>
            {list}
        </div>
    }
}

#[component]
fn SampleItem(sample: Sample) -> impl IntoView {
    let page = Page::get();
    let (file, name) = (sample.file, sample.title.clone());
    let task = format::sentence_case(&sample.task.replace('_', " "));
    let open = move |_| {
        let file = file.clone();
        spawn_local(async move {
            match browser::fetch_blob(&format!("samples/{file}")).await {
                Ok(blob) => page.open_file(DataRole::Train, file, blob),
                Err(diagnostic) => page.change(|state| state.not_opened(diagnostic)),
            }
        });
    };
    let about = format!("{}, {}. {}", format::counted(sample.rows, "row", "rows"), sample.license, sample.source);
    view! {
        <li>
            <button type="button" class="sample" on:click=pressed(open)>
                <strong>{name}</strong>
                <small>{task}</small>
                <span>{sample.description}</span>
                <small>{about}</small>
            </button>
        </li>
    }
}
