use hone_core::run::LrFinderResult;
use leptos::prelude::*;

use crate::components::{Chart, ProblemPlace, memo, pressed};
use crate::format;
use crate::page::Page;
use crate::state::{Finder, FinderStage, State};

/// The learning rate finder and its suggestions.
#[component]
pub fn RateFinder() -> impl IntoView {
    let page = Page::get();
    let is_active = page.memo(|state| is_searching(&state.finder));
    let is_idle = page.memo(|state| !is_searching(&state.finder));
    let is_stopping = page.memo(|state| state.finder.stage == FinderStage::Stopping);
    let cannot = page.memo(|state| state.blocker().is_some() || state.is_engaged());
    let has_none = page.memo(|state| state.finder.points.is_empty());
    let diagnostic = page.watch(|state| match &state.finder.stage {
        FinderStage::Failed(diagnostic) => Some(diagnostic.clone()),
        _ => None,
    });
    let picture = page.memo(|state| state.finder.picture());
    let position = page.memo(|state| {
        let Finder { points, total, .. } = &state.finder;
        if is_searching(&state.finder) { format!("Rate {} of at most {total}", points.len()) } else { String::new() }
    });
    let legend = ["smooth", "best", "validation dots"].into_iter().zip(["smoothed loss", "valley", "steepest"]);
    let legend: Vec<_> = legend.map(|(class, name)| (class.to_owned(), name.to_owned())).collect();
    let legend = Signal::stored(legend);
    view! {
        <div class="finder">
            <div class="row">
                <button type="button" hidden=is_active disabled=cannot on:click=pressed(move |_| page.act(State::find_rate))>
                    "Find a learning rate"
                </button>
                <button
                    type="button"
                    hidden=is_idle
                    disabled=is_stopping
                    on:click=pressed(move |_| page.act(State::stop_finder))
                >
                    "Stop searching"
                </button>
                <p class="hint">
                    "Learning rate range test: trains on a few batches at increasing rates, then restores the weights. A good rate is where the loss falls steadily, well before it rises."
                </p>
            </div>
            <p class="hint number">
                {position}
            </p>
            <div hidden=has_none>
                <Chart title="Loss over learning rate" picture mark=format::rate legend />
            </div>
            <Suggestions />
            <ThreeRates />
            <ProblemPlace diagnostic />
        </div>
    }
}

/// Returns true during the range test itself.
fn is_searching(finder: &Finder) -> bool {
    finder.is_active() && !finder.trials.is_active
}

/// A tenth of the peak, the peak, and ten times the peak.
#[component]
fn ThreeRates() -> impl IntoView {
    let page = Page::get();
    let is_active = page.memo(|state| state.finder.trials.is_active);
    let is_idle = page.memo(|state| !state.finder.trials.is_active);
    let cannot = page.memo(|state| state.blocker().is_some() || state.is_engaged());
    let has_none = page.memo(|state| state.finder.trials.rates.is_empty());
    let picture = page.memo(|state| state.finder.trials.picture());
    let legend = page.memo(|state| state.finder.trials.names());
    let words = page.memo(|state| {
        let (done, total) = state.finder.trials.progress();
        if state.finder.trials.is_active { format!("Step {done} of {total}") } else { state.finder.trials.words() }
    });
    view! {
        <div class="row">
            <button type="button" hidden=is_active disabled=cannot on:click=pressed(move |_| page.act(State::try_rates))>
                "Try three rates"
            </button>
            <button type="button" hidden=is_idle on:click=pressed(move |_| page.act(State::stop_trials))>
                "Stop trying"
            </button>
            <p class="hint">
                "A tenth of the peak, the peak and ten times the peak, for 24 steps each from the same weights on the same rows: one usually crawls, one learns, one breaks. The model is unchanged."
            </p>
        </div>
        <div hidden=has_none>
            <Chart title="Loss at three learning rates" picture mark=format::rate legend />
            <p class="hint" role="status">{words}</p>
        </div>
    }
}

/// The suggested rates.
#[component]
fn Suggestions() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| state.finder.finding().is_none());
    let ended = page.memo(|state| {
        match state.finder.finding() {
            None => "",
            Some(found) if found.valley.or(found.steepest).is_none() => {
                "No suggestion: the loss did not fall. Check labels and columns, or set the rate by hand."
            }
            Some(found) if found.diverged => "The test ended when the loss diverged, as intended.",
            Some(_) => "The test ended before the loss diverged. Higher rates may work too.",
        }
        .to_owned()
    });
    view! {
        <div class="row" hidden=has_none>
            <Take name="valley" pick=|finding| finding.valley />
            <Take name="steepest" pick=|finding| finding.steepest />
            <p class="hint">{ended}</p>
        </div>
    }
}

/// Sets a suggested rate as the peak learning rate.
#[component]
fn Take(name: &'static str, pick: fn(&LrFinderResult) -> Option<f64>) -> impl IntoView {
    let page = Page::get();
    let rate = move |state: &State| state.finder.finding().and_then(pick);
    let words = page.memo(move |state| {
        rate(state).map_or_else(String::new, |rate| format!("Use {}", format::rate(format::two_digits(rate))))
    });
    let is_moot = memo(move || words.with(String::is_empty));
    let is_locked = page.memo(State::is_engaged);
    let take = move |_| {
        if let Some(rate) = page.peek(rate) {
            page.change(|state| state.take_rate(rate));
        }
    };
    view! {
        <button type="button" hidden=is_moot disabled=is_locked on:click=pressed(take)>
            {words}
            <small>" " {name}</small>
        </button>
    }
}
