//! Parts of a sentence-transformers folder that change its vectors and are not applied here.

use serde_json::Value;

use crate::hub::pooling::unsupported_pooling;
use crate::json_file;

/// Files of a folder that say how sentence-transformers uses the network.
pub const SENTENCE_FILES: [&str; 3] =
    ["modules.json", "config_sentence_transformers.json", "sentence_bert_config.json"];

/// Modules that are applied here.
const KNOWN_MODULES: [&str; 3] = ["Transformer", "Pooling", "Normalize"];

/// Sentences about what sentence-transformers would do to a text or its vector and Hone does not, from the contents of
/// [`SENTENCE_FILES`] by name and of [`POOLING`](crate::catalog::POOLING).
pub fn sentence_notes(files: &[(String, Vec<u8>)], pooling_json: Option<&[u8]>) -> Vec<String> {
    let file = |name: &str| -> Value {
        let file = files.iter().find(|(other, _)| other == name);
        file.and_then(|(_, bytes)| json_file::parse(bytes).ok()).unwrap_or_default()
    };
    let mut notes = Vec::new();
    if let Some(mode) = unsupported_pooling(pooling_json) {
        notes.push(format!("Its own pooling, \"{mode}\", is not available here."));
    }
    let modules = file("modules.json");
    let class = |module: &Value| module["type"].as_str()?.rsplit('.').next().map(str::to_owned);
    let other: Vec<String> = modules.as_array().into_iter().flatten().filter_map(class).collect();
    let other: Vec<&str> = other.iter().map(String::as_str).filter(|module| !KNOWN_MODULES.contains(module)).collect();
    if !other.is_empty() {
        notes.push(format!(
            "Its vectors go through another module in sentence-transformers ({}), which is left out here.",
            other.join(", ")
        ));
    }
    let config = file("config_sentence_transformers.json");
    let prompt = config["default_prompt_name"].as_str().and_then(|name| config["prompts"][name].as_str());
    if let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) {
        notes.push(format!(
            "sentence-transformers puts \"{prompt}\" before each text. Here texts are read as they are: add it to yours."
        ));
    }
    if file("sentence_bert_config.json")["do_lower_case"] == true {
        notes.push("sentence-transformers lowers the case of each text. Here texts are read as they are.".into());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(name: &str, json: &str) -> Vec<String> {
        sentence_notes(&[(name.to_owned(), json.as_bytes().to_vec())], None)
    }

    #[test]
    fn what_sentence_transformers_does_beyond_the_network_is_told() {
        let modules = r#"[{"type": "sentence_transformers.models.Transformer"},
            {"type": "sentence_transformers.models.Pooling"}, {"type": "sentence_transformers.models.Dense"},
            {"type": "sentence_transformers.models.Normalize"}]"#;
        let prompts = r#"{"prompts": {"query": "query: "}, "default_prompt_name": "query"}"#;
        for (name, json, expected) in [
            ("modules.json", modules, "(Dense)"),
            ("config_sentence_transformers.json", prompts, "\"query: \""),
            ("sentence_bert_config.json", r#"{"do_lower_case": true}"#, "case"),
        ] {
            let notes = notes(name, json);
            assert!(notes.len() == 1 && notes[0].contains(expected), "{notes:?}");
        }
        let pooling = sentence_notes(&[], Some(br#"{"pooling_mode_max_tokens": true}"#));
        assert!(pooling.len() == 1 && pooling[0].contains("max"), "{pooling:?}");
    }

    #[test]
    fn a_folder_that_is_used_as_there_has_no_note() {
        for (name, json) in [
            ("modules.json", modules_of_newer_versions().as_str()),
            ("config_sentence_transformers.json", r#"{"prompts": {"query": "query: "}, "default_prompt_name": null}"#),
            ("sentence_bert_config.json", r#"{"do_lower_case": false}"#),
            ("modules.json", "not JSON"),
        ] {
            assert!(notes(name, json).is_empty(), "{name}");
        }
    }

    fn modules_of_newer_versions() -> String {
        let module =
            |class: &str| format!(r#"{{"type": "sentence_transformers.sentence_transformer.modules.{class}"}}"#);
        format!("[{}, {}]", module("Transformer"), module("Pooling"))
    }
}
