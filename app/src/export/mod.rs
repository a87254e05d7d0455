//! The fifth step: the tuned model as a folder that other tools can load.

mod choices;
mod elsewhere;
mod keep;
mod snippets;

use hone_core::decimal::fixed;
use hone_core::metrics::Evaluation;
use hone_core::recipe::Task;
use hone_core::usage::ExportForm;
use leptos::prelude::*;

use crate::components::{DiagnosticNote, Snippet, changing, pressed};
use crate::export::choices::Choices;
use crate::format;
use crate::frame::{FoldBody, FoldHead, StepSection};
use crate::page::Page;
use crate::state::runs::scores;
use crate::state::{Export, Fold, State, Step};
use crate::train::save_recipe;

use elsewhere::Elsewhere;
use keep::Keep;

/// The export step.
#[component]
pub fn ExportStep() -> impl IntoView {
    let page = Page::get();
    let is_ready = page.memo(|state| state.run.has_weights);
    let is_waiting = page.memo(|state| !state.run.has_weights);
    view! {
        <StepSection step=Step::Export>
            <p class="waits" hidden=is_ready>
                "Once the model is trained, you can download it as a folder that Hugging Face transformers can load."
            </p>
            <div class="stack" hidden=is_waiting>
                <Download />
                <Elsewhere />
                <Use />
            </div>
        </StepSection>
    }
}

#[component]
fn Download() -> impl IntoView {
    let page = Page::get();
    let export = page.watch(|state| state.export.clone());
    let is_busy = page.memo(|state| matches!(state.export, Export::Writing(_)) || state.model.is_loading());
    let name = page.memo(|state| state.run.title());
    let is_whole = page.memo(|state| !state.run.has_adapter());
    let adapter_words = page.memo(|state| {
        let trained = state.run.plan.as_ref().map_or(0.0, |plan| plan.trainable_parameters);
        format!("Download adapter only (zip, about {})", format::bytes(4.0 * trained))
    });
    let words = page.memo(|state| {
        let what = if state.run.has_adapter() { "merged model" } else { "model" };
        // Biases, norms and scales are not counted apart.
        let about = if state.export_dtype().bits() < 16 { "about " } else { "" };
        format!("Download {what} (zip, {about}{})", format::bytes(state.export_bytes()))
    });
    let contents = page.memo(|state| match state.export_form() {
        ExportForm::Gguf => "The tuned weights, the configuration and the tokenizer are in model.gguf.".to_owned(),
        ExportForm::Onnx => {
            format!(
                "The tuned weights are in {}, together with the computation, next to the configuration and the tokenizer.",
                state.export_dtype().onnx_file()
            )
        }
        _ => "The tuned weights are in model.safetensors, next to the configuration and the tokenizer.".to_owned(),
    });
    let state_line = changing(move || match export.get() {
        Export::Idle => ().into_any(),
        Export::Writing(share) => view! {
            <div class="progress">
                <p>{format!("Writing, {}", format::percent(share))}</p>
                <progress max="1" value=fixed(share, 3) aria-label="Fraction of the model written"></progress>
            </div>
        }
        .into_any(),
        Export::Done { file_name, bytes, rounded } => {
            let words = format!("{} ({}) is in your downloads.", format::visible(&file_name), format::bytes(bytes));
            let again = move |_| page.download(&file_name);
            let rounded = rounded.map(|rounded| page.peek(|state| scores_after_rounding(state, &rounded)));
            view! {
                <div class="row">
                    <p role="status" dir="auto">{words} {rounded}</p>
                    <button type="button" class="quiet" on:click=pressed(again)>
                        "Download it again"
                    </button>
                </div>
            }
            .into_any()
        }
        Export::Failed(diagnostic) => view! { <DiagnosticNote diagnostic /> }.into_any(),
    });
    view! {
        <Choices />
        <div class="row">
            <button
                type="button"
                class="primary"
                disabled=is_busy
                on:click=pressed(move |_| page.act(|state| {
                    let form = state.export_form();
                    state.export(form)
                }))
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
        <Keep />
        <p class="hint">"These are the weights of the last run, " <span dir="auto">{name}</span> "."</p>
        <p hidden=is_whole>
            "The merged model has the adapter built in and loads like any other model. The adapter only is a small folder for PEFT, which applies it to the base model; for decoders that llama.cpp has, it also contains a LoRA (not DoRA) as adapter.gguf."
        </p>
        <p>
            {contents}
            " The zip also contains a model card with the scores, the history of the run and the recipe. It contains none of your rows, but the names of your labels."
        </p>
    }
}

