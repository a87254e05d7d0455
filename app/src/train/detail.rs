//! Details behind the scores of a run, by task.

use hone_core::metrics::{ClassScores, Detail, TextSample};
use hone_core::recipe::{Metric, Task};
use leptos::prelude::*;

use crate::components::{Chart, CollectAny, Table, changing, memo};
use crate::format;
use crate::page::Page;
use crate::state::State;
use crate::state::runs::scores;

/// Scores of each class, label or entity type.
#[component]
pub fn ByLabel() -> impl IntoView {
    let page = Page::get();
    let rows = page.memo(by_label);
    let heads = page.memo(|state| {
        let (name, last) = match detail(state) {
            Some(Detail::Entities { .. }) => ("Type", &["Entities"][..]),
            Some(Detail::Labels { .. }) => ("Label", &["Rows", "Threshold"][..]),
            _ if state.run.task() == Task::TokenClassification => ("Tag", &["Words"][..]),
            _ => ("Label", &["Rows"][..]),
        };
        let heads = [name, "Precision", "Recall", "F1"].into_iter().chain(last.iter().copied());
        heads.map(String::from).collect::<Vec<_>>()
    });
    let has_no_thresholds = page.memo(|state| !matches!(detail(state), Some(Detail::Labels { .. })));
    view! {
        <div hidden=memo(move || rows.with(Vec::is_empty))>
            <h4>"Scores by label"</h4>
            <Table label="Scores by label" heads rows />
            <p class="hint" hidden=has_no_thresholds>
                "A label is predicted if its probability reaches the threshold, which is tuned for the best F1. Labels with few rows share one threshold. No row is scored by a threshold that was tuned on it (cross-fitting)."
            </p>
        </div>
    }
}

fn detail(state: &State) -> Option<&Detail> {
    state.run.summary().map(|summary| &summary.best.detail)
}

fn by_label(state: &State) -> Vec<Vec<String>> {
    let (classes, thresholds): (&[ClassScores], &[f32]) = match detail(state) {
        Some(Detail::Classes { classes, .. }) => (classes, &[]),
        Some(Detail::Labels { labels, thresholds }) => (labels, thresholds),
        Some(Detail::Entities { kinds }) => (kinds, &[]),
        _ => (&[], &[]),
    };
    let row = |(index, class): (usize, &ClassScores)| {
        let mut row = vec![format::visible(&class.label)];
        let scores = [class.precision, class.recall, class.f1].into_iter().zip(&class.intervals);
        row.extend(scores.map(|(score, interval)| scores::within(Metric::F1, score, interval.as_ref())));
        row.push(format::count(f64::from(class.support)));
        row.extend(thresholds.get(index).map(|threshold| format::percent(f64::from(*threshold))));
        row
    };
    classes.iter().enumerate().map(row).collect()
}

/// Predicted over true numbers.
#[component]
pub fn Scatter() -> impl IntoView {
    let page = Page::get();
    let is_missing = page.memo(|state| !matches!(detail(state), Some(Detail::Numbers { .. })));
    let picture = page.memo(|state| state.run.scatter_picture());
    let legend =
        ["validation dots", "raw"].into_iter().zip(["a row: true value across, prediction up", "perfect prediction"]);
    let legend: Vec<_> = legend.map(|(class, name)| (class.to_owned(), name.to_owned())).collect();
    view! {
        <div class="scatter" hidden=is_missing>
            <Chart title="Predicted over true values" picture mark=format::rate legend />
        </div>
    }
}

/// Number of questions that have an answer, and how the model decides that there is none.
#[component]
pub fn AnswerCounts() -> impl IntoView {
    let words = Page::get().memo(|state| match detail(state) {
        Some(Detail::Answers { answerable, unanswerable, threshold }) => {
            let answerable = format::counted(*answerable, "question", "questions");
            let without = format::count(f64::from(*unanswerable));
            let decision = match threshold {
                Some(_) => " The threshold for “no answer” was tuned on these rows.",
                None => "",
            };
            format!("{answerable} with an answer, {without} without.{decision}")
        }
        _ => String::new(),
    });
    view! { <p>{words}</p> }
}

/// Generated texts next to the references in the data.
#[component]
pub fn Samples() -> impl IntoView {
    let page = Page::get();
    let samples = page.memo(|state| match detail(state) {
        Some(Detail::Texts { samples }) => samples.iter().map(texts).collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let item = |texts: Vec<String>| {
        let parts = ["Prompt", "Generated", "Reference"].into_iter().zip(texts);
        let parts = parts.map(|(name, text)| view! { <div><dt>{name}</dt><dd dir="auto">{text}</dd></div> });
        let parts = parts.collect_any();
        view! { <li><dl>{parts}</dl></li> }
    };
    view! {
        <div hidden=memo(move || samples.with(Vec::is_empty))>
            <h4>"Generated samples"</h4>
            <ul class="written-rows">{changing(move || samples.get().into_iter().map(item).collect_any())}</ul>
        </div>
    }
}

fn texts(sample: &TextSample) -> Vec<String> {
    [&sample.prompt, &sample.generated, &sample.reference].map(|text| format::lines(text)).into()
}
