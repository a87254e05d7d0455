use hone_core::run::{Forgetting, PerplexityChange};
use leptos::prelude::*;

use crate::components::{Bar, Bars, changing};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// The amount that the tuned model has forgotten, in words and as bars.
#[component]
pub fn ForgettingMeter() -> impl IntoView {
    let page = Page::get();
    let is_missing = page.memo(|state| forgetting(state).is_none());
    let verdict = page.memo(|state| forgetting(state).map_or("", verdict).to_owned());
    let compared = page.memo(|state| {
        let sentences = forgetting(state).map_or(0, |forgetting| forgetting.sentences);
        let compared = format::counted(sentences, "general sentence", "general sentences");
        format!("Measured on {compared} that are unrelated to your data. ")
    });
    let perplexity = page.memo(|state| match forgetting(state).and_then(|forgetting| forgetting.perplexity) {
        Some(PerplexityChange { before, after }) => {
            let [before, after] = [before, after].map(format::tenths);
            format!("Perplexity on general text: {before} before and {after} after. Lower is better. ")
        }
        None => String::new(),
    });
    let shares = page.watch(|state| forgetting(state).map(|forgetting| (forgetting.agreement, forgetting.cosine)));
    let bars = changing(move || {
        shares.get().map(|(agreement, cosine)| {
            let bars = vec![
                Bar { label: "Similarities between sentences preserved".into(), share: share(agreement), mark: "" },
                Bar { label: "Sentence vectors preserved (cosine)".into(), share: share(cosine), mark: "" },
            ];
            view! { <Bars caption="Compared with the base model" bars /> }
        })
    });
    view! {
        <div class="forgetting" hidden=is_missing>
            <h4>"Forgetting"</h4>
            <p>{verdict}</p>
            {bars}
            <p class="hint">
                {compared}
                {perplexity}
                "This matters if you also use the encoder for other tasks. A lower learning rate or fewer trainable layers reduce forgetting."
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
            ratio if ratio <= 1.05 => "Almost nothing was forgotten: perplexity on general text is as low as before.",
            ratio if ratio <= 1.3 => {
                "A little was forgotten: perplexity on general text is somewhat higher than before."
            }
            ratio if ratio <= 2.0 => "Much was forgotten: perplexity on general text is clearly higher than before.",
            _ => "Most was forgotten: the model now handles little other than texts like yours.",
        };
    }
    match forgetting.agreement {
        agreement if agreement >= 0.95 => "Almost nothing was forgotten: similar sentences are still similar.",
        agreement if agreement >= 0.8 => "A little was forgotten: most similar sentences are still similar.",
        agreement if agreement >= 0.5 => "Much of what the model knew beyond your task was forgotten.",
        _ => "Most was forgotten: the model now knows little other than your task.",
    }
}

fn share(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}
