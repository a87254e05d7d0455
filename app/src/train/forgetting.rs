use hone_core::run::{Forgetting, PerplexityChange};
use leptos::prelude::*;

use crate::components::{Bar, Bars, changing};
use crate::page::Page;
use crate::state::{State, format};

/// How far the tuned encoder has moved from what it was, in words and as bars.
#[component]
pub fn ForgettingMeter() -> impl IntoView {
    let page = Page::get();
    let is_missing = page.memo(|state| forgetting(state).is_none());
    let verdict = page.memo(|state| forgetting(state).map_or("", verdict).to_owned());
    let compared = page.memo(|state| {
        let sentences = forgetting(state).map_or(0, |forgetting| forgetting.sentences);
        let compared = format::counted(sentences, "general sentence", "general sentences");
        format!("Measured on {compared} that have nothing to do with your rows. ")
    });
    let perplexity = page.memo(|state| match forgetting(state).and_then(|forgetting| forgetting.perplexity) {
        Some(PerplexityChange { before, after }) => {
            let [before, after] = [before, after].map(format::tenths);
            format!("Among how many tokens it hesitates there: {before} before and {after} after. ")
        }
        None => String::new(),
    });
    let shares = page.memo(|state| forgetting(state).map(|forgetting| (forgetting.agreement, forgetting.cosine)));
    let bars = changing(move || {
        shares.get().map(|(agreement, cosine)| {
            let bars = vec![
                Bar { label: "Sentences still alike".into(), share: share(agreement), mark: "" },
                Bar { label: "Sentences still in place".into(), share: share(cosine), mark: "" },
            ];
            view! { <Bars caption="Of what the model was before" bars /> }
        })
    });
    view! {
        <div class="forgetting" hidden=is_missing>
            <h4>"What it has kept"</h4>
            <p>{verdict}</p>
            {bars}
            <p class="hint">
                {compared}
                {perplexity}
                "It matters when the body is used for other tasks too. A lower rate or fewer live layers forget less."
            </p>
        </div>
    }
}

fn forgetting(state: &State) -> Option<Forgetting> {
    state.run.summary().and_then(|summary| summary.forgetting)
}

fn verdict(forgetting: Forgetting) -> &'static str {
    if let Some(PerplexityChange { before, after }) = forgetting.perplexity {
        return match after / before {
            ratio if ratio <= 1.05 => "It has kept nearly all: general text is as easy for it as before.",
            ratio if ratio <= 1.3 => "It has forgotten a little: general text is somewhat harder for it than before.",
            ratio if ratio <= 2.0 => "It has forgotten much of how general text goes.",
            _ => "It writes as your texts do now and little else.",
        };
    }
    match forgetting.agreement {
        agreement if agreement >= 0.95 => "It has kept nearly all: sentences that were alike still are.",
        agreement if agreement >= 0.8 => "It has forgotten a little: most sentences that were alike still are.",
        agreement if agreement >= 0.5 => "It has forgotten much of what it knew beyond your task.",
        _ => "It knows your task now and little else.",
    }
}

fn share(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}
