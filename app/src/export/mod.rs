//! The fifth step: the model as a folder that other tools open.

mod snippets;

use hone_core::usage::ExportForm;
use leptos::prelude::*;

use crate::components::{DiagnosticNote, Snippet, StepSection, changing, pressed};
use crate::page::Page;
use crate::state::{Export, State, Step, format};
use crate::train::save_recipe;

/// The download, what is in it and how it is loaded.
#[component]
pub fn ExportStep() -> impl IntoView {
    let page = Page::get();
    let is_ready = page.memo(|state| state.run.has_weights);
    let is_waiting = page.memo(|state| !state.run.has_weights);
    view! {
        <StepSection step=Step::Export>
            <p class="waits" hidden=is_ready>
                "Once the model is trained, it can be downloaded as a folder that Python's transformers opens."
            </p>
            <div class="stack" hidden=is_waiting>
                <Download />
                <Use />
            </div>
        </StepSection>
    }
}

#[component]
fn Download() -> impl IntoView {
    let page = Page::get();
    let export = page.memo(|state| state.export.clone());
    let is_busy = page.memo(|state| matches!(state.export, Export::Writing(_)) || state.model.is_loading());
    let name = page.memo(|state| state.run.of_what());
    let is_whole = page.memo(|state| !state.run.has_adapter());
    let adapter_words = page.memo(|state| {
        let learned = state.run.plan.as_ref().map_or(0.0, |plan| plan.trainable_parameters);
        format!("Download adapter alone (zip, about {})", format::bytes(4.0 * learned))
    });
    let words = page.memo(|state| {
        let what = if state.run.has_adapter() { "whole model" } else { "model" };
        format!("Download {what} (zip, {})", format::bytes(state.run.base_bytes))
    });
    let state_line = changing(move || match export.get() {
        Export::Idle => ().into_any(),
        Export::Writing(share) => view! {
            <div class="progress">
                <p>{format!("Writing, {}", format::percent(share))}</p>
                <progress max="1" value=share.to_string() aria-label="Share of the model that is written"></progress>
            </div>
        }
        .into_any(),
        Export::Done { file_name, bytes } => {
            let words = format!("{} ({}) went to your downloads.", format::visible(&file_name), format::bytes(bytes));
            let again = move |_| page.save_again(&file_name);
            view! {
                <div class="row">
                    <p role="status" dir="auto">{words}</p>
                    <button type="button" class="quiet" on:click=pressed(again)>
                        "Save it once more"
                    </button>
                </div>
            }
            .into_any()
        }
        Export::Failed(diagnostic) => view! { <DiagnosticNote diagnostic /> }.into_any(),
    });
    view! {
        <div class="row">
            <button
                type="button"
                class="primary"
                disabled=is_busy
                on:click=pressed(move |_| page.act(|state| state.export(ExportForm::Model)))
            >
                {words}
            </button>
            <button
                type="button"
                hidden=is_whole
                disabled=is_busy
                on:click=pressed(move |_| page.act(|state| state.export(ExportForm::Adapter)))
            >
                {adapter_words}
            </button>
            <button type="button" class="quiet" on:click=pressed(move |_| save_recipe(page))>
                "Save the recipe"
            </button>
        </div>
        {state_line}
        <p class="hint">"These are the weights of the last run, " <span dir="auto">{name}</span> "."</p>
        <p hidden=is_whole>
            "The whole model has the adapter merged into it and opens like any other. The adapter alone is a small folder for PEFT, to be laid over the untouched model."
        </p>
        <p>
            "In the zip: the tuned weights (safetensors), the model's settings, its tokenizer, a model card with the scores, the history of the run and the recipe. None of your rows are in it; the names of the labels are."
        </p>
    }
}

/// Of a model with the mean over the tokens.
const OWN_CLASS: &str = "The head reads the mean of all tokens, which transformers has no class for. The folder brings a \
    short Python file of its own, modeling_hone.py, and trust_remote_code lets it run; read it first, it is short.";

/// How the folder is loaded.
#[component]
fn Use() -> impl IntoView {
    let page = Page::get();
    let head = page.memo(|state| match snippets::usage(state).kind {
        kind if kind.has_own_class() => OWN_CLASS.to_owned(),
        kind => format!("transformers opens it as a plain {}.", kind.architecture()),
    });
    let is_whole = page.memo(|state| !state.run.has_adapter());
    let is_decoder = page.memo(|state: &State| snippets::usage(state).kind.family.is_decoder());
    let ask = page.memo(snippets::ask);
    let adapter = page.memo(snippets::adapter);
    let convert = page.memo(snippets::convert);
    let javascript = page.memo(snippets::javascript);
    view! {
        <h3>"Load it"</h3>
        <p>"Unzip the download to a folder, here " <code>"my-model"</code> ". " {head}</p>
        <Snippet title="Use it, in Python" code=ask />
        <div hidden=is_whole>
            <Snippet title="Lay the adapter over the untouched model, in Python, in the adapter's folder" code=adapter />
        </div>
        <div hidden=is_decoder>
            <Snippet title="Use its body as an encoder, in Python" code=Signal::derive(snippets::encode) />
        </div>
        <Snippet title="Put its weights into ONNX for transformers.js, in its folder" code=convert />
        <Snippet title="Use it, in JavaScript" code=javascript />
    }
}
