use hone_core::protocol::Command;
use leptos::prelude::*;

use super::layers::LiveLayers;
use super::table::HistoryTable;
use crate::browser;
use crate::components::{Chart, When};
use crate::page::Page;
use crate::state::{Effect, Phase, Run, State, Step, show};

const LEGEND: [(&str, &str); 3] = [("smooth", "training"), ("validation", "validation"), ("best", "best")];

/// The run as it goes.
#[component]
pub fn Live() -> impl IntoView {
    let page = Page::get();
    let loss = page.slow(|state| state.run.loss_picture());
    let rate = page.slow(|state| state.run.rate_picture());
    let legend: Vec<_> = LEGEND.map(|(class, name)| (class.to_owned(), name.to_owned())).into();
    view! {
        <QueueLine />
        <div class="course">
            <div class="loss">
                <Chart title="Loss" picture=loss mark=show::tick legend />
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

/// Which of several runs this is, and the way out.
#[component]
fn QueueLine() -> impl IntoView {
    let page = Page::get();
    let line = page.memo(|state| {
        let (number, total) = state.queue.position()?;
        Some((number, total, show::visible(&state.run.name), state.queue.waiting() as u32))
    });
    move || {
        line.get().map(|(number, total, name, waiting)| {
            let drop_waiting = move |_| {
                page.act(State::drop_waiting);
                browser::focus(Step::Train);
            };
            view! {
                <div class="row queue">
                    <p><strong class="number">{format!("Run {number} of {total}")}</strong> ": " <span dir="auto">{name}</span></p>
                    <progress max=total.to_string() value=(number - 1).to_string() aria-label="Runs that are done"></progress>
                    {(waiting > 0).then(|| view! {
                        <button type="button" class="quiet" on:click=drop_waiting>
                            {format!("Drop the {} that {}", show::counted(waiting, "run", "runs"), if waiting == 1 { "waits" } else { "wait" })}
                        </button>
                    })}
                </div>
            }
        })
    }
}

/// Where the run is, in numbers.
#[component]
fn Figures() -> impl IntoView {
    let page = Page::get();
    let figures = page.slow(|state| figures(&state.run));
    let now = page.memo(|state| match (state.run.measuring, state.run.evaluating) {
        _ if state.busy_s > 0.0 && state.run.is_computing() => {
            Some(format!("The next batch takes about {}.", show::duration(state.busy_s)))
        }
        (Some((done, total)), _) => Some(format!("Measuring what was forgotten: {done} of {total}")),
        (None, Some((done, total))) => Some(format!("Checking on the validation rows: {done} of {total}")),
        (None, None) => None,
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
    let others_wait = page.memo(|state| state.queue.waiting() > 0);
    let stop_words = move || match (is_stopping(), others_wait.get()) {
        (true, _) => "Stopping…",
        (false, true) => "Stop this run",
        (false, false) => "Stop and keep the best",
    };
    view! {
        <When is=Signal::derive(move || !phase.get().is_empty())>
            <div class="row">
                <button type="button" disabled=is_stopping on:click=toggle>
                    {move || if phase.get() == "paused" { "Resume" } else { "Pause" }}
                </button>
                <button type="button" disabled=is_stopping on:click=stop>
                    {stop_words}
                </button>
            </div>
        </When>
    }
}
