//! The page of Hone: everything the user sees and does. The engine runs in a worker, see [`worker`].

#![allow(unreachable_pub, reason = "a program has no API: `pub` marks what a module offers to the rest of it")]

mod attention;
mod browser;
mod components;
mod data;
mod export;
mod fields;
mod format;
mod frame;
mod handles;
mod lessons;
mod model;
mod page;
mod plot;
mod saved;
mod state;
mod train;
mod try_it;
mod wire;
mod worker;

use leptos::prelude::*;

use frame::{NewVersionLine, OpenAll, StepNav, keep_folds};
use page::Page;

fn main() {
    console_error_panic_hook::set_once();
    mount_to_body(App);
}

/// The whole page.
#[component]
fn App() -> impl IntoView {
    let page = Page::open();
    attention::attend(page);
    keep_folds(page);
    let announcement = page.memo(state::State::announcement);
    view! {
        <a class="skip" href="#data">
            "Skip to the first step"
        </a>
        <header class="masthead">
            <h1>"Hone"</h1>
            <p>"Fine-tune a small language model in this tab. Your data never leaves it."</p>
            <lessons::LessonLinks />
            <OpenAll />
        </header>
        <div class="layout">
            <StepNav />
            <main>
                <lessons::OpenLesson />
                <saved::SavedRuns />
                <data::DataStep />
                <model::ModelStep />
                <train::TrainStep />
                <try_it::TryStep />
                <export::ExportStep />
            </main>
        </div>
        <NewVersionLine />
        <p class="unseen" role="status">
            {announcement}
        </p>
    }
}
