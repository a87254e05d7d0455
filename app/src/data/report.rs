use hone_core::dataset::{DataReport, RepeatedText, TaskFacts};
use leptos::prelude::*;

use crate::components::{Bar, Bars, ProblemNote};
use crate::page::Page;
use crate::state::show;

/// Classes shown at once; the others are behind a disclosure.
const FEW: usize = 12;

/// What was found in the two columns.
#[component]
pub fn Report() -> impl IntoView {
    let report = Page::get().memo(|state| state.data.report.clone());
    move || report.get().map(|report| view! { <ReportCard report /> })
}

#[component]
fn ReportCard(report: DataReport) -> impl IntoView {
    let total = match report.facts {
        TaskFacts::Tags { words, .. } => words,
        _ => report.rows_kept,
    };
    let total = f64::from(total).max(1.0);
    let bar = |class: &hone_core::dataset::ClassCount| Bar {
        label: format!("{} ({})", class.label, show::count(f64::from(class.rows))),
        share: f64::from(class.rows) / total,
        mark: "",
    };
    let (few, more) = report.classes.split_at(report.classes.len().min(FEW));
    let few: Vec<Bar> = few.iter().map(bar).collect();
    let more: Vec<Bar> = more.iter().map(bar).collect();
    let more = (!more.is_empty()).then(|| {
        view! {
            <details>
                <summary>{format!("{} more labels", more.len())}</summary>
                <Bars caption="Other labels" bars=more />
            </details>
        }
    });
    let lengths = report.tokens.as_ref().map(|tokens| {
        format!(
            "Half of the texts have at most {} tokens, 95 % at most {}. Cutting at {} shortens {} of them.",
            tokens.p50,
            tokens.p95,
            tokens.max_len,
            show::percent(tokens.truncated_share),
        )
    });
    let majority = report.classes.first().zip(report.majority_share).map(|(class, share)| {
        let label = show::visible(&class.label);
        format!("Always guessing “{label}” would be right for {}.", show::percent(share))
    });
    let facts = facts(&report.facts);
    let has_classes = !report.classes.is_empty();
    let warnings = report.warnings.clone().into_iter();
    let warnings = warnings.map(|problem| view! { <ProblemNote problem is_warning=true /> }).collect_view();
    view! {
        <div class="report">
            <h3>"What is in it"</h3>
            <div class="columns">
                {has_classes.then(|| view! { <div><Bars caption="Labels" bars=few /> {more}</div> })}
                <ul class="facts">
                    <Kept report=report.clone() />
                    {lengths.map(|text| view! { <li>{text}</li> })}
                    {facts.map(|text| view! { <li>{text}</li> })}
                    {majority.map(|text| view! { <li dir="auto">{text}</li> })}
                    <Repeats report />
                </ul>
            </div>
            {warnings}
        </div>
    }
}

/// What only this task has, in a sentence.
fn facts(facts: &TaskFacts) -> Option<String> {
    Some(match *facts {
        TaskFacts::None => return None,
        TaskFacts::Labels { mean, max, without } => {
            let without = show::counted(without, "row has", "rows have");
            format!("{} labels a row on average, at most {max}; {without} none.", show::rate(mean))
        }
        TaskFacts::Numbers { min, max, mean, deviation } => {
            let [min, max, mean, deviation] = [min, max, mean, deviation].map(show::rate);
            format!("From {min} to {max}, {mean} on average. Always guessing that would be wrong by {deviation}.")
        }
        TaskFacts::Tags { words, entities, .. } => {
            let (words, entities) =
                (show::counted(words, "word", "words"), show::counted(entities, "entity", "entities"));
            format!("{words}, {entities}.")
        }
        TaskFacts::Answers { contexts, without, .. } => {
            let (contexts, without) =
                (show::counted(contexts, "passage", "passages"), show::counted(without, "question", "questions"));
            format!("{contexts}; {without} without an answer.")
        }
        TaskFacts::Turns { assistant, max } => {
            let turns = show::counted(assistant, "turn", "turns");
            format!("{turns} of the assistant; the longest conversation has {max} in all.")
        }
    })
}

/// Rows kept and dropped, with lines and reasons.
#[component]
fn Kept(report: DataReport) -> impl IntoView {
    let kept = format!("{} can be used.", show::counted(report.rows_kept, "row", "rows"));
    let reasons = (report.rows_dropped > 0).then(|| {
        let unlisted = report.rows_dropped.saturating_sub(report.dropped.len() as u32);
        let lines = report.dropped.into_iter();
        let lines = lines
            .map(|row| view! { <li>{format!("Line {}: {}", row.line, show::visible(&row.reason))}</li> })
            .collect_view();
        view! {
            <details>
                <summary>{format!("{} cannot", show::counted(report.rows_dropped, "row", "rows"))}</summary>
                <ul>{lines}{(unlisted > 0).then(|| view! { <li>{format!("and {unlisted} more")}</li> })}</ul>
            </details>
        }
    });
    view! { <li>{kept} {reasons}</li> }
}

/// Texts that stand more than once, or on both sides of the split.
#[component]
fn Repeats(report: DataReport) -> impl IntoView {
    let found: Vec<String> = [
        (report.duplicates, "row stands twice", "rows stand more than once"),
        (report.contradictions, "text has two labels", "texts have more than one label"),
        (
            report.across_split,
            "validation row is also a training row and was taken out of training",
            "validation rows are also training rows and were taken out of training",
        ),
    ]
    .into_iter()
    .filter(|(rows, ..)| *rows > 0)
    .map(|(rows, one, many)| show::counted(rows, one, many))
    .collect();
    (!found.is_empty()).then(|| {
        view! {
            <li>
                <details>
                    <summary>{format!("{}.", found.join("; "))}</summary>
                    <ul>{report.repeated.into_iter().map(repeated).collect_view()}</ul>
                </details>
            </li>
        }
    })
}

fn repeated(text: RepeatedText) -> impl IntoView {
    let lines: Vec<String> = text.lines.iter().map(u32::to_string).collect();
    let labels: Vec<String> = text.labels.iter().map(|label| show::visible(label)).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    let place = format!("Lines {}{labels}: ", lines.join(", "));
    view! { <li dir="auto">{place} <q>{show::visible(&text.text)}</q></li> }
}
