use hone_core::run::Control;
use leptos::prelude::*;

use crate::browser;
use crate::components::{pressed, typed};
use crate::format;
use crate::page::Page;
use crate::state::{State, Step};

/// The verdict on a finished run, with the control that would help.
#[component]
pub fn VerdictNote() -> impl IntoView {
    let page = Page::get();
    let sentence = page.memo(|state| state.run.verdict().map_or_else(String::new, |it| format::visible(&it.sentence)));
    let is_missing = page.memo(|state| state.run.verdict().is_none());
    let words = page.memo(|state| state.helpful_control().map_or("", words).to_owned());
    let has_no_control = page.memo(|state| state.helpful_control().is_none());
    let go = move |_| {
        if let Some(control) = page.peek(State::helpful_control) {
            browser::reveal(id(control));
        }
    };
    view! {
        <section class="verdict" aria-label="Verdict" hidden=is_missing>
            <p dir="auto">{sentence}</p>
            <button type="button" hidden=has_no_control on:click=pressed(go)>
                {words}
            </button>
        </section>
        <TrainFurther />
    }
}

/// The button's words. A run that can no longer be trained further is started again with more epochs.
fn words(control: Control) -> &'static str {
    match control {
        Control::TrainFurther => "Set more epochs",
        control => control.label(),
    }
}

/// Id of the control on the page.
fn id(control: Control) -> &'static str {
    match control {
        Control::TrainFurther => "epochs",
        Control::LearningRate => "learning_rate",
        Control::Dropout => "dropout",
        Control::EarlyStopping => "early_stopping_patience",
        Control::ClassWeights => "class_weights",
        Control::RepeatedTexts => "repeated-texts",
    }
}

/// More epochs for the finished run.
#[component]
fn TrainFurther() -> impl IntoView {
    let page = Page::get();
    let cannot = page.memo(|state| !state.can_train_further());
    let epochs = page.memo(|state| state.run.more_epochs.to_string());
    let unit = page.memo(|state| if state.run.more_epochs == 1 { "epoch" } else { "epochs" }.to_owned());
    let hint = page.memo(|state| {
        format!(
            "From the last step, with the learning rate of a run of {} epochs. The best weights are kept.",
            state.run.epochs_in_all()
        )
    });
    let type_in = move |typed: String| page.change(|state| state.type_more_epochs(&typed));
    view! {
        <div class="further" hidden=cannot>
            <div class="row">
                <label for="train-further">"Train further for"</label>
                <input
                    id="train-further"
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    prop:value=epochs
                    aria-describedby="train-further-hint"
                    on:change=typed(type_in)
                />
                <span>{unit}</span>
                <button
                    type="button"
                    on:click=pressed(move |_| {
                        page.act(State::extend_run);
                        browser::focus_from_top(Step::Train.id());
                    })
                >
                    "Train further"
                </button>
            </div>
            <p id="train-further-hint" class="hint">{hint}</p>
        </div>
    }
}
