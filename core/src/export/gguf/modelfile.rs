//! The Modelfile of a GGUF folder: <https://docs.ollama.com/modelfile>.

/// A mark of templates in the format ChatML.
const CHAT_ML: &str = "<|im_start|>";

/// Ollama renders conversations by templates of its own.
const CHAT_ML_TEMPLATE: &str = "TEMPLATE \"\"\"{{- range .Messages }}<|im_start|>{{ .Role }}\n\
    {{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n\"\"\"\nPARAMETER stop <|im_end|>\n";

/// The file that makes a model of Ollama from `file`.
pub(crate) fn modelfile(file: &str, is_decoder: bool, chat_template: Option<&str>) -> String {
    let template = match chat_template {
        _ if !is_decoder => "",
        Some(template) if template.contains(CHAT_ML) => CHAT_ML_TEMPLATE,
        Some(_) => "",
        // Without a template, Ollama would not pass on a prompt as it is.
        None => "TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n",
    };
    format!("FROM ./{file}\n{template}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_templates_are_translated_and_prompts_stay_as_they_are() {
        assert!(modelfile("model.gguf", true, Some("{{ '<|im_start|>' }}")).contains("PARAMETER stop <|im_end|>"));
        assert_eq!(modelfile("model.gguf", true, Some("[INST]")), "FROM ./model.gguf\n");
        assert_eq!(modelfile("m.gguf", false, None), "FROM ./m.gguf\n");
        assert_eq!(modelfile("m.gguf", true, None), "FROM ./m.gguf\nTEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n");
    }
}
