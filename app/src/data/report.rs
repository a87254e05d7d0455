use hone_core::dataset::{ClassCount, DataReport, RepeatedText, SkippedRow, TaskFacts};
use leptos::prelude::*;

use crate::components::{Bar, Bars, CollectAny, DiagnosticNote, changing};
use crate::format;
use crate::page::Page;

/// Number of classes shown at once; the others are in a disclosure.
const FEW: usize = 12;

/// The report on the rows.
#[component]
pub fn Report() -> impl IntoView {
    let report = Page::get().watch(|state| state.data.report.clone());
    changing(move || report.get().map(|report| view! { <ReportCard report /> }))
}

#[component]
fn ReportCard(report: DataReport) -> impl IntoView {
    let total = match report.facts {
        TaskFacts::Tags { words, .. } => words,
        _ => report.rows_kept,
    };
    let total = f64::from(total).max(1.0);
    let bar = |class: &ClassCount| Bar {
        label: format!("{} ({})", class.label, format::count(f64::from(class.rows))),
        share: f64::from(class.rows) / total,
        mark: "",
    };
    let caption = if matches!(report.facts, TaskFacts::Tags { .. }) { "Tags" } else { "Labels" };
    let (few, more) = report.classes.split_at(report.classes.len().min(FEW));
    let few: Vec<Bar> = few.iter().map(bar).collect();
    let more: Vec<Bar> = more.iter().map(bar).collect();
    let skipped = match report.facts {
        TaskFacts::Tags { dropped, ref first_dropped, .. } => (dropped, first_dropped.clone()),
        _ => (0, Vec::new()),
    };
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
            "Half of the texts have at most {} tokens, 95 % at most {}. Suggested maximum length: {}; {} of the texts are longer.",
            tokens.p50,
            tokens.p95,
            tokens.max_length,
            format::percent(tokens.truncated_ratio),
        )
    });
    let majority = report.classes.first().zip(report.majority_ratio).map(|(class, share)| {
        let label = format::visible(&class.label);
        format!("Always predicting “{label}” would be right for {} of the rows.", format::percent(share))
    });
    let facts = facts(&report.facts);
    let has_classes = !report.classes.is_empty();
    let warnings = report.warnings.clone().into_iter();
    let warnings = warnings.map(|diagnostic| view! { <DiagnosticNote diagnostic is_warning=true /> }).collect_any();
    view! {
        <div class="report">
            <h3>"What the file contains"</h3>
            <div class="columns">
                {has_classes.then(|| view! { <div><Bars caption bars=few /> {more}</div> })}
                <ul class="facts">
                    <li>
                        {format!("{} can be used.", format::counted(report.rows_kept, "row", "rows"))}
                        {dropped(report.rows_dropped, report.dropped.clone(), ["row", "rows"])}
                    </li>
                    {lengths.map(|text| view! { <li>{text}</li> })}
                    {facts.map(|text| view! { <li>{text}</li> })}
                    <li hidden=skipped.0 == 0>{dropped(skipped.0, skipped.1, ["span", "spans"])}</li>
                    {majority.map(|text| view! { <li dir="auto">{text}</li> })}
                    <Duplicates report />
                </ul>
            </div>
            {warnings}
        </div>
    }
}

