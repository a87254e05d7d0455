//! The card's section on opening the folder.

use crate::export::{ModelFolder, gguf};
use crate::recipe::AdapterKind;
use crate::usage::{ExportForm, Usage};

/// Path of the folder in the code.
const FOLDER: &str = "path/to/this/folder";

/// Code that opens the folder and runs the model.
pub(crate) fn described(folder: &ModelFolder) -> String {
    let usage = Usage {
        kind: folder.kind(),
        folder: folder.exported.form,
        dtype: folder.exported.dtype,
        base_model: folder.base_model,
        max_length: folder.recipe.max_length(),
        form: folder.data.form,
        max_new_tokens: folder.recipe.spec().max_new_tokens,
    };
    let is_decoder = folder.kind().family.is_decoder();
    match folder.exported.form {
        ExportForm::Adapter => format!(
            "This folder contains the adapter, and the head if it is new; both are loaded on top of the base model. Run \
            this in the folder:\n\n```python\n{}```\n{}",
            usage.adapter_python(),
            in_llama_cpp(folder, &usage)
        ),
        ExportForm::Gguf => {
            format!("With llama.cpp, and with Ollama, in this folder:\n\n```sh\n{}```\n", usage.gguf_commands())
        }
        ExportForm::Onnx => format!(
            "In a browser: run `python3 -m http.server` in this folder and open http://localhost:8000. `index.html` loads \
            transformers.js from cdn.jsdelivr.net; your texts stay in the page.\n\n\
            In JavaScript, with transformers.js (`npm install @huggingface/transformers`):\n\n```js\n{}```\n\n\
            In Python, with ONNX Runtime (`pip install onnxruntime transformers`):\n\n```python\n{}```\n",
            usage.javascript(FOLDER),
            usage.onnx_python(FOLDER)
        ),
        ExportForm::Model | ExportForm::OwnClass if folder.kind().task.is_of_sentence_transformers() => format!(
            "With sentence-transformers (`pip install sentence-transformers`):\n\n```python\n{}```\n",
            usage.python(FOLDER)
        ),
        ExportForm::Model | ExportForm::OwnClass => {
            let more = match (is_decoder, folder.kind().has_averaging_layer(folder.exported.form)) {
                (true, _) => "",
                (false, true) => {
                    "\nThe encoder alone, for text embeddings: `AutoModel.from_pretrained(folder)`. Its \
                    `last_hidden_state[:, 0]` is the normalized mean of the tokens.\n"
                }
                (false, false) => "\nThe encoder alone, for text embeddings: `AutoModel.from_pretrained(folder)`.\n",
            };
            format!("```python\n{}```\n{more}", usage.python(FOLDER))
        }
    }
}

/// The use of an adapter in llama.cpp; empty if llama.cpp lacks the base model.
fn in_llama_cpp(folder: &ModelFolder, usage: &Usage) -> String {
    if gguf::can_have_adapter(folder) {
        let command = usage.gguf_adapter_command();
        format!("\nWith llama.cpp, on a GGUF file of the base model:\n\n```sh\n{command}```\n")
    } else if folder.recipe.spec().adapter == AdapterKind::Dora
        && folder.kind().export_forms().contains(&ExportForm::Gguf)
    {
        "\nllama.cpp has no DoRA adapters. For llama.cpp, export the merged model as GGUF.\n".to_owned()
    } else {
        String::new()
    }
}
