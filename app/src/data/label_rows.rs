use hone_core::decimal::fixed;
use hone_core::run::LabelChoice;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::components::{CollectAny, ProblemPlace, changing, memo, pressed, pressed_away, typed};
use crate::format;
use crate::page::Page;
use crate::state::{Load, State};

/// Id of the row to label, where keys give labels.
const ROW: &str = "row-to-label";
/// Id of the list of labels that can be typed.
const LABELS: &str = "known-labels";

/// Rows without a label, one at a time.
#[component]
pub fn LabelRows() -> impl IntoView {
    let page = Page::get();
    let has_none = page.memo(|state| !state.has_pool());
    let cannot = page.memo(|state| !state.can_label());
    let cannot_undo = page.memo(|state| !state.can_undo_label());
    let has_begun = page.memo(|state| state.labeling.question.is_some() || state.labeling.reading.is_some());
    let is_idle = memo(move || !has_begun.get());
    let has_no_row = page.memo(|state| state.labeling.text().is_empty());
    let is_read = page.memo(|state| state.labeling.reading.is_none() || state.labeling.question.is_some());
    let done = page.memo(|state| fixed(state.labeling.reading.unwrap_or_default(), 3));
    let has_model = page.memo(|state| matches!(state.model.load, Load::Ready(_)));
    let diagnostic = page.watch(|state| state.labeling.diagnostic.clone());
    let text = page.memo(|state| format::visible(state.labeling.text()));
    let pair = page.memo(|state| format::visible(state.labeling.pair()));
    let has_no_pair = page.memo(|state| state.labeling.pair().is_empty());
    let progress = page.memo(|state| state.labeling.progress().to_owned());
    let other = RwSignal::new(String::new());
    let give_other = move || {
        page.act(|state| state.label_row(Some(other.get_untracked())));
        other.set(String::new());
    };
    // The sentence about the progress differs from question to question.
    let choices = changing(move || {
        progress.track();
        let choices = page.peek(|state| state.labeling.choices().to_vec());
        let button = |choice: LabelChoice| {
            let probability = choice.probability.map(|it| format!(" ({})", format::percent(f64::from(it))));
            let words = format!("{} {}{}", choice.key, format::visible(&choice.label), probability.unwrap_or_default());
            let give = move |_| page.act(|state| state.label_row(Some(choice.label.clone())));
            let class = if choice.is_likely { "" } else { "quiet" };
            view! {
                <button type="button" class=class dir="auto" aria-keyshortcuts=choice.key on:click=pressed_away(ROW, give)>
                    {words}
                </button>
            }
        };
        choices.into_iter().map(button).collect_any()
    });
    let labels = changing(move || {
        progress.track();
        let labels = page.peek(|state| state.labeling.labels().to_vec());
        labels.into_iter().map(|label| view! { <option value=label></option> }).collect_any()
    });
    let by_key = move |event: KeyboardEvent| page.act(|state| state.label_by_key(&event.key()));
    let on_enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            give_other();
        }
    };
    view! {
        <div class="stack" hidden=has_none>
            <h3>"Few labels"</h3>
            <p class="hint">
                "Label rows that have none, one at a time: the one first where a head on the loaded model hesitates most between two labels (margin sampling), but no near copies. The head learns again after each label. The suggestion is what saves time: do not expect much from the order itself."
            </p>
            <div class="row">
                <span hidden=has_begun>
                    <button type="button" disabled=cannot on:click=pressed(move |_| page.act(State::ask_label))>"Label rows"</button>
                </span>
                <span class="hint" hidden=has_model>"Load a model first: it reads the texts."</span>
                <progress max="1" value=done aria-label="Fraction of the texts read" hidden=is_read></progress>
                <span hidden=is_idle>
                    <button type="button" on:click=pressed(move |_| page.act(State::stop_labeling))>"Stop labeling"</button>
                </span>
            </div>
            <ProblemPlace diagnostic />
            <p role="status">{progress}</p>
            <div class="stack" hidden=has_no_row>
                <div id=ROW class="stack" role="group" tabindex="0" aria-label="Row to label" on:keydown=by_key>
                    <p dir="auto" aria-live="polite">{text}</p>
                    <p dir="auto" hidden=has_no_pair>{pair}</p>
                    <div class="row">{choices}</div>
                    <div class="row">
                        <button type="button" class="quiet" on:click=pressed(move |_| page.act(|state| state.label_row(None)))>
                            "Skip (S)"
                        </button>
                        <button type="button" class="quiet" disabled=cannot_undo on:click=pressed(move |_| page.act(State::undo_label))>
                            "Undo (U)"
                        </button>
                        <small class="hint">"The keys work while this row is focused."</small>
                    </div>
                </div>
                <div class="row">
                    <label for="other-label">"Another label"</label>
                    <input
                        id="other-label"
                        type="text"
                        list=LABELS
                        autocomplete="off"
                        prop:value=other
                        on:input=typed(move |value| other.set(value))
                        on:keydown=on_enter
                    />
                    <datalist id=LABELS>{labels}</datalist>
                    <button type="button" on:click=pressed(move |_| give_other())>"Give this label"</button>
                </div>
            </div>
        </div>
    }
}