/// Facts specific to the task, in a sentence.
fn facts(facts: &TaskFacts) -> Option<String> {
    let some = |count: u32, one: &str, many: &str| match count {
        0 => String::new(),
        count => format!(" {}.", format::counted(count, one, many)),
    };
    Some(match *facts {
        TaskFacts::None => return None,
        TaskFacts::Labels { mean, max, unlabeled } => {
            let unlabeled = format::counted(unlabeled, "row has", "rows have");
            format!("{} labels per row on average, at most {max}; {unlabeled} none.", format::rate(mean))
        }
        TaskFacts::Numbers { min, max, mean, deviation } => {
            let [min, max, mean, deviation] = [min, max, mean, deviation].map(format::rate);
            format!("From {min} to {max}, {mean} on average, with a standard deviation of {deviation}.")
        }
        TaskFacts::Tags { words, entities, repaired, widened, .. } => {
            let (words, entities) =
                (format::counted(words, "word", "words"), format::counted(entities, "entity", "entities"));
            let repaired = some(
                repaired,
                "tag was repaired so that every entity starts with B",
                "tags were repaired so that every entity starts with B",
            );
            let widened = some(widened, "span was widened to whole words", "spans were widened to whole words");
            format!("{words}, {entities}.{repaired}{widened}")
        }
        TaskFacts::Answers { contexts, unanswerable, byte_offsets, found_by_text, not_found } => {
            let contexts = format::counted(contexts, "passage", "passages");
            let unanswerable = format::counted(unanswerable, "question", "questions");
            let byte_offsets = some(byte_offsets, "start was counted in bytes", "starts were counted in bytes");
            let found_by_text = some(
                found_by_text,
                "answer was located in its passage: its start was missing or wrong",
                "answers were located in their passages: their starts were missing or wrong",
            );
            let not_found = some(not_found, "answer is not in its passage", "answers are not in their passages");
            format!("{contexts}; {unanswerable} without an answer.{byte_offsets}{found_by_text}{not_found}")
        }
        TaskFacts::Turns { assistant, max } => {
            let turns = format::counted(assistant, "turn", "turns");
            format!("{turns} by the assistant; the longest conversation has {max} turns.")
        }
    })
}

/// Skipped rows or spans, with line numbers and reasons.
fn dropped(count: u32, first: Vec<SkippedRow>, [one, many]: [&str; 2]) -> impl IntoView {
    let unlisted = count.saturating_sub(first.len() as u32);
    let place = if numbers_rows() { "Row" } else { "Line" };
    let line = |row: SkippedRow| view! { <li>{format!("{place} {}: {}", row.line, format::visible(&row.reason))}</li> };
    view! {
        <details hidden=count == 0>
            <summary>{format!("{} skipped", format::counted(count, one, many))}</summary>
            <ul>
                {first.into_iter().map(line).collect_any()}
                {(unlisted > 0).then(|| view! { <li>{format!("and {unlisted} more")}</li> })}
            </ul>
        </details>
    }
}

/// Returns true if rows are numbered instead of lines.
fn numbers_rows() -> bool {
    let source = Page::get().memo(|state| state.data.train.source().is_some_and(|source| source.quirks.numbers_rows));
    source.get_untracked()
}

/// Texts that occur more than once, or in both files.
#[component]
fn Duplicates(report: DataReport) -> impl IntoView {
    let found: Vec<String> = [
        (report.duplicates, "row occurs twice", "rows are duplicates"),
        (report.contradictions, "text has conflicting labels", "texts have conflicting labels"),
        (
            report.across_split,
            "training row is also in the validation or test file and was removed from training",
            "training rows are also in the validation or test file and were removed from training",
        ),
    ]
    .into_iter()
    .filter(|(rows, ..)| *rows > 0)
    .map(|(rows, one, many)| format::counted(rows, one, many))
    .collect();
    (!found.is_empty()).then(|| {
        view! {
            <li>
                <details>
                    <summary id="repeated-texts">{format!("{}.", found.join("; "))}</summary>
                    <ul>{report.repeated.into_iter().map(repeated).collect_any()}</ul>
                </details>
            </li>
        }
    })
}

fn repeated(text: RepeatedText) -> impl IntoView {
    let lines: Vec<String> = text.lines.iter().map(u32::to_string).collect();
    let labels: Vec<String> = text.labels.iter().map(|label| format::visible(label)).collect();
    let labels = if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    let places = if numbers_rows() { "Rows" } else { "Lines" };
    let lines = format!("{places} {}{labels}: ", lines.join(", "));
    view! { <li dir="auto">{lines} <q>{format::visible(&text.text)}</q></li> }
}
