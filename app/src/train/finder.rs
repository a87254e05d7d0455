use leptos::prelude::*;

use crate::components::{Chart, ProblemPlace, When};
use crate::page::Page;
use crate::state::{Finder, FinderStage, State, show};

/// Looks for a learning rate, and offers what it finds.
#[component]
pub fn RateFinder() -> impl IntoView {
    let page = Page::get();
    let is_active = page.memo(|state| state.finder.is_active());
    let is_stopping = page.memo(|state| state.finder.stage == FinderStage::Stopping);
    let cannot = page.memo(|state| state.blocker().is_some() || state.is_engaged());
    let has_points = page.memo(|state| !state.finder.points.is_empty());
    let problem = page.memo(|state| match &state.finder.stage {
        FinderStage::Failed(problem) => Some(problem.clone()),
        _ => None,
    });
    let picture = page.memo(|state| state.finder.picture());
    let position = page.memo(|state| {
        let Finder { points, total, .. } = &state.finder;
        state.finder.is_active().then(|| format!("Rate {} of at most {total}", points.len()))
    });
    let button = move || match is_active.get() {
        true => view! {
            <button type="button" disabled=is_stopping on:click=move |_| page.act(State::stop_finder)>
                "Stop looking"
            </button>
        }
        .into_any(),
        false => view! {
            <button type="button" disabled=cannot on:click=move |_| page.act(State::find_rate)>
                "Find a rate"
            </button>
        }
        .into_any(),
    };
    let legend = ["smooth", "best", "validation dots"].into_iter().zip(["smoothed loss", "valley", "steepest"]);
    let legend: Vec<_> = legend.map(|(class, name)| (class.to_owned(), name.to_owned())).collect();
    let legend = StoredValue::new(legend);
    view! {
        <div class="finder">
            <div class="row">
                {button}
                <p class="hint">
                    "Tries ever higher rates on a few batches and puts the weights back. A good rate lies where the loss falls, well before it rises."
                </p>
            </div>
            <p class="hint number" aria-live="polite">
                {position}
            </p>
            <When is=has_points>
                <Chart title="Loss over learning rate" picture mark=show::tick legend=legend.get_value() />
            </When>
            <Suggestions />
            <ProblemPlace problem />
        </div>
    }
}

/// The rates that were found, to be taken.
#[component]
fn Suggestions() -> impl IntoView {
    let page = Page::get();
    let finding = page.memo(|state| state.finder.finding().cloned());
    let is_locked = page.memo(State::is_engaged);
    let take = move |name: &'static str, rate: Option<f64>| {
        rate.map(|rate| {
            view! {
                <button type="button" disabled=is_locked on:click=move |_| page.change(|state| state.take_rate(rate))>
                    {format!("Take {}", show::rate(show::two_digits(rate)))}
                    <small>" " {name}</small>
                </button>
            }
        })
    };
    move || {
        finding.get().map(|finding| {
            let ended = match (finding.diverged, finding.valley.or(finding.steepest)) {
                (_, None) => {
                    "No rate stands out: the loss did not fall. Check labels and columns, or set the rate by hand."
                }
                (true, _) => "It ended because the loss exploded, as it should.",
                (false, _) => "It ended before the loss exploded; higher rates may still work.",
            };
            view! {
                <div class="row">
                    {take("valley", finding.valley)}
                    {take("steepest", finding.steepest)}
                    <p class="hint">{ended}</p>
                </div>
            }
        })
    }
}
