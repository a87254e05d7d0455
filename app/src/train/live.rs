use hone_core::decimal::fixed;
use leptos::prelude::*;

use crate::attention::NotifyButton;
use crate::browser;
use crate::components::{Chart, CollectAny, changing, pressed};
use crate::format;
use crate::frame::FoldBody;
use crate::page::Page;
use crate::plot::Scale;
use crate::state::runs::scores;
use crate::state::{Fold, Phase, Run, State, Step, cut_rows};
use crate::train::layers::LiveLayers;
use crate::train::movements::LayersOverTime;
use crate::train::parts::Parts;
use crate::train::result::RunResult;
use crate::train::table::HistoryTable;

/// The current run.
#[component]
pub fn Live() -> impl IntoView {
    let page = Page::get();
    let (loss_is_log, gradient_is_log) = (RwSignal::new(false), RwSignal::new(false));
    let loss = page.slow(move |state| state.run.loss_picture(scale(loss_is_log.get())));
    let gradient = page.slow(move |state| state.run.gradient_picture(scale(gradient_is_log.get())));
    let rate = page.slow(|state| state.run.rate_picture());
    let class = page.memo(|state| if state.run.summary().is_some() { "course over" } else { "course" }.to_owned());
    view! {
        <QueueLine />
        <Controls />
        <div id="run-charts" class=class>
            <RunResult />
            <div class="loss">
                <Chart title="Loss" picture=loss mark=format::rate is_log=loss_is_log is_told=true />
                <HistoryTable />
            </div>
            <Parts />
            <FoldBody fold=Fold::Curves>
                <div class="side">
                    <div class="rate-chart">
                        <Chart title="Learning rate" picture=rate mark=format::rate />
                    </div>
                    <LiveLayers />
                    <div class="gradient-chart">
                        <Chart title="Gradient norm" picture=gradient mark=format::rate is_log=gradient_is_log is_told=true />
                    </div>
                </div>
                <Figures />
                <LayersOverTime />
            </FoldBody>
        </div>
    }
}

fn scale(is_log: bool) -> Scale {
    if is_log { Scale::Log } else { Scale::Linear }
}

/// The position in the queue, and a button to drop the rest.
#[component]
fn QueueLine() -> impl IntoView {
    let page = Page::get();
    let is_alone = page.memo(|state| state.queue.position().is_none());
    let number = page.memo(|state| {
        let (number, total) = state.queue.position().unwrap_or_default();
        format!("Run {number} of {total}")
    });
    let share = page.memo(|state| {
        let (number, total) = state.queue.position().unwrap_or((1, 1));
        fixed((number - 1) as f64 / total as f64, 3)
    });
    let name = page.memo(|state| format::visible(&state.run.name));
    let none_waits = page.memo(|state| state.queue.waiting() == 0);
    let words = page.memo(|state| {
        let waiting = state.queue.waiting() as u32;
        format!("Drop the {}", format::counted(waiting, "waiting run", "waiting runs"))
    });
    let drop_waiting = move |_| {
        page.act(State::drop_waiting);
        browser::focus(Step::Train.id());
    };
    view! {
        <div class="row queue" hidden=is_alone>
            <p>
                <strong class="number">{number}</strong>
                ": "
                <span dir="auto">{name}</span>
            </p>
            <progress max="1" value=share aria-label="Fraction of the runs done"></progress>
            <button type="button" class="quiet" hidden=none_waits on:click=pressed(drop_waiting)>
                {words}
            </button>
        </div>
    }
}

/// Progress of the run, in numbers.
#[component]
fn Figures() -> impl IntoView {
    let page = Page::get();
    let figures = page.slow(|state| figures(&state.run));
    let now = page.memo(|state| match (state.run.measuring, state.run.testing.or(state.run.evaluating)) {
        _ if state.busy_s > 0.0 && state.run.is_computing() => {
            format!("The next batch takes about {}.", format::duration(state.busy_s))
        }
        (Some((done, total)), _) => format!("Measuring forgetting: {done} of {total}"),
        (None, Some((done, total))) => {
            let rows = if state.run.testing.is_some() { "test" } else { "validation" };
            format!("Evaluating on the {rows} rows: {done} of {total}")
        }
        (None, None) => String::new(),
    });
    let items = changing(move || {
        figures
            .get()
            .into_iter()
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
            .collect_any()
    });
    view! {
        <div class="progress-figures">
            <dl class="figures">{items}</dl>
            <p class="hint now">{now}</p>
        </div>
    }
}

fn figures(run: &Run) -> Vec<(String, String)> {
    let mut figures = Vec::new();
    if let Some(plan) = &run.plan {
        let cut = cut_rows(&plan.cuts);
        if !cut.is_empty() {
            figures.push((format!("Maximum length {}", plan.max_length), cut));
        }
    }
    if let Some((step, total)) = run.position() {
        figures
            .push(("Step".into(), format!("{} / {}", format::count(f64::from(step)), format::count(f64::from(total)))));
    }
    if let (Some(last), Some(plan)) = (run.steps.last(), &run.plan) {
        figures.push((
            "Epoch".into(),
            format!("{} / {}", format::tenths(last.epoch), plan.recipe.epochs.unwrap_or_default()),
        ));
    }
    if run.tokens_per_s > 0.0 {
        figures.push(("Tokens per second".into(), format::count(run.tokens_per_s)));
    }
    if run.is_active() {
        let left = run.seconds_left.map_or("known after ten steps".into(), format::duration);
        figures.push(("Time left".into(), left));
    }
    if let Some(best) = run.best.and_then(|best| run.evaluations.get(best)) {
        let metric = scores::shown(run.task(), Some(best))[0];
        let name = format!("Best validation {}", metric.name());
        figures.push((name, format!("{} at step {}", scores::of(best, metric), best.step)));
    }
    figures
}

/// Pause, resume and stop.
#[component]
fn Controls() -> impl IntoView {
    let page = Page::get();
    let is_over = page.memo(|state| !state.run.is_active() || state.run.phase == Phase::Starting);
    let is_stopping = page.memo(|state| state.run.phase == Phase::Stopping);
    let toggle_words = page.memo(|state| if state.run.phase == Phase::Paused { "Resume" } else { "Pause" }.to_owned());
    let stop_words = page.memo(|state| {
        let words = match (&state.run.phase, state.queue.waiting()) {
            (Phase::Stopping, _) => "Stopping…",
            (_, 0) => "Stop and keep the best",
            _ => "Stop this run",
        };
        words.to_owned()
    });
    let toggle = move |_| {
        page.act(State::toggle_pause);
    };
    let stop = move |_| {
        page.act(State::stop);
        browser::focus(Step::Train.id());
    };
    view! {
        <div class="row" hidden=is_over>
            <button type="button" disabled=is_stopping on:click=pressed(toggle)>
                {toggle_words}
            </button>
            <button type="button" disabled=is_stopping on:click=pressed(stop)>
                {stop_words}
            </button>
            <NotifyButton />
        </div>
    }
}
