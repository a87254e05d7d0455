//! The card's section on opening the folder.

use crate::export::ModelFolder;
use crate::usage::ExportForm;
use crate::usage::{JavaScript, Usage};

/// Code that opens the folder and runs the model.
pub(crate) fn described(folder: &ModelFolder, form: ExportForm) -> String {
    let usage = Usage {
        kind: folder.kind(),
        base_model: folder.base_model,
        max_length: folder.recipe.max_length(),
        form: folder.data.form,
        max_new_tokens: folder.recipe.spec().max_new_tokens,
    };
    match form {
        ExportForm::Adapter => format!(
            "This folder contains the adapter, and the head if it is new; they go on top of the base model. Run this \
            in the folder:\n\n```python\n{}```\n",
            usage.adapter_python()
        ),
        ExportForm::Model => {
            let body = match folder.kind().family.is_decoder() {
                true => "",
                false => "\nThe encoder alone, for text embeddings: `AutoModel.from_pretrained(folder)`.\n",
            };
            let javascript = in_javascript(usage.javascript(), folder.kind().family.is_decoder());
            format!("```python\n{}```\n{body}{javascript}", usage.python("path/to/this/folder"))
        }
    }
}

fn in_javascript(JavaScript { convert, packages, code }: JavaScript, is_command: bool) -> String {
    let language = if is_command { "sh" } else { "python" };
    format!(
        "\nIn JavaScript, transformers.js opens it once its weights are in ONNX too. In this folder (`pip install \
        {packages}`):\n\n```{language}\n{convert}```\n\nThen:\n\n```js\n{code}```\n"
    )
}
