use leptos::prelude::*;

use crate::components::{Chart, typed};
use crate::format;
use crate::page::Page;
use crate::state::State;

/// Calibration of the probabilities, and the least one for which a text gets a label.
#[component]
pub fn Trust() -> impl IntoView {
    let page = Page::get();
    let is_missing = page.memo(|state| state.run.confidence().is_none());
    let calibration = page.memo(|state| state.run.calibration_words());
    let is_not_calibrated =
        page.memo(|state| state.run.confidence().is_none_or(|confidence| confidence.calibration_error.is_none()));
    let reliability = page.memo(|state| state.run.reliability_picture());
    let coverage = page.memo(|state| state.run.coverage_picture());
    let words = page.memo(|state| state.run.unsure_words());
    let below = page.memo(|state| {
        let below = state.run.confidence().map_or(0.0, |confidence| f64::from(confidence.unsure_below));
        format::rate((below * 1000.0).round() / 10.0)
    });
    let has_no_weights = page.memo(|state| !state.run.has_weights);
    let slide = typed(move |percent| page.act(|state: &mut State| state.set_unsure_below(&percent)));
    let wish = typed(move |percent| page.act(|state: &mut State| state.set_unsure_accuracy(&percent)));
    let dots: Vec<_> = [("validation dots", "predictions of similar confidence"), ("raw", "perfectly calibrated")]
        .map(|(class, name)| (class.to_owned(), name.to_owned()))
        .into();
    view! {
        <section aria-label="Calibration" class="trust" hidden=is_missing>
            <h4>"Calibration"</h4>
            <p>{calibration}</p>
            <div class="charts">
                <div hidden=is_not_calibrated>
                    <Chart title="Accuracy over confidence" picture=reliability mark=format::rate legend=dots />
                </div>
                <Chart title="Accuracy of the rows that keep a label" picture=coverage mark=format::rate />
            </div>
            <fieldset disabled=has_no_weights>
                <legend>"Unsure"</legend>
                <p class="hint">
                    "Below this probability a text gets no label, for instance because it is none of these. Try, predicted files and the exported model follow it."
                </p>
                <div class="row">
                    <label>
                        "Unsure below "
                        <input type="range" min="0" max="100" step="1" prop:value=below on:change=slide />
                        " "
                        <output class="number">{below} " %"</output>
                    </label>
                    <label>
                        "or choose it for an accuracy of "
                        <input type="text" inputmode="decimal" autocomplete="off" on:change=wish />
                        " %"
                    </label>
                </div>
                <p role="status">{words}</p>
            </fieldset>
        </section>
    }
}
