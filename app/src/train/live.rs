use hone_core::protocol::Command;
use leptos::prelude::*;

use super::layers::LiveLayers;
use super::table::HistoryTable;
use crate::browser;
use crate::components::Chart;
use crate::page::Page;
use crate::state::{Effect, Phase, Run, State, Step, show};

const LEGEND: [(&str, &str); 3] = [("smooth", "training"), ("validation", "validation"), ("best", "best")];

/// The run as it goes.
#[component]
pub fn Live() -> impl IntoView {
    let page = Page::get();
    let loss = page.slow(|state| state.run.loss_picture());
    let rate = page.slow(|state| state.run.rate_picture());
    view! {
        <div class="live">
            <div class="loss">
                <Chart title="Loss" picture=loss mark=show_mark legend=&LEGEND />
                <HistoryTable />
            </div>
            <div class="side">
                <Chart title="Learning rate" picture=rate mark=show::rate />
                <LiveLayers />
            </div>
        </div>
        <Figures />
        <Controls />
    }
}

fn show_mark(value: f64) -> String {
    format!("{value:.2}")
}

/// Where the run is, in numbers.
#[component]
fn Figures() -> impl IntoView {
    let page = Page::get();
    let figures = page.slow(|state| figures(&state.run));
    let now = page.memo(|state| match (state.run.evaluating, state.busy_s) {
        (_, seconds) if seconds > 0.0 && state.run.is_computing() => {
            Some(format!("The next batch takes about {}.", show::duration(seconds)))
        }
        (Some((done, total)), _) => Some(format!("Checking on the validation rows: {done} of {total}")),
        (None, _) => None,
    });
    let items = move || {
        figures
            .get()
            .into_iter()
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
            .collect_view()
    };
    view! {
        <dl class="figures">{items}</dl>
        <p class="hint now">{now}</p>
    }
}

fn figures(run: &Run) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    if let Some((step, total)) = run.position() {
        figures.push(("Step", format!("{} / {}", show::count(f64::from(step)), show::count(f64::from(total)))));
    }
    if let (Some(last), Some(plan)) = (run.steps.last(), &run.plan) {
        figures.push(("Epoch", format!("{:.1} / {}", last.epoch, plan.recipe.epochs)));
    }
    if run.tokens_per_s > 0.0 {
        figures.push(("Tokens a second", show::count(run.tokens_per_s)));
    }
    if run.is_active() {
        let left = run.seconds_left.map_or("told after ten steps".into(), show::duration);
        figures.push(("Time left", left));
    }
    if let Some(best) = run.best.and_then(|best| run.evaluations.get(best)) {
        figures.push(("Best validation accuracy", format!("{} at step {}", show::score(best.accuracy), best.step)));
    }
    figures
}

/// Pause, go on, stop.
#[component]
fn Controls() -> impl IntoView {
    let page = Page::get();
    let phase = page.memo(|state| match state.run.phase {
        Phase::Running => "running",
        Phase::Paused => "paused",
        Phase::Stopping => "stopping",
        _ => "",
    });
    let toggle = move |_| {
        let command = if phase.get_untracked() == "paused" { Command::Resume } else { Command::Pause };
        page.act(|_| vec![Effect::Send(command)]);
    };
    let stop = move |_| {
        page.act(State::stop);
        browser::focus(Step::Train);
    };
    let is_stopping = move || phase.get() == "stopping";
    view! {
        <Show when=move || !phase.get().is_empty()>
            <div class="row">
                <button type="button" disabled=is_stopping on:click=toggle>
                    {move || if phase.get() == "paused" { "Resume" } else { "Pause" }}
                </button>
                <button type="button" disabled=is_stopping on:click=stop>
                    {move || if is_stopping() { "Stopping…" } else { "Stop and keep the best" }}
                </button>
            </div>
        </Show>
    }
}
