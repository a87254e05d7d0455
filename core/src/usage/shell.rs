//! Commands that run an exported model without code.

use crate::usage::{PromptForm, Usage};

/// Name of the file in a folder for llama.cpp.
pub const GGUF_FILE: &str = "model.gguf";

impl Usage<'_> {
    /// Runs a GGUF file with llama.cpp, and with Ollama; run in the folder.
    pub fn gguf_commands(&self) -> String {
        let prompt = match self.form {
            PromptForm::Corpus => "-no-cnv -p \"The beginning of a text\"",
            PromptForm::Completion | PromptForm::Chat => "-p \"A prompt\"",
        };
        format!(
            "llama-cli -m {GGUF_FILE} {prompt} -n {most} --temp 0\n\
            ollama create my-model -f Modelfile && ollama run my-model\n",
            most = self.max_new_tokens
        )
    }
}
