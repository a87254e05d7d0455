//! The predictions of the models, side by side.

use hone_core::inference::{Answer, Query, TextSpan};
use leptos::prelude::*;

use crate::components::{Bar, Bars, CollectAny, changing};
use crate::format;
use crate::page::Page;
use crate::state::inference::highlight;
use crate::state::{Column, Prediction, State};
use crate::try_it::highlighted::Highlighted;
use crate::try_it::nearest::Nearest;

/// Maximum number of classes or labels shown.
const SHOWN: usize = 10;

/// The last prediction.
#[component]
pub fn AnswerCard() -> impl IntoView {
    let page = Page::get();
    let shown =
        page.watch(|state| state.inference.prediction.clone().filter(|prediction| generated(prediction, 0).is_none()));
    let is_empty = page.memo(|state| state.inference.prediction.is_none());
    let length = page.memo(|state| state.inference.prediction.as_ref().map(length_words).unwrap_or_default());
    view! {
        <div aria-live="polite">{changing(move || shown.get().map(|prediction| view! { <SideBySide prediction /> }))}</div>
        <Generation />
        <p class="hint" hidden=is_empty>{length}</p>
    }
}

/// Length of the input, in words.
fn length_words(prediction: &Prediction) -> String {
    let cut = if prediction.truncated { ", truncated" } else { "" };
    let is_long = |column: &&Column| {
        column.labels.len() > SHOWN && matches!(column.answer, Answer::Classes { .. } | Answer::Labels { .. })
    };
    let note = prediction.columns.iter().find(is_long).map_or_else(String::new, |column| {
        format!(" The {SHOWN} most likely of {} labels are shown.", column.labels.len())
    });
    format!("Input: {}{cut}.{note}", format::counted(prediction.tokens, "token", "tokens"))
}

/// Text that the model of a column has generated.
fn generated(prediction: &Prediction, nth: usize) -> Option<&str> {
    match &prediction.columns.get(nth)?.answer {
        Answer::Generated { text, .. } => Some(text),
        _ => None,
    }
}

/// The predictions side by side, below the query.
#[component]
fn SideBySide(prediction: Prediction) -> impl IntoView {
    let query = match &prediction.query {
        Query::Text { text, pair: None } => format::lines(text),
        Query::Text { text, pair: Some(pair) } => format!("{}\n{}", format::lines(text), format::lines(pair)),
        Query::Question { question, .. } => format::lines(question),
        Query::Search { query, .. } => format::lines(query),
        Query::Prompt { .. } => String::new(),
    };
    let total = prediction.columns.len();
    let columns = prediction.columns.iter().enumerate();
    let columns = columns
        .map(|(nth, column)| view! { <div class=class(nth, total)>{side(&prediction, column)}</div> })
        .collect_any();
    view! {
        <blockquote dir="auto">{query}</blockquote>
        <div class="columns answer">{columns}</div>
    }
}

/// Marks the column of the base model, if there is one: the tuned model is always the last.
fn class(nth: usize, columns: usize) -> &'static str {
    if nth + 1 < columns { "before" } else { "after" }
}

