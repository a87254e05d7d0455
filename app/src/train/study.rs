use leptos::prelude::*;

use crate::browser;
use crate::components::{Chart, memo, pressed};
use crate::fields::STUDY;
use crate::format;
use crate::page::Page;
use crate::state::{SERIES, State, Step, StudyStage};

/// Effect of a field: the offer of two runs, and their outcome.
#[component]
pub fn StudyCard() -> impl IntoView {
    let page = Page::get();
    // A lesson shows its own study.
    let is_absent = page.memo(|state| state.study.is_none() || state.lesson().is_some());
    let is_not_offered = page.memo(|state| state.study.as_ref().is_none_or(|study| study.stage != StudyStage::Offered));
    let is_running = page.memo(|state| state.study.as_ref().is_some_and(|study| study.stage == StudyStage::Running));
    let cannot = page.memo(|state| state.blocker().is_some() || state.is_engaged());
    let title = page.memo(|state| {
        let title = state.study.as_ref().map(|study| study.title.clone()).unwrap_or_default();
        format!("See what it does: {title}")
    });
    let plan = page.memo(State::study_plan);
    let run_words = page.memo(|state| match state.study.as_ref().map_or(0, |study| study.jobs.len()) {
        2 => "Run both".to_owned(),
        _ => "Run all".to_owned(),
    });
    let run = move |_| {
        page.act(State::run_study);
        browser::focus_from_top(Step::Train.id());
    };
    let close = move |_| {
        page.change(|state| state.study = None);
        browser::focus(Step::Train.id());
    };
    view! {
        <section id=STUDY class="stack study" tabindex="-1" aria-label=title hidden=is_absent>
            <h3>{title}</h3>
            <p hidden=is_not_offered>{plan}</p>
            <StudyResult />
            <div class="row">
                <button type="button" class="primary" hidden=is_not_offered disabled=cannot on:click=pressed(run)>
                    {run_words}
                </button>
                <button type="button" class="quiet" hidden=is_running on:click=pressed(close)>"Close"</button>
            </div>
        </section>
    }
}

/// The runs of a study in one picture, and a sentence on what they came to.
#[component]
pub fn StudyResult() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| state.study_runs().is_empty());
    let score = page.memo(State::study_score_picture);
    let loss = page.memo(State::study_loss_picture);
    let legend = page.memo(|state| {
        let jobs = state.study.iter().flat_map(|study| &study.jobs).enumerate();
        jobs.map(|(nth, job)| (format!("series-{}", nth % SERIES), job.name.clone())).collect::<Vec<_>>()
    });
    let sentence = page.memo(State::study_sentence);
    let gap = page.memo(State::gap_picture);
    let gap_words = page.memo(State::gap_words);
    let has_no_gap = memo(move || gap_words.with(String::is_empty));
    view! {
        <div class="comparison" hidden=has_none>
            <div hidden=has_no_gap>
                <Chart title="No remedy: the gap between the losses" picture=gap mark=format::rate />
            </div>
            <p aria-live="polite">{gap_words}</p>
            <div class="columns">
                <Chart title="Validation score" picture=score mark=format::rate legend />
                <Chart title="Validation loss, with training loss as thin lines" picture=loss mark=format::rate legend />
            </div>
            <p aria-live="polite">{sentence}</p>
        </div>
    }
}
