//! JavaScript that opens an exported folder with transformers.js and runs the model.

use crate::recipe::{Pooling, Task};
use crate::usage::{PromptForm, Usage};

impl Usage<'_> {
    /// Code for transformers.js, with the path of the folder. Browsers fetch the files from there, which transformers.js must
    /// be allowed to do.
    pub fn javascript(&self, folder: &str) -> String {
        let code = match self.kind.task {
            Task::Embeddings => self.vectors_js(),
            Task::Regression => return number(folder, "\"A text to rate.\"", "logits"),
            Task::Reranking => {
                let pair = "\"A question\", { text_pair: \"A passage.\" }";
                return number(folder, pair, "logits.sigmoid()");
            }
            Task::Generation => self.generation_js(),
            Task::Classification => "console.log(await pipe(\"A text to classify.\"));\n".into(),
            Task::MultiLabel => "const results = await pipe(\"A text to label.\", { top_k: null });\n\
                const thresholds = pipe.model.config.label_thresholds;\n\
                console.log(results.filter(({ label, score }) => score >= thresholds[label]));\n"
                .into(),
            Task::TokenClassification => "console.log(await pipe(\"A text with names in it.\"));\n".into(),
            Task::QuestionAnswering => {
                "console.log(await pipe(\"Who wrote it?\", \"It was written by Ada in 1843.\"));\n".into()
            }
        };
        let task = self.kind.pipeline();
        format!("{}const pipe = await pipeline(\"{task}\", \"{folder}\");\n{code}", opening("pipeline"))
    }

    /// Compares a query with texts by their vectors.
    fn vectors_js(&self) -> String {
        let pooling = if self.kind.pooling == Pooling::Mean { "mean" } else { "cls" };
        format!(
            "const texts = [\"A text to search for.\", \"A text.\", \"Another text.\"];\n\
            const vectors = (await pipe(texts, {{ pooling: \"{pooling}\", normalize: true }})).tolist();\n\
            const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);\n\
            console.log(vectors.slice(1).map((vector) => dot(vectors[0], vector)));\n"
        )
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
}

/// Imports from transformers.js.
fn opening(names: &str) -> String {
    format!(
        "import {{ env, {names} }} from \"@huggingface/transformers\";\n\
        env.allowLocalModels = true; // the default outside a browser\n"
    )
}

/// Runs the model without a pipeline: those would turn the number into a probability.
fn number(folder: &str, input: &str, output: &str) -> String {
    format!(
        "{opening}\
        const tokenizer = await AutoTokenizer.from_pretrained(\"{folder}\");\n\
        const model = await AutoModelForSequenceClassification.from_pretrained(\"{folder}\");\n\
        const {{ logits }} = await model(await tokenizer({input}));\n\
        console.log({output}.item());\n",
        opening = opening("AutoModelForSequenceClassification, AutoTokenizer")
    )
}
