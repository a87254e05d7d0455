//! JavaScript that opens an exported folder and runs the model, once its weights have been converted to ONNX.

use crate::recipe::Task;
use crate::usage::{PromptForm, Usage};

/// Code that opens a folder with transformers.js.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JavaScript {
    /// Converts the weights to ONNX; run in the folder. Python, or for generation a shell command.
    pub convert: String,
    /// The Python packages that the conversion needs, by their names on PyPI.
    pub packages: &'static str,
    /// Runs the model.
    pub code: String,
}

impl Usage<'_> {
    /// Code for transformers.js.
    pub fn javascript(&self) -> JavaScript {
        let task = self.kind.task;
        let code = match task {
            Task::Generation => self.pipeline_js(&self.generation_js()),
            Task::Regression => number(),
            Task::Classification => self.pipeline_js("console.log(await pipe(\"A text to classify.\"));\n"),
            Task::MultiLabel => self.pipeline_js(
                "const results = await pipe(\"A text to label.\", { top_k: null });\n\
                const thresholds = pipe.model.config.label_thresholds;\n\
                console.log(results.filter(({ label, score }) => score >= thresholds[label]));\n",
            ),
            Task::TokenClassification => self.pipeline_js("console.log(await pipe(\"A text with names in it.\"));\n"),
            Task::QuestionAnswering => {
                self.pipeline_js("console.log(await pipe(\"Who wrote it?\", \"It was written by Ada in 1843.\"));\n")
            }
        };
        let (convert, packages) = match task {
            // Optimum knows how to export the cache of keys and values.
            Task::Generation => {
                ("optimum-cli export onnx --model . --task text-generation-with-past onnx\n".into(), "optimum-onnx")
            }
            _ => (self.convert(), "onnxscript transformers torch"),
        };
        JavaScript { convert, packages, code: format!("{}{code}", opening(task)) }
    }

    /// Continues a prompt, in the form of the training rows.
    fn generation_js(&self) -> String {
        let user = "[{ role: \"user\", content: \"A prompt\" }]";
        let prompt = match self.form {
            PromptForm::Completion => format!("pipe.tokenizer.chat_template ? {user} : \"A prompt\""),
            PromptForm::Chat => format!("pipe.tokenizer.chat_template ? {user} : \"User: A prompt\\nAssistant: \""),
            PromptForm::Corpus => "\"The beginning of a text\"".into(),
        };
        format!(
            "const prompt = {prompt};\n\
            const [{{ generated_text: text }}] = await pipe(prompt, {{ max_new_tokens: {}, do_sample: false }});\n\
            console.log(typeof text === \"string\" ? text : text.at(-1).content);\n",
            self.max_new_tokens
        )
    }

    /// The outputs have the names that transformers.js expects.
    fn convert(&self) -> String {
        let class = self.kind.auto_class();
        let trust = if self.kind.has_own_class(self.folder) { ", trust_remote_code=True" } else { "" };
        let outputs = match self.kind.task {
            Task::QuestionAnswering => "\"start_logits\", \"end_logits\"",
            _ => "\"logits\"",
        };
        format!(
            "from pathlib import Path\n\n\
            import torch\n\
            from transformers import {class}, AutoTokenizer\n\n\
            model = {class}.from_pretrained(\".\"{trust}).float().eval()\n\
            texts = [\"One text.\", \"And another, longer one.\"]\n\
            batch = AutoTokenizer.from_pretrained(\".\")(texts, padding=True, return_tensors=\"pt\")\n\
            shapes = {{name: {{0: \"texts\", 1: \"tokens\"}} for name in batch}}\n\
            Path(\"onnx\").mkdir(exist_ok=True)\n\
            torch.onnx.export(\n    \
            model, kwargs=dict(batch), f=\"onnx/model.onnx\", dynamic_shapes=shapes, output_names=[{outputs}],\n    \
            external_data=False,\n)\n"
        )
    }

    fn pipeline_js(&self, query: &str) -> String {
        let task = self.kind.pipeline();
        format!("const pipe = await pipeline(\"{task}\", \"this/folder\", {{ dtype: \"fp32\" }});\n{query}")
    }
}

/// Sets where transformers.js looks for the folder. Browsers fetch the files from there, which transformers.js must be
/// allowed to do.
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

/// Runs the model without a pipeline: those would turn the number into a probability.
fn number() -> String {
    "const tokenizer = await AutoTokenizer.from_pretrained(\"this/folder\");\n\
    const model = await AutoModelForSequenceClassification.from_pretrained(\"this/folder\", { dtype: \"fp32\" });\n\
    const { logits } = await model(await tokenizer(\"A text to rate.\"));\n\
    console.log(logits.item());\n"
        .into()
}
