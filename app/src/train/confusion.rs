use hone_core::decimal::fixed;
use hone_core::metrics::ClassScores;
use hone_core::recipe::Task;
use leptos::prelude::*;

use crate::components::{CollectAny, changing, pressed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The confusion matrix. Each cell opens its rows.
#[component]
pub fn Confusion() -> impl IntoView {
    let page = Page::get();
    let labels = page.memo(|state| {
        let classes = confusion(state).map(|(classes, _)| classes).unwrap_or_default();
        classes.iter().map(|class| format::visible(&class.label)).collect::<Vec<_>>()
    });
    let of_words = page.memo(|state| state.run.task() == Task::TokenClassification);
    let counts = page.watch(|state| confusion(state).map(|(_, counts)| counts.to_vec()).unwrap_or_default());
    let heads = changing(move || {
        let labels = labels.get().into_iter();
        labels.map(|label| view! { <th scope="col" dir="auto"><div>{label}</div></th> }).collect_any()
    });
    let rows = changing(move || {
        let labels = labels.get();
        let unit = if of_words.get() { "words" } else { "rows" };
        let row = |((actual, label), counts): ((u32, &String), Vec<u32>)| {
            let total = counts.iter().sum::<u32>().max(1);
            let cells = (0..).zip(&labels).zip(counts).map(|((predicted, guess), count)| {
                let words = format!("{count} {unit} of {label}, predicted {guess}");
                view! { <ConfusionCell actual predicted count share=f64::from(count) / f64::from(total) words /> }
            });
            view! {
                <tr>
                    <th scope="row" dir="auto">{label.clone()}</th>
                    {cells.collect_any()}
                </tr>
            }
        };
        (0..).zip(&labels).zip(counts.get()).map(row).collect_any()
    });
    let is_missing = page.memo(|state| confusion(state).is_none());
    let hint = move || {
        if of_words.get() {
            "Rows are the true tags of the words, columns the predicted ones. Select a number to read texts with such words."
        } else {
            "Rows are the true labels, columns the predicted ones. Select a number to read its rows."
        }
    };
    view! {
        <div class="stack" hidden=is_missing>
        <h4>"Confusion matrix"</h4>
        <p class="hint">{hint}</p>
        <div class="frame" tabindex="0" role="region" aria-label="Confusion matrix">
            <table class="confusion">
                <thead>
                    <tr>
                        <td></td>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        </div>
    }
}

/// The classes and their confusion matrix, if each row or each word has one class.
fn confusion(state: &State) -> Option<(&[ClassScores], &[Vec<u32>])> {
    state.run.summary()?.best.classes().filter(|(_, confusion)| !confusion.is_empty())
}

#[component]
fn ConfusionCell(actual: u32, predicted: u32, count: u32, share: f64, words: String) -> impl IntoView {
    let page = Page::get();
    let cannot_open = page.memo(move |state| count == 0 || !state.run.has_weights || state.model.is_loading());
    let is_open = page.memo(move |state| {
        let query = state.wrong_query();
        ((query.actual, query.predicted) == (Some(actual), Some(predicted))).to_string()
    });
    // Ten shades as classes: the content security policy forbids style attributes.
    let shade = format!("{} shade-{}", if actual == predicted { "right" } else { "mistaken" }, fixed(share * 10.0, 0));
    view! {
        <td>
            <button
                type="button"
                class=shade
                aria-label=words
                aria-pressed=is_open
                disabled=cannot_open
                on:click=pressed(move |_| page.act(|state| state.open_cell(actual, predicted)))
            >
                {format::count(f64::from(count))}
            </button>
        </td>
    }
}
