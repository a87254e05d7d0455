//! Commands that run an exported model without code.

use crate::recipe::Task;
use crate::usage::{PromptForm, Usage};

/// Name of the file in a folder for llama.cpp.
pub const GGUF_FILE: &str = "model.gguf";

/// Name of the file in an adapter's folder for llama.cpp.
pub const GGUF_ADAPTER_FILE: &str = "adapter.gguf";

impl Usage<'_> {
    /// Applies a GGUF adapter to the base model's GGUF file with llama.cpp; run in the adapter's folder.
    pub fn gguf_adapter_command(&self) -> String {
        format!("llama-cli -m base-model.gguf --lora {GGUF_ADAPTER_FILE} {} --temp 0\n", self.llama_prompt())
    }

    /// Runs a GGUF file with llama.cpp, and with Ollama; run in the folder.
    pub fn gguf_commands(&self) -> String {
        if self.kind.task == Task::Embeddings {
            return format!(
                "llama-embedding -m {GGUF_FILE} -p \"A text\" --embd-normalize 2\n\
                ollama create my-model -f Modelfile\n\
                curl http://localhost:11434/api/embed -d '{{\"model\": \"my-model\", \"input\": \"A text\"}}'\n"
            );
        }
        format!(
            "llama-cli -m {GGUF_FILE} {} --temp 0\n\
            ollama create my-model -f Modelfile && ollama run my-model\n",
            self.llama_prompt()
        )
    }

    /// The arguments of llama-cli with a prompt and its length.
    fn llama_prompt(&self) -> String {
        let prompt = match self.form {
            PromptForm::Corpus => "-no-cnv -p \"The beginning of a text\"",
            PromptForm::Completion | PromptForm::Chat => "-p \"A prompt\"",
        };
        format!("{prompt} -n {}", self.max_new_tokens)
    }
}
