//! The fourth step: one's own sentences, before and after.

use leptos::prelude::*;

use crate::components::{Bar, Bars, ProblemPlace, StepSection};
use crate::page::Page;
use crate::state::{Answer, ClassShare, Mistake, State, Step, show};

/// Classes shown in an answer.
const SHOWN: usize = 10;

/// A text box, and what the model says before and after training.
#[component]
pub fn TryStep() -> impl IntoView {
    let page = Page::get();
    let is_ready = page.memo(|state| state.run.has_weights);
    let is_waiting = page.memo(|state| !state.run.has_weights);
    view! {
        <StepSection step=Step::Try>
            <p class="waits" hidden=is_ready>
                "Once the model is trained, ask it about a sentence of your own, beside the untouched one."
            </p>
            <div class="stack" hidden=is_waiting>
                <Question />
            </div>
        </StepSection>
    }
}

#[component]
fn Question() -> impl IntoView {
    let page = Page::get();
    let name = page.memo(|state| show::visible(&state.run.name));
    let text = page.memo(|state| state.trial.text.clone());
    let answer = page.memo(|state| state.trial.answer.clone());
    let problem = page.memo(|state| state.trial.problem.clone());
    let cannot_ask = page.memo(|state| state.trial.pending.is_some() || state.trial.text.trim().is_empty());
    let words = page.memo(|state| if state.trial.pending.is_some() { "Asking…" } else { "Ask" }.to_owned());
    let cannot_pick = page.memo(|state| state.run.worst_cell().is_none());
    view! {
        <p class="hint">"Asks the model of the last run, " <span dir="auto">{name}</span> "."</p>
        <label for="try-text">"A sentence"</label>
        <textarea
            id="try-text"
            rows="3"
            dir="auto"
            prop:value=text
            on:input:target=move |event| {
                let typed = event.target().value();
                page.change(|state| state.trial.text = typed);
            }
        ></textarea>
        <div class="row">
            <button
                type="button"
                class="primary"
                disabled=cannot_ask
                on:click=move |_| page.act(State::ask)
            >
                {words}
            </button>
            <span hidden=cannot_pick>
                <button type="button" class="quiet" on:click=move |_| page.act(|state| state.fetch_mistakes())>
                    "Pick one that validation got wrong"
                </button>
            </span>
        </div>
        <Mistakes />
        <ProblemPlace problem />
        <div aria-live="polite">
            {move || answer.get().map(|answer| view! { <AnswerCard answer /> })}
        </div>
    }
}

/// Rows that validation got wrong, to be asked about.
#[component]
fn Mistakes() -> impl IntoView {
    let page = Page::get();
    let mistakes = page.memo(|state| state.trial.mistakes.clone());
    let item = move |mistake: Mistake| {
        let Mistake { text, actual } = mistake;
        let shown = show::visible(&text);
        let ask = move |_| {
            page.change(|state| state.trial.text.clone_from(&text));
            page.act(State::ask);
        };
        view! {
            <li>
                <button type="button" class="pick" dir="auto" on:click=ask>
                    {shown}
                    <small>"is " {show::visible(&actual)}</small>
                </button>
            </li>
        }
    };
    move || {
        let mistakes = mistakes.get();
        (!mistakes.is_empty()).then(|| {
            view! { <ul class="rows picks">{mistakes.into_iter().take(SHOWN).map(item).collect_view()}</ul> }
        })
    }
}

/// Probabilities before and after, side by side.
#[component]
fn AnswerCard(answer: Answer) -> impl IntoView {
    let bars = |share: fn(&ClassShare) -> f64| {
        let classes = answer.classes.iter().take(SHOWN);
        classes.map(|class| Bar { label: class.label.clone(), share: share(class) }).collect::<Vec<Bar>>()
    };
    let (before, after) = (bars(|class| class.base), bars(|class| class.tuned));
    let read = format!(
        "{} read{}.",
        show::counted(answer.tokens, "token", "tokens"),
        if answer.truncated { "; the rest was cut off" } else { "" },
    );
    let hidden = answer.classes.len().saturating_sub(SHOWN);
    let note = (hidden > 0).then(|| format!(" The {SHOWN} likeliest of {} labels are shown.", answer.classes.len()));
    view! {
        <blockquote dir="auto">{show::visible(&answer.text)}</blockquote>
        <div class="columns answer">
            <div class="before">
                <Bars caption="Before training" bars=before />
            </div>
            <div class="after">
                <Bars caption="After training" bars=after />
            </div>
        </div>
        <p class="hint">{read} {note}</p>
    }
}
