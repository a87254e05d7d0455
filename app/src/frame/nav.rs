use leptos::prelude::*;

use crate::components::{CollectAny, pressed};
use crate::page::Page;
use crate::state::{Fold, Status, Step};

/// The five steps, each with its status.
#[component]
pub fn StepNav() -> impl IntoView {
    let page = Page::get();
    let steps = Step::ALL.into_iter().zip(1..).map(|(step, number)| {
        let class = page.memo(move |state| mark_class(state.line(step).status).to_owned());
        let sign = page
            .memo(move |state| mark_sign(state.line(step).status).map_or_else(|| format!("{number}"), String::from));
        view! {
            <li class=class>
                <a
                    href=format!("#{}", step.id())
                    on:click=pressed(move |_| page.change(|state| state.open_fold(Fold::Step(step))))
                >
                    <span class="mark" aria-hidden="true">
                        {sign}
                    </span>
                    <span class="name">{step.name()}</span>
                    <span class="line">{page.memo(move |state| state.line(step).text)}</span>
                </a>
            </li>
        }
    });
    view! {
        <nav class="rail" aria-label="Steps">
            <ol>{steps.collect_any()}</ol>
        </nav>
    }
}

fn mark_class(status: Status) -> &'static str {
    match status {
        Status::Waiting => "waiting",
        Status::Open => "open",
        Status::Busy => "busy",
        Status::Done => "done",
        Status::Wrong => "wrong",
    }
}

fn mark_sign(status: Status) -> Option<&'static str> {
    match status {
        Status::Waiting | Status::Open => None,
        Status::Busy => Some("…"),
        Status::Done => Some("✓"),
        Status::Wrong => Some("!"),
    }
}
