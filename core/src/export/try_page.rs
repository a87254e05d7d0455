//! A web page that runs the model of an ONNX folder with transformers.js.

use serde_json::json;

use crate::export::ModelFolder;
use crate::recipe::Pooling;
use crate::usage::PromptForm;

/// Name of the file, which a server sends for the folder itself.
pub(crate) const NAME: &str = "index.html";

/// The page, without the model's settings.
const PAGE: &str = include_str!("try_page.html");

/// The version of transformers.js that the tests open exports with.
const LIBRARY: &str = "https://cdn.jsdelivr.net/npm/@huggingface/transformers@4.3.1";

/// The page for a model. It has no text of the user's: the names of labels come from config.json.
pub(crate) fn write(folder: &ModelFolder, title: &str) -> String {
    let settings = json!({
        "task": folder.recipe.task(),
        "pipeline": folder.kind().pipeline(),
        "pooling": if folder.recipe.pooling() == Pooling::Mean { "mean" } else { "cls" },
        "library": LIBRARY,
        "is_chat": folder.data.form != PromptForm::Corpus,
        "max_new_tokens": folder.recipe.spec().max_new_tokens,
    });
    PAGE.replace("TITLE", title).replace("SETTINGS", &settings.to_string())
}
