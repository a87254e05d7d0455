//! What the models say, the base beside the tuned.

use hone_core::inference::{Answer, Query, TextSpan};
use leptos::prelude::*;

use crate::components::{Bar, Bars, changing};
use crate::page::Page;
use crate::state::inference::highlight;
use crate::state::{Reply, State, format};
use crate::try_it::highlighted::Marked;

/// Classes or labels shown in an answer.
const SHOWN: usize = 10;

/// The last answer of both models.
#[component]
pub fn AnswerCard() -> impl IntoView {
    let page = Page::get();
    let said = page.memo(|state| state.trial.reply.clone().filter(|reply| written(&reply.tuned).is_none()));
    let has_read_nothing = page.memo(|state| state.trial.reply.is_none());
    let read = page.memo(|state| state.trial.reply.as_ref().map(words_read).unwrap_or_default());
    view! {
        <div aria-live="polite">{changing(move || said.get().map(|reply| view! { <Said reply /> }))}</div>
        <Writing />
        <p class="hint" hidden=has_read_nothing>{read}</p>
    }
}

/// How much was read, in words.
fn words_read(reply: &Reply) -> String {
    let cut = if reply.truncated { "; the rest was cut off" } else { "" };
    let hidden = reply.labels.len() > SHOWN && matches!(reply.tuned, Answer::Classes { .. } | Answer::Labels { .. });
    let note = if hidden {
        format!(" The {SHOWN} likeliest of {} labels are shown.", reply.labels.len())
    } else {
        String::new()
    };
    format!("{} read{cut}.{note}", format::counted(reply.tokens, "token", "tokens"))
}

fn written(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::Generated { text, .. } => Some(text),
        _ => None,
    }
}

/// What both say, side by side, under what was asked.
#[component]
fn Said(reply: Reply) -> impl IntoView {
    let asked = match &reply.query {
        Query::Text { text, pair: None } => format::lines(text),
        Query::Text { text, pair: Some(pair) } => format!("{}\n{}", format::lines(text), format::lines(pair)),
        Query::Question { question, .. } => format::lines(question),
        Query::Prompt { .. } => String::new(),
    };
    view! {
        <blockquote dir="auto">{asked}</blockquote>
        <div class="columns answer">
            <div class="before">{side("Before training", &reply, &reply.base)}</div>
            <div class="after">{side("After training", &reply, &reply.tuned)}</div>
        </div>
    }
}

/// What one of the models says.
fn side(caption: &'static str, reply: &Reply, answer: &Answer) -> AnyView {
    let head = move || view! { <h4>{caption}</h4> };
    match (answer, &reply.query) {
        (Answer::Classes { .. } | Answer::Labels { .. }, _) => {
            view! { <Bars caption bars=bars(reply, answer) /> }.into_any()
        }
        (Answer::Number { value }, _) => {
            let value = value.map_or("–".into(), |value| format::rate(f64::from(value)));
            view! { {head()} <p class="big number">{value}</p> }.into_any()
        }
        (Answer::Entities { entities }, Query::Text { text, .. }) => {
            let none = entities.is_empty().then_some("No entity is found.");
            view! { {head()} <Marked pieces=highlight::pieces(text, entities) /> <p class="hint">{none}</p> }.into_any()
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
                <Marked pieces=highlight::pieces(context, best) />
                <Bars caption="Likeliest answers" bars />
            }
            .into_any()
        }
        _ => ().into_any(),
    }
}

/// Classes or labels by their probability after training.
fn bars(reply: &Reply, answer: &Answer) -> Vec<Bar> {
    let shares = |answer: &Answer| match answer {
        Answer::Classes { probabilities } | Answer::Labels { probabilities, .. } => probabilities.clone(),
        _ => Vec::new(),
    };
    let thresholds: &[f32] = match answer {
        Answer::Labels { thresholds, .. } => thresholds,
        _ => &[],
    };
    let (own, tuned) = (shares(answer), shares(&reply.tuned));
    let mut left: Vec<usize> = (0..reply.labels.len().min(own.len()).min(tuned.len())).collect();
    let bar = |index: usize| Bar {
        label: reply.labels[index].clone(),
        share: f64::from(own[index]),
        mark: if thresholds.get(index).is_some_and(|threshold| own[index] >= *threshold) { "✓" } else { "" },
    };
    let mut bars = Vec::new();
    while bars.len() < SHOWN
        && let Some(place) = (0..left.len()).rev().max_by(|a, b| tuned[left[*a]].total_cmp(&tuned[left[*b]]))
    {
        bars.push(bar(left.remove(place)));
    }
    bars
}

/// What both write, as it comes.
#[component]
fn Writing() -> impl IntoView {
    let page = Page::get();
    let text = move |of: fn(&Reply) -> &Answer| {
        page.memo(move |state: &State| {
            let text = state.trial.reply.as_ref().and_then(|reply| written(of(reply)));
            text.map(format::lines).unwrap_or_default()
        })
    };
    let is_missing = page.memo(|state| state.trial.reply.as_ref().is_none_or(|reply| written(&reply.tuned).is_none()));
    let state_words = page.memo(|state| {
        match (state.is_writing(), &state.trial.reply) {
            (true, _) => "Writing…",
            (false, Some(reply)) if written(&reply.tuned).is_some() => "Nothing more is written.",
            _ => "",
        }
        .to_owned()
    });
    view! {
        <div class="columns answer" hidden=is_missing>
            <div class="before">
                <h4>"Before training"</h4>
                <p class="written" dir="auto">{text(|reply| &reply.base)}</p>
            </div>
            <div class="after">
                <h4>"After training"</h4>
                <p class="written" dir="auto">{text(|reply| &reply.tuned)}</p>
            </div>
        </div>
        <p class="hint" role="status">{state_words}</p>
    }
}
