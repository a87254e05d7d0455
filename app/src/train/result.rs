use hone_core::protocol::RunSummary;
use leptos::prelude::*;

use super::confusion::Confusion;
use super::forgetting::ForgettingMeter;
use crate::components::{ProblemNote, Table, heads};
use crate::page::Page;
use crate::state::show;

/// What a finished run scored.
#[component]
pub fn RunResult() -> impl IntoView {
    let result = Page::get().memo(|state| state.run.summary().cloned().map(|summary| (summary, state.run.end_words())));
    move || result.get().map(|(summary, reason)| view! { <ResultCard summary reason /> })
}

#[component]
fn ResultCard(summary: RunSummary, reason: String) -> impl IntoView {
    let best = summary.best;
    let baseline = summary.baseline;
    let guess = format!("Always guessing “{}”", show::visible(&baseline.label));
    let ended = format!(
        "{} It took {} steps and {}; the weights of step {} are kept.",
        reason,
        show::count(f64::from(summary.steps)),
        show::duration(summary.seconds),
        show::count(f64::from(best.step)),
    );
    let confusion = best.confusion.clone();
    let labels: Vec<String> = best.classes.iter().map(|class| show::visible(&class.label)).collect();
    let rows = best.classes.iter().map(|class| {
        let scores = [class.precision, class.recall, class.f1].map(show::score);
        let rows = show::count(f64::from(class.support));
        [show::visible(&class.label)].into_iter().chain(scores).chain([rows]).collect::<Vec<_>>()
    });
    let rows = Signal::stored(rows.collect::<Vec<_>>());
    let heads = heads(&["Label", "Precision", "Recall", "F1", "Rows"]);
    view! {
        <div class="result">
            <h3>"Result on the validation rows"</h3>
            <div class="columns">
                <table class="scores headline">
                    <thead>
                        <tr>
                            <td></td>
                            <th scope="col">"Accuracy"</th>
                            <th scope="col">"Macro-F1"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <tr class="tuned">
                            <th scope="row">"Tuned model"</th>
                            <td class="number">{show::score(best.accuracy)}</td>
                            <td class="number">{show::score(best.macro_f1)}</td>
                        </tr>
                        <tr>
                            <th scope="row" dir="auto">{guess}</th>
                            <td class="number">{show::score(baseline.accuracy)}</td>
                            <td class="number">{show::score(baseline.macro_f1)}</td>
                        </tr>
                    </tbody>
                </table>
                <p>{ended}</p>
            </div>
            {summary.advice.map(|problem| view! { <ProblemNote problem is_warning=true /> })}
            <h4>"By label"</h4>
            <Table label="Scores by label" heads rows />
            <Confusion labels confusion />
            {summary.forgetting.map(|forgetting| view! { <ForgettingMeter forgetting /> })}
        </div>
    }
}
