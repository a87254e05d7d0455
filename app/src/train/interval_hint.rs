use leptos::prelude::*;

use crate::page::Page;

/// Explains the intervals behind the scores, where there are any.
#[component]
pub fn IntervalHint() -> impl IntoView {
    let is_missing = Page::get().memo(|state| state.run.summary().is_none_or(|it| it.best.intervals.is_empty()));
    view! {
        <p class="hint" hidden=is_missing>
            "In parentheses: the 95 % confidence interval, by bootstrap. The rows are drawn again with repetition, many times, and 95 % of the scores lie in this range. Two models whose ranges overlap widely may be equally good: more rows make it narrower."
        </p>
    }
}
