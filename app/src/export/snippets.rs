//! Code that loads the download.

use hone_core::recipe::{RecipeSpec, Task};
use hone_core::usage::{ExportForm, Usage};

use crate::state::State;

/// The usage of the last run's model.
pub fn usage(state: &State) -> Usage<'_> {
    let entry = state.run.base.as_ref();
    let ran = state.run.plan.as_ref().map(|plan| &plan.recipe);
    Usage {
        kind: state.tuned_kind(),
        folder: state.export_form(),
        dtype: state.export_dtype(),
        base_model: entry.map_or("", |entry| &entry.hub_id),
        form: state.run.plan.as_ref().map(|plan| plan.form).unwrap_or_default(),
        max_length: ran.and_then(|recipe| recipe.max_length).unwrap_or_default() as usize,
        max_new_tokens: ran.map_or(RecipeSpec::default().max_new_tokens, |recipe| recipe.max_new_tokens),
    }
}

/// Python that predicts with the downloaded model.
pub fn predict(state: &State) -> String {
    let usage = usage(state);
    match usage.folder {
        ExportForm::Onnx => format!("# pip install onnxruntime transformers\n{}", usage.onnx_python("my-model")),
        _ if usage.kind.task.is_of_sentence_transformers() => {
            format!("# pip install sentence-transformers\n{}", usage.python("my-model"))
        }
        _ => format!("# pip install transformers torch\n{}", usage.python("my-model")),
    }
}

/// Python that applies the downloaded adapter to its base model.
pub fn adapter(state: &State) -> String {
    let usage = usage(state);
    let library = if usage.kind.task == Task::Embeddings { "sentence-transformers" } else { "transformers torch" };
    format!("# pip install peft {library}\n{}", usage.adapter_python())
}

/// Commands that run the downloaded GGUF file.
pub fn commands(state: &State) -> String {
    usage(state).gguf_commands()
}

/// JavaScript that predicts with the downloaded model.
pub fn javascript(state: &State) -> String {
    format!("// npm install @huggingface/transformers\n{}", usage(state).javascript("./my-model"))
}

/// Python that embeds texts with the encoder of the downloaded model.
pub fn encode(state: &State) -> String {
    format!("# pip install transformers torch\n{}", usage(state).encoder_python("my-model"))
}
