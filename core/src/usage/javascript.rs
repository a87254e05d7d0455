//! JavaScript that opens a folder and asks the model something, once its weights are there in ONNX too.

use super::Usage;
use crate::recipe::Task;

/// How transformers.js comes to open a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JavaScript {
    /// Python in the folder that puts the weights there in ONNX too.
    pub convert: String,
    /// What asks the model something then.
    pub code: String,
}

impl Usage<'_> {
    /// For transformers.js; none for models that write, which it opens only in a form of their own.
    pub fn javascript(&self) -> Option<JavaScript> {
        let task = self.kind.task;
        let code = match task {
            Task::Generation => return None,
            Task::Regression => number(),
            Task::Classification => self.pipeline_js("console.log(await ask(\"A text to classify.\"));\n"),
            Task::MultiLabel => self.pipeline_js(
                "const found = await ask(\"A text to label.\", { top_k: null });\n\
                const thresholds = ask.model.config.label_thresholds;\n\
                console.log(found.filter(({ label, score }) => score >= thresholds[label]));\n",
            ),
            Task::TokenClassification => self.pipeline_js("console.log(await ask(\"A text with names in it.\"));\n"),
            Task::QuestionAnswering => {
                self.pipeline_js("console.log(await ask(\"Who wrote it?\", \"It was written by Ada in 1843.\"));\n")
            }
        };
        Some(JavaScript { convert: self.convert(), code: format!("{}{code}", opening(task)) })
    }

    /// The outputs are named as transformers.js looks for them.
    fn convert(&self) -> String {
        let class = self.kind.auto_class();
        let trust = if self.kind.has_own_class() { ", trust_remote_code=True" } else { "" };
        let outputs = match self.kind.task {
            Task::QuestionAnswering => "\"start_logits\", \"end_logits\"",
            _ => "\"logits\"",
        };
        format!(
            "from pathlib import Path\n\n\
            import torch\n\
            from transformers import {class}, AutoTokenizer\n\n\
            model = {class}.from_pretrained(\".\"{trust}).eval()\n\
            texts = [\"One text.\", \"And another, longer one.\"]\n\
            batch = AutoTokenizer.from_pretrained(\".\")(texts, padding=True, return_tensors=\"pt\")\n\
            shapes = {{name: {{0: \"texts\", 1: \"tokens\"}} for name in batch}}\n\
            Path(\"onnx\").mkdir(exist_ok=True)\n\
            torch.onnx.export(\n    \
            model, kwargs=dict(batch), f=\"onnx/model.onnx\", dynamic_shapes=shapes, output_names=[{outputs}],\n    \
            external_data=False,\n)\n"
        )
    }

    fn pipeline_js(&self, asked: &str) -> String {
        let task = self.kind.pipeline();
        format!("const ask = await pipeline(\"{task}\", \"this/folder\", {{ dtype: \"fp32\" }});\n{asked}")
    }
}

/// Where the folder is looked for. In a page, browsers fetch it from there; transformers.js wants to be allowed that.
fn opening(task: Task) -> String {
    let names = match task {
        Task::Regression => "AutoModelForSequenceClassification, AutoTokenizer, env",
        _ => "env, pipeline",
    };
    format!(
        "import {{ {names} }} from \"@huggingface/transformers\";\n\n\
        env.allowLocalModels = true;\n\
        env.localModelPath = \"path/to/\";\n"
    )
}

/// The pipelines would make a share of a number.
fn number() -> String {
    "const tokenizer = await AutoTokenizer.from_pretrained(\"this/folder\");\n\
    const model = await AutoModelForSequenceClassification.from_pretrained(\"this/folder\", { dtype: \"fp32\" });\n\
    const { logits } = await model(await tokenizer(\"A text to rate.\"));\n\
    console.log(logits.item());\n"
        .into()
}
