//! How the folder is opened in JavaScript.

use super::super::{ModelFolder, names};
use crate::recipe::Task;

/// JavaScript that asks the model something by transformers.js; none where that has no class for it, or no pipeline
/// that gives the model's own answers.
pub fn described(folder: &ModelFolder) -> Option<String> {
    let (settings, asked) = match folder.recipe.task() {
        _ if names::has_own_class(folder) => return None,
        Task::Regression | Task::Generation => return None,
        Task::Classification => ("", "\"A text to classify.\""),
        Task::MultiLabel => (", { top_k: null }", "\"A text to label.\""),
        Task::TokenClassification => ("", "\"A text with names in it.\""),
        Task::QuestionAnswering => ("", "\"Who wrote it?\", \"It was written by Ada in 1843.\""),
    };
    Some(format!(
        "\nIn JavaScript, transformers.js opens it once its weights are in ONNX too. Python's Optimum \
        (`pip install optimum-onnx`) puts them there; in this folder:\n\n\
        ```sh\noptimum-cli export onnx --model . --task {task} onnx\n```\n\n\
        ```js\nimport {{ env, pipeline }} from \"@huggingface/transformers\";\n\n\
        env.localModelPath = \"path/to/\";\n\
        const ask = await pipeline(\"{task}\", \"this/folder\", {{ dtype: \"fp32\" }});\n\
        console.log(await ask({asked}{settings}));\n```\n",
        task = names::pipeline(folder.recipe.task()),
    ))
}
