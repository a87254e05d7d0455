use leptos::prelude::*;

use super::confusion::Confusion;
use super::forgetting::ForgettingMeter;
use crate::components::{ProblemPlace, Table, heads};
use crate::page::Page;
use crate::state::{State, show};

/// What a finished run scored.
#[component]
pub fn RunResult() -> impl IntoView {
    let page = Page::get();
    let is_open = page.memo(|state| state.run.summary().is_none());
    let scores = page.memo(|state| scores(state).unwrap_or_default());
    let labels = page.memo(|state| by_label(state).unwrap_or_default());
    let ended = page.memo(|state| ended(state).unwrap_or_default());
    let advice = page.memo(|state| state.run.summary().and_then(|summary| summary.advice.clone()));
    view! {
        <div class="result" hidden=is_open>
            <h3>"Result on the validation rows"</h3>
            <div class="columns">
                <Table
                    label="Result"
                    class="headline"
                    heads=heads(&["", "Accuracy", "Macro-F1"])
                    rows=scores
                />
                <p>{ended}</p>
            </div>
            <ProblemPlace problem=advice is_warning=true />
            <h4>"By label"</h4>
            <Table label="Scores by label" heads=heads(&["Label", "Precision", "Recall", "F1", "Rows"]) rows=labels />
            <Confusion />
            <ForgettingMeter />
        </div>
    }
}

fn scores(state: &State) -> Option<Vec<Vec<String>>> {
    let summary = state.run.summary()?;
    let row = |name: String, scores: [f64; 2]| [name].into_iter().chain(scores.map(show::score)).collect::<Vec<_>>();
    let (best, baseline) = (&summary.best, &summary.baseline);
    let guess = format!("Always guessing “{}”", show::visible(&baseline.label));
    Some(vec![
        row("Tuned model".into(), [best.accuracy, best.macro_f1]),
        row(guess, [baseline.accuracy, baseline.macro_f1]),
    ])
}

fn by_label(state: &State) -> Option<Vec<Vec<String>>> {
    let rows = state.run.summary()?.best.classes.iter().map(|class| {
        let scores = [class.precision, class.recall, class.f1].map(show::score);
        let rows = show::count(f64::from(class.support));
        [show::visible(&class.label)].into_iter().chain(scores).chain([rows]).collect()
    });
    Some(rows.collect())
}

fn ended(state: &State) -> Option<String> {
    let summary = state.run.summary()?;
    Some(format!(
        "{} It took {} steps and {}; the weights of step {} are kept.",
        state.run.end_words(),
        show::count(f64::from(summary.steps)),
        show::duration(summary.seconds),
        show::count(f64::from(summary.best.step)),
    ))
}
