//! The form of the folder and the type of its weights.

use hone_core::usage::{ExportDtype, ExportForm};
use leptos::prelude::*;

use crate::components::{CollectAny, MenuOption, changing, typed};
use crate::format;
use crate::page::Page;

const FORMS: [(ExportForm, &str, &str); 4] = [
    (ExportForm::Model, "standard", "safetensors, for Python's transformers"),
    (ExportForm::OwnClass, "own_class", "safetensors, smaller, with its own Python class"),
    (ExportForm::Onnx, "onnx", "ONNX, for transformers.js and onnxruntime"),
    (ExportForm::Gguf, "gguf", "GGUF, for llama.cpp and Ollama"),
];

const DTYPES: [(ExportDtype, &str, &str); 4] = [
    (ExportDtype::Float32, "float32", "32 bits (float32), as trained"),
    (ExportDtype::Float16, "float16", "16 bits (float16), half the size"),
    (ExportDtype::Int8, "int8", "8 bits (int8), a quarter of the size"),
    (ExportDtype::Int4, "int4", "4 bits (int4), an eighth of the size"),
];

/// Two menus, with what the last run's model can be exported as.
#[component]
pub fn Choices() -> impl IntoView {
    let page = Page::get();
    let has_one_form = page.memo(|state| state.tuned_kind().export_forms().len() == 1);
    let has_one_dtype = page.memo(|state| state.tuned_kind().export_dtypes(state.export_form()).len() == 1);
    let forms = page.watch(|state| state.tuned_kind().export_forms());
    let forms = changing(move || {
        let offered = forms.get();
        let offered = FORMS.into_iter().filter(|(form, ..)| offered.contains(form));
        let options = offered.map(|(form, value, name)| {
            let is_chosen = page.memo(move |state| state.export_form() == form);
            view! { <MenuOption value name is_chosen /> }
        });
        options.collect_any().into_any()
    });
    let dtypes = page.watch(|state| state.tuned_kind().export_dtypes(state.export_form()).to_vec());
    let dtypes = changing(move || {
        let offered = dtypes.get();
        let offered = DTYPES.into_iter().filter(|(dtype, ..)| offered.contains(dtype));
        let options = offered.map(|(dtype, value, name)| {
            let is_chosen = page.memo(move |state| state.export_dtype() == dtype);
            view! { <MenuOption value name is_chosen /> }
        });
        options.collect_any().into_any()
    });
    let choose_form = move |value: String| {
        if let Some(&(form, ..)) = FORMS.iter().find(|(_, name, _)| *name == value) {
            page.change(|state| state.export_choice.form = form);
        }
    };
    let choose_dtype = move |value: String| {
        if let Some(&(dtype, ..)) = DTYPES.iter().find(|(_, name, _)| *name == value) {
            page.change(|state| state.export_choice.dtype = dtype);
        }
    };
    let about_form = page.memo(|state| match state.export_form() {
        ExportForm::OwnClass => {
            "Includes modeling_hone.py, which only runs in Python with trust_remote_code.".to_owned()
        }
        ExportForm::Onnx => {
            "One file with the weights and the computation, which runs without Python: in a web page, in \
            Node.js, and wherever ONNX Runtime does."
                .to_owned()
        }
        ExportForm::Gguf => {
            "One file with the weights, the tokenizer and the chat template, for llama.cpp and the programs \
            built on it."
                .to_owned()
        }
        _ if state.tuned_kind().task.is_of_sentence_transformers() => {
            "Opens in sentence-transformers, and wherever transformers models do.".to_owned()
        }
        _ if state.tuned_kind().reads_mean() => {
            let bytes = state.run.layer_bytes * state.export_dtype().bits() as f64 / 32.0;
            format!(
                "Opens wherever transformers models do. The head reads the mean of the tokens, which no standard class \
                takes, so another layer computes it (about {}).",
                format::bytes(bytes)
            )
        }
        _ => "Opens wherever transformers models do.".to_owned(),
    });
    let about_dtype = page.memo(|state| {
        let is_gguf = state.export_form() == ExportForm::Gguf;
        let is_weights_only = is_gguf || state.tuned_kind().family.is_decoder();
        let how = match state.export_dtype() {
            ExportDtype::Float32 => return String::new(),
            ExportDtype::Float16 => "",
            ExportDtype::Int8 if is_gguf => " to an integer, with a scale for every 32 of them (llama.cpp's Q8_0)",
            ExportDtype::Int8 if is_weights_only => " to an integer, with a scale for every 32 of them",
            ExportDtype::Int8 => " to an integer, with a scale for each output of a layer",
            ExportDtype::Int4 => {
                " to one of 16 steps (llama.cpp's Q4_0). Below a billion parameters, a model loses much by that"
            }
        };
        let inputs = match state.export_dtype() {
            ExportDtype::Int8 if !is_weights_only => {
                " When it runs, the inputs of each layer are rounded too, so predictions may differ slightly."
            }
            _ => "",
        };
        format!(
            "Each weight is rounded{how}. Before the download, the rounded model is scored on your validation rows; the model \
            card has those scores.{inputs}"
        )
    });
    view! {
        <div class="field" hidden=has_one_form>
            <label for="export-form">"Format"</label>
            <select id="export-form" aria-describedby="export-form-hint" on:change=typed(choose_form)>
                {forms}
            </select>
            <p id="export-form-hint" class="hint">{about_form}</p>
        </div>
        <div class="field" hidden=has_one_dtype>
            <label for="export-dtype">"Weights"</label>
            <select id="export-dtype" aria-describedby="export-dtype-hint" on:change=typed(choose_dtype)>
                {dtypes}
            </select>
            <p id="export-dtype-hint" class="hint">{about_dtype}</p>
        </div>
    }
}