/// The prediction of one model.
fn side(prediction: &Prediction, column: &Column) -> AnyView {
    let caption = column.caption.clone();
    let head = move || view! { <h4 dir="auto">{caption.clone()}</h4> };
    match (&column.answer, &prediction.query) {
        (Answer::Classes { .. } | Answer::Labels { .. }, _) => {
            let unsure = match &column.answer {
                Answer::Classes { unsure_below, .. } if column.answer.is_unsure() => {
                    Some(format!("Unsure: no label reaches {}.", format::percent(f64::from(*unsure_below))))
                }
                _ => None,
            };
            view! {
                <Bars caption=column.caption.clone() bars=bars(prediction, column) />
                <p class="hint">{unsure}</p>
            }
            .into_any()
        }
        (Answer::Number { value }, _) => {
            let value = value.map_or("–".into(), |value| format::rate(f64::from(value)));
            view! { {head()} <p class="big number">{value}</p> }.into_any()
        }
        (Answer::Entities { entities }, Query::Text { text, .. }) => {
            let none = entities.is_empty().then_some("No entities found.");
            view! { {head()} <Highlighted pieces=highlight::pieces(text, entities) /> <p class="hint">{none}</p> }
                .into_any()
        }
        (Answer::Spans { spans, no_answer, is_unanswerable }, Query::Question { context, .. }) => {
            let best = if *is_unanswerable { &[] } else { &spans[..spans.len().min(1)] };
            let verdict = is_unanswerable.then_some("The passage does not answer this.");
            let of_span = |span: &TextSpan| Bar {
                label: context.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned(),
                share: f64::from(span.score),
                mark: "",
            };
            let none = Bar { label: "(no answer)".into(), share: f64::from(*no_answer), mark: "" };
            let bars = spans.iter().map(of_span).chain([none]).collect();
            view! {
                {head()}
                <p>{verdict}</p>
                <Highlighted pieces=highlight::pieces(context, best) />
                <Bars caption="Most likely answers" bars />
            }
            .into_any()
        }
        (Answer::Nearest { hits }, _) => view! { {head()} <Nearest hits=hits.clone() /> }.into_any(),
        _ => ().into_any(),
    }
}

/// Classes or labels, sorted by their probability in the last column that has the same labels.
fn bars(prediction: &Prediction, column: &Column) -> Vec<Bar> {
    let Column { labels, answer, .. } = column;
    let last = prediction.columns.iter().rfind(|last| last.labels == *labels).unwrap_or(column);
    let shares = |answer: &Answer| match answer {
        Answer::Classes { probabilities, .. } | Answer::Labels { probabilities, .. } => probabilities.clone(),
        _ => Vec::new(),
    };
    let thresholds: &[f32] = match answer {
        Answer::Labels { thresholds, .. } => thresholds,
        _ => &[],
    };
    let (own, tuned) = (shares(answer), shares(&last.answer));
    let mut remaining: Vec<usize> = (0..labels.len().min(own.len()).min(tuned.len())).collect();
    let bar = |index: usize| Bar {
        label: labels[index].clone(),
        share: f64::from(own[index]),
        mark: if thresholds.get(index).is_some_and(|threshold| own[index] >= *threshold) { "✓" } else { "" },
    };
    let mut bars = Vec::new();
    while bars.len() < SHOWN
        && let Some(best) =
            (0..remaining.len()).rev().max_by(|a, b| tuned[remaining[*a]].total_cmp(&tuned[remaining[*b]]))
    {
        bars.push(bar(remaining.remove(best)));
    }
    bars
}

/// The generated texts, as they arrive.
#[component]
fn Generation() -> impl IntoView {
    let page = Page::get();
    let text = move |nth| {
        page.memo(move |state: &State| {
            let text = state.inference.prediction.as_ref().and_then(|prediction| generated(prediction, nth));
            text.map(format::lines).unwrap_or_default()
        })
    };
    let caption = move |nth: usize| {
        page.memo(move |state: &State| {
            let column = state.inference.prediction.as_ref().and_then(|prediction| prediction.columns.get(nth));
            column.map(|column| column.caption.clone()).unwrap_or_default()
        })
    };
    let is_missing = move |nth| {
        page.memo(move |state: &State| {
            state.inference.prediction.as_ref().is_none_or(|prediction| generated(prediction, nth).is_none())
        })
    };
    let columns = [0, 1].map(|nth| {
        view! {
            <div class=class(nth, 2) hidden=is_missing(nth)>
                <h4 dir="auto">{caption(nth)}</h4>
                <p class="written" dir="auto">{text(nth)}</p>
            </div>
        }
    });
    let state_words = page.memo(|state| {
        match (state.is_generating(), &state.inference.prediction) {
            (true, _) => "Generating…",
            (false, Some(prediction)) if generated(prediction, 0).is_some() => "Generation has ended.",
            _ => "",
        }
        .to_owned()
    });
    view! {
        <div class="columns answer" hidden=is_missing(0)>{columns}</div>
        <p class="hint" role="status">{state_words}</p>
    }
}
