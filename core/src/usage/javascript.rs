//! JavaScript that opens a folder and asks the model something.

use super::Usage;
use crate::recipe::Task;

/// How transformers.js comes to open a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JavaScript {
    /// A command in the folder that puts the weights there in ONNX too, by Python's Optimum.
    pub convert: String,
    /// What asks the model something then.
    pub code: String,
}

impl Usage<'_> {
    /// For transformers.js; none where that has no class for the model, or no pipeline that gives the model's own
    /// answers.
    pub fn javascript(&self) -> Option<JavaScript> {
        let asked = match self.kind.task {
            _ if self.kind.has_own_class() => return None,
            Task::Regression | Task::Generation => return None,
            Task::Classification => "\"A text to classify.\"",
            Task::MultiLabel => "\"A text to label.\", { top_k: null }",
            Task::TokenClassification => "\"A text with names in it.\"",
            Task::QuestionAnswering => "\"Who wrote it?\", \"It was written by Ada in 1843.\"",
        };
        let task = self.kind.pipeline();
        Some(JavaScript {
            convert: format!("optimum-cli export onnx --model . --task {task} onnx\n"),
            code: format!(
                "import {{ env, pipeline }} from \"@huggingface/transformers\";\n\n\
                env.localModelPath = \"path/to/\";\n\
                const ask = await pipeline(\"{task}\", \"this/folder\", {{ dtype: \"fp32\" }});\n\
                console.log(await ask({asked}));\n"
            ),
        })
    }
}
