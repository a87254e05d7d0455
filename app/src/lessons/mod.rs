//! Lessons: a list of links, and the lesson that is open.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use crate::browser;
use crate::components::{CollectAny, ProblemPlace, changing, pressed, ticked};
use crate::page::{LESSON, Page};
use crate::state::{LessonState, State, Step};
use crate::train::StudyResult;

/// A lesson in `lessons/index.json`.
#[derive(Clone, Deserialize)]
struct Listed {
    id: String,
    title: String,
}

/// Links to the lessons.
#[component]
pub fn LessonLinks() -> impl IntoView {
    let page = Page::get();
    let lessons = RwSignal::new(Vec::<Listed>::new());
    // A copy of the page without lessons works as well.
    spawn_local(async move { lessons.set(browser::fetch_json("lessons/index.json").await.unwrap_or_default()) });
    let is_hidden = page.memo(move |state| lessons.with(Vec::is_empty) || state.lesson().is_some());
    let links = changing(move || {
        let link = |Listed { id, title }: Listed| view! { <li><a href=format!("#lesson={id}")>{title}</a></li> };
        lessons.get().into_iter().map(link).collect_any()
    });
    view! {
        <details class="lessons" hidden=is_hidden>
            <summary>"Lessons"</summary>
            <ul>{links}</ul>
        </details>
    }
}

/// The lesson that is open.
#[component]
pub fn OpenLesson() -> impl IntoView {
    let page = Page::get();
    let diagnostic = page.watch(|state| match &state.lesson {
        LessonState::Failed(diagnostic) => Some(diagnostic.clone()),
        _ => None,
    });
    let is_closed = page.memo(|state| state.lesson().is_none());
    let text = move |pick: fn(&State) -> String| page.memo(pick);
    let title = text(|state| state.lesson().map(|lesson| lesson.title.clone()).unwrap_or_default());
    let about = text(|state| state.lesson().map(|lesson| lesson.about.clone()).unwrap_or_default());
    let question = text(|state| state.lesson().map(|lesson| lesson.question.clone()).unwrap_or_default());
    let source = text(|state| state.lesson().map(|lesson| lesson.source.title.clone()).unwrap_or_default());
    let address = text(|state| state.lesson().map(|lesson| lesson.source.url.clone()).unwrap_or_default());
    let choices = page.memo(|state| {
        let choices = state.lesson().map(|lesson| &*lesson.choices).unwrap_or_default();
        choices.iter().map(|choice| choice.text.clone()).collect::<Vec<_>>()
    });
    let choice = |(nth, words): (usize, String)| {
        let page = Page::get();
        view! {
            <label class="check">
                <input type="radio" name="prediction" on:change=ticked(move |_| page.change(|state| state.predict_lesson(nth))) />
                {words}
            </label>
        }
    };
    let list = changing(move || choices.get().into_iter().enumerate().map(choice).collect_any());
    let is_locked = page.memo(|state| state.run.is_active() || !state.lesson_verdict().is_empty());
    let cannot = page.memo(|state| !state.can_run_lesson());
    let is_over = page.memo(|state| !state.lesson_verdict().is_empty());
    let is_open = page.memo(|state| state.lesson_verdict().is_empty());
    let status = page.memo(State::lesson_status);
    let verdict = page.memo(State::lesson_verdict);
    let explanation = page.memo(State::lesson_explanation);
    let close = move |_| {
        page.change(State::close_lesson);
        browser::focus(Step::Data.id());
    };
    view! {
        <ProblemPlace diagnostic />
        <section id=LESSON class="stack study lesson" tabindex="-1" aria-label=title hidden=is_closed>
            <h2>"Lesson: " {title}</h2>
            <p>{about}</p>
            <fieldset class="plain" disabled=is_locked>
                <legend>{question}</legend>
                {list}
            </fieldset>
            <div class="row">
                <button type="button" class="primary" hidden=is_over disabled=cannot on:click=pressed(move |_| page.act(State::run_lesson))>
                    "Run it"
                </button>
                <p class="takes" role="status">{status}</p>
            </div>
            <StudyResult />
            <div class="stack" aria-live="polite" hidden=is_open>
                <p><strong>{verdict}</strong></p>
                <p>{explanation}</p>
            </div>
            <p class="hint">"Source: " <a href=address>{source}</a></p>
            <div class="row">
                <button type="button" class="quiet" on:click=pressed(close)>"Close the lesson"</button>
            </div>
        </section>
    }
}
