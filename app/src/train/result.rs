use hone_core::metrics::Detail;
use hone_core::recipe::Metric;
use leptos::prelude::*;

use crate::components::{ProblemPlace, Table};
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::scores;
use crate::train::confusion::Confusion;
use crate::train::detail::{AnswerCounts, ByLabel, Samples, Scatter};
use crate::train::interval_hint::IntervalHint;
use crate::train::maps::Maps;
use crate::train::test_score::TestScore;
use crate::train::trust::Trust;
use crate::train::verdict::VerdictNote;
use crate::train::wrong_rows::WrongRows;

/// The result of a finished run.
#[component]
pub fn RunResult() -> impl IntoView {
    let page = Page::get();
    let is_open = page.memo(|state| state.run.summary().is_none());
    let heads = page.memo(|state| {
        let best = state.run.summary().map(|summary| &summary.best);
        let scores = scores::shown(state.run.task(), best).iter().map(|metric| scores::title(*metric));
        [String::new()].into_iter().chain(scores).collect::<Vec<_>>()
    });
    let rows = page.memo(|state| rows(state).unwrap_or_default());
    let ended = page.memo(|state| ended(state).unwrap_or_default());
    // The verdict says the same and more.
    let advice = page.watch(|state| {
        state.run.summary().filter(|summary| summary.verdict.is_none()).and_then(|summary| summary.advice.clone())
    });
    view! {
        <div class="result" hidden=is_open>
            <TestScore />
            <h3>"Result on the validation rows"</h3>
            <VerdictNote />
            <Table label="Result" class="headline" heads rows />
            <p class="hint">{ended}</p>
            <ProblemPlace diagnostic=advice is_warning=true />
        </div>
    }
}

/// The details behind the scores.
#[component]
pub fn Details() -> impl IntoView {
    let is_open = Page::get().memo(|state| state.run.summary().is_none());
    view! {
        <div class="result" hidden=is_open>
            <IntervalHint />
            <ByLabel />
            <Trust />
            <Confusion />
            <WrongRows />
            <Maps />
            <Scatter />
            <AnswerCounts />
            <Samples />
        </div>
    }
}

/// Scores of the tuned model, and of the baseline if there is one.
fn rows(state: &State) -> Option<Vec<Vec<String>>> {
    let summary = state.run.summary()?;
    let metrics = scores::shown(state.run.task(), Some(&summary.best));
    let row = |name: String, score: &dyn Fn(Metric) -> String| {
        [name].into_iter().chain(metrics.iter().map(|metric| score(*metric))).collect::<Vec<_>>()
    };
    let tuned = row("Tuned model".into(), &|metric| scores::with_interval(&summary.best, metric));
    let baseline = summary.baseline.as_ref().map(|baseline| {
        let name = match &baseline.prediction {
            Some(label) => format!("Always predicting “{}”", format::visible(label)),
            None => "Before training".to_owned(),
        };
        row(name, &|metric| scores::value(metric, baseline.scores.get(&metric).copied().unwrap_or(f64::NAN)))
    });
    let sizes = match &summary.best.detail {
        Detail::Sizes { sizes } => sizes.as_slice(),
        _ => &[],
    };
    let cut = sizes.iter().map(|cut| {
        let score = |metric| {
            let score = cut.scores.get(&metric).copied().unwrap_or(f64::NAN);
            scores::within(metric, score, cut.intervals.get(&metric))
        };
        row(format!("First {} numbers", cut.size), &score)
    });
    Some([tuned].into_iter().chain(cut).chain(baseline).collect())
}

fn ended(state: &State) -> Option<String> {
    let summary = state.run.summary()?;
    Some(format!(
        "{} It took {} optimizer steps and {}. The weights of step {} were kept.",
        state.run.end_words(),
        format::count(f64::from(summary.steps)),
        format::duration(summary.seconds),
        format::count(f64::from(summary.best.step)),
    ))
}
