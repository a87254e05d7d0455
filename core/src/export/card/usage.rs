//! The card's section on opening the folder.

use crate::export::ModelFolder;
use crate::usage::{ExportForm, JavaScript, Usage};

/// Code that opens the folder and runs the model.
pub(crate) fn described(folder: &ModelFolder) -> String {
    let usage = Usage {
        kind: folder.kind(),
        folder: folder.exported.form,
        base_model: folder.base_model,
        max_length: folder.recipe.max_length(),
        form: folder.data.form,
        max_new_tokens: folder.recipe.spec().max_new_tokens,
    };
    match folder.exported.form {
        ExportForm::Adapter => format!(
            "This folder contains the adapter, and the head if it is new; both are loaded on top of the base model. Run \
            this in the folder:\n\n```python\n{}```\n",
            usage.adapter_python()
        ),
        ExportForm::Model | ExportForm::OwnClass => {
            let is_decoder = folder.kind().family.is_decoder();
            let encoder = match (is_decoder, folder.kind().has_averaging_layer(folder.exported.form)) {
                (true, _) => "",
                (false, true) => {
                    "\nThe encoder alone, for text embeddings: `AutoModel.from_pretrained(folder)`. Its \
                    `last_hidden_state[:, 0]` is the normalized mean of the tokens.\n"
                }
                (false, false) => "\nThe encoder alone, for text embeddings: `AutoModel.from_pretrained(folder)`.\n",
            };
            let javascript = in_javascript(usage.javascript(), is_decoder);
            format!("```python\n{}```\n{encoder}{javascript}", usage.python("path/to/this/folder"))
        }
    }
}

fn in_javascript(JavaScript { convert, packages, code }: JavaScript, is_command: bool) -> String {
    let language = if is_command { "sh" } else { "python" };
    format!(
        "\nFor JavaScript, transformers.js needs the weights in ONNX. Convert them in this folder (`pip install \
        {packages}`):\n\n```{language}\n{convert}```\n\nThen:\n\n```js\n{code}```\n"
    )
}
