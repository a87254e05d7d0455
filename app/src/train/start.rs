use leptos::prelude::*;

use crate::browser;
use crate::components::{ProblemPlace, pressed};
use crate::format;
use crate::page::Page;
use crate::saved::CopyData;
use crate::state::{Fold, Phase, State, Step, cut_rows};

/// The start button, with the cost of the run or the reason why it cannot start.
#[component]
pub fn StartRow() -> impl IntoView {
    let page = Page::get();
    let is_blocked = page.memo(|state| state.blocker().is_some());
    let is_active = page.memo(|state| state.run.is_active());
    let is_closed = page.memo(|state| state.run.is_active() || !state.is_open(Fold::Recipe));
    let is_quiet = page.memo(|state| state.run.phase != Phase::Starting);
    let label = page.memo(|state| {
        let label = if state.run.phase == Phase::Idle { "Start" } else { "Start again" };
        label.to_owned()
    });
    let words = page.memo(|state| state.blocker().unwrap_or_else(|| takes(state)));
    let unreached = page.watch(|state| state.unreached_stages().filter(|_| !state.run.is_active()));
    let start = move |_| {
        page.act(State::start);
        browser::focus_from_top(Step::Train.id());
    };
    view! {
            <div class="row" hidden=is_active>
                <button
                    type="button"
                    class="primary"
                    disabled=is_blocked
                    aria-describedby="start-hint"
                    on:click=pressed(start)
                >
                    {label}
                </button>
                <p id="start-hint" class="takes">{words}</p>
                <Nearest />
            </div>
            // Below the button: it changes with every edited field, and a button that moves while it is pressed misses the click.
            <ProblemPlace diagnostic=unreached is_warning=true />
            <p class="chosen" hidden=is_closed>{page.memo(State::chosen_words)}</p>
            <div hidden=is_closed><CopyData /></div>
            <p class="setting-up" hidden=is_quiet>
                "Setting up. On a GPU the first steps take up to half a minute, because its kernels are compiled then."
            </p>
    }
}

/// The closest recipe that fits, if the one in the form does not.
#[component]
fn Nearest() -> impl IntoView {
    let page = Page::get();
    let words = page.memo(|state| nearest(state).unwrap_or_default());
    view! {
        <button
            type="button"
            hidden=page.memo(|state| nearest(state).is_none())
            on:click=pressed(move |_| page.change(State::take_nearest))
        >
            {words}
        </button>
    }
}

/// Label of the button for the closest recipe.
fn nearest(state: &State) -> Option<String> {
    let Some(Ok(estimate)) = state.estimate() else { return None };
    let nearest = estimate.nearest.as_ref().filter(|_| !estimate.fits())?;
    let len = nearest.max_length.filter(|len| state.filled_form().max_length != Some(*len));
    let len = len.map_or_else(String::new, |len| format!(", {len} tokens"));
    Some(format!("Use batch {} × {}{len}", nearest.batch_size.unwrap_or_default(), nearest.gradient_accumulation_steps))
}

/// Time, memory and steps of the run, as far as they have been estimated.
fn takes(state: &State) -> String {
    let steps = format!("{} steps", format::count(f64::from(state.planned_steps())));
    match state.estimate() {
        Some(Ok(estimate)) => {
            let cut = match cut_rows(&estimate.cuts) {
                rows if rows.is_empty() => rows,
                rows => format!(" · {rows}"),
            };
            format!("about {} · {} · {steps}{cut}", format::about(estimate.seconds), format::bytes(estimate.bytes))
        }
        Some(Err(diagnostic)) => {
            format!("{steps}. Time and memory could not be estimated: {}", format::visible(&diagnostic.what))
        }
        None if state.estimate.is_pending() => format!("{steps} · estimating time and memory…"),
        None => steps,
    }
}