/// The main score of the rounded weights next to that of the trained ones.
fn scores_after_rounding(state: &State, rounded: &Evaluation) -> String {
    let task = state.run.task();
    let before = state.run.summary().map(|summary| format!(" (before: {})", scores::headline(task, &summary.best)));
    format!(" Its rounded weights score {}{}.", scores::headline(task, rounded), before.unwrap_or_default())
}

/// Explains the custom class of a model with mean pooling.
const CUSTOM_CLASS: &str = "The head uses the mean of all tokens, for which transformers has no class. The folder therefore \
    includes a short Python file, modeling_hone.py, which trust_remote_code allows to run. Read it first; it is short.";

/// Explains the folder for transformers.js.
const FOR_JAVASCRIPT: &str = "transformers.js opens it as it is, in a web page and in Node.js. To try \
    it, run python3 -m http.server in the folder and open http://localhost:8000: index.html is a page that runs the model.";

/// The languages of the code that opens the download.
fn code_line(state: &State) -> &'static str {
    match state.export_form() {
        ExportForm::Onnx => "Code for Python and JavaScript",
        ExportForm::Gguf => "Commands for llama.cpp and Ollama",
        _ => "Code for Python",
    }
}

/// Code that loads the folder.
#[component]
fn Use() -> impl IntoView {
    let page = Page::get();
    let head = page.memo(|state| {
        let (kind, form) = (state.tuned_kind(), state.export_form());
        match form {
            ExportForm::Onnx => FOR_JAVASCRIPT.to_owned(),
            ExportForm::Gguf => "llama.cpp, Ollama and many other programs open model.gguf.".to_owned(),
            _ if kind.has_own_class(form) => CUSTOM_CLASS.to_owned(),
            _ => format!("transformers loads it as a standard {}.", kind.architecture(form)),
        }
    });
    let is_whole = page.memo(|state| !state.run.has_adapter());
    let has_no_javascript = page.memo(|state: &State| state.export_form() != ExportForm::Onnx);
    let has_no_python = page.memo(|state: &State| state.export_form() == ExportForm::Gguf);
    let has_no_commands = page.memo(|state: &State| state.export_form() != ExportForm::Gguf);
    let has_no_encoder = page.memo(|state: &State| {
        let kind = state.tuned_kind();
        // The model of embeddings is an encoder, and nothing else.
        kind.family.is_decoder() || kind.task == Task::Embeddings || state.export_form() == ExportForm::Onnx
    });
    let commands = page.memo(snippets::commands);
    let predict = page.memo(snippets::predict);
    let encode = page.memo(snippets::encode);
    let adapter = page.memo(snippets::adapter);
    let javascript = page.memo(snippets::javascript);
    let line = page.memo(|state| if state.is_open(Fold::Code) { "" } else { code_line(state) }.to_owned());
    view! {
        <FoldHead fold=Fold::Code title="Load it" line open_words="Show" />
        <FoldBody fold=Fold::Code>
        <p>"Unzip the download to a folder, here " <code>"my-model"</code> ". " {head}</p>
        <div hidden=has_no_python>
            <Snippet title="Use it in Python" code=predict />
        </div>
        <div hidden=has_no_commands>
            <Snippet title="Run it with llama.cpp, or with Ollama, in its folder" code=commands />
        </div>
        <div hidden=is_whole>
            <Snippet title="Apply the adapter to the base model in Python, in the adapter's folder" code=adapter />
        </div>
        <div hidden=has_no_encoder>
            <Snippet title="Use it as an encoder in Python" code=encode />
        </div>
        <div hidden=has_no_javascript>
            <Snippet title="Use it in JavaScript" code=javascript />
        </div>
        </FoldBody>
    }
}
