use hone_core::protocol::Estimate;
use leptos::prelude::*;

use crate::browser;
use crate::components::When;
use crate::page::Page;
use crate::state::{Phase, State, Step, show};

/// The one primary button, and what it takes or waits for.
#[component]
pub fn StartRow() -> impl IntoView {
    let page = Page::get();
    let is_blocked = page.memo(|state| state.blocker().is_some());
    let is_idle = page.memo(|state| !state.run.is_active());
    let is_setting_up = page.memo(|state| state.run.phase == Phase::Starting);
    let label = page.memo(|state| {
        let label = if state.run.phase == Phase::Idle { "Start" } else { "Start again" };
        label.to_owned()
    });
    let words = page.memo(|state| state.blocker().unwrap_or_else(|| takes(state)));
    let start = move |_| {
        page.act(State::start);
        browser::focus(Step::Train);
    };
    view! {
        <When is=is_idle>
            <div class="row">
                <button
                    type="button"
                    class="primary"
                    disabled=is_blocked
                    aria-describedby="start-hint"
                    on:click=start
                >
                    {label}
                </button>
                <p id="start-hint" class="takes">{words}</p>
                <Nearest />
            </div>
        </When>
        <When is=is_setting_up>
            <p class="setting-up">
                "Setting up. On a GPU the first steps take up to half a minute, because its programs are made then."
            </p>
        </When>
    }
}

/// The nearest recipe that fits, where the one in the form does not.
#[component]
fn Nearest() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(|state| match state.estimate() {
        Some(Ok(estimate @ Estimate { nearest: Some(nearest), .. })) if !estimate.fits() => {
            let len = nearest.max_len.filter(|len| state.form.recipe.max_len != Some(*len));
            let len = len.map_or_else(String::new, |len| format!(", {len} tokens"));
            Some(format!("Use batch {} × {}{len}", nearest.batch_size, nearest.grad_accum_steps))
        }
        _ => None,
    });
    move || {
        words.get().map(|words| {
            view! {
                <button type="button" on:click=move |_| page.change(State::take_nearest)>
                    {words}
                </button>
            }
        })
    }
}

/// What a run takes, as far as it is known.
fn takes(state: &State) -> String {
    let steps = format!("{} steps", show::count(f64::from(state.planned_steps())));
    match state.estimate() {
        Some(Ok(estimate)) => {
            format!("about {} · {} · {steps}", show::about(estimate.seconds), show::bytes(estimate.bytes))
        }
        Some(Err(problem)) => {
            format!("{steps}. Time and memory could not be told: {}", show::visible(&problem.what))
        }
        None if state.estimate.is_pending() => format!("{steps} · measuring time and memory…"),
        None => steps,
    }
}
