use hone_core::protocol::Forgetting;
use leptos::prelude::*;

use crate::components::{Bar, Bars};
use crate::state::show;

/// How far the tuned encoder has moved from what it was, in words and as bars.
#[component]
pub fn ForgettingMeter(forgetting: Forgetting) -> impl IntoView {
    let share = |value: f64| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
    let verdict = match forgetting.agreement {
        agreement if agreement >= 0.95 => "It has kept nearly all: sentences that were alike still are.",
        agreement if agreement >= 0.8 => "It has forgotten a little: most sentences that were alike still are.",
        agreement if agreement >= 0.5 => "It has forgotten much of what it knew beyond your task.",
        _ => "It knows your task now and little else.",
    };
    let bars = vec![
        Bar { label: "Sentences that were alike still are".into(), share: share(forgetting.agreement) },
        Bar { label: "Sentences are still where they were".into(), share: share(forgetting.cosine) },
    ];
    let compared = show::counted(forgetting.sentences, "general sentence", "general sentences");
    view! {
        <div class="forgetting">
            <h4>"What it has kept"</h4>
            <p>{verdict}</p>
            <Bars caption="Of what the model was before" bars />
            <p class="hint">
                {format!("Measured on {compared} that have nothing to do with your rows. ")}
                "It matters when the body is used for other tasks too. A lower rate, fewer layers or an adapter forget less."
            </p>
        </div>
    }
}
