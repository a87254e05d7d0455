//! The files by which sentence-transformers opens a folder: the modules that turn a text into its vector.
//!
//! Names and keys are those that versions 2 to 6 read.

use serde_json::{Value, json};

use crate::export::ModelFolder;
use crate::recipe::Pooling;
use crate::usage::ExportForm;

/// The files by name, for a folder with the whole model.
pub(crate) fn files(folder: &ModelFolder) -> Vec<(&'static str, Value)> {
    if folder.exported.form == ExportForm::Adapter {
        return Vec::new();
    }
    let module = |idx: u32, path: &str, class: &str| {
        let name = idx.to_string();
        json!({"idx": idx, "name": name, "path": path, "type": format!("sentence_transformers.models.{class}")})
    };
    let is_mean = folder.recipe.pooling() == Pooling::Mean;
    vec![
        (
            "modules.json",
            json!([
                module(0, "", "Transformer"),
                module(1, "1_Pooling", "Pooling"),
                module(2, "2_Normalize", "Normalize"),
            ]),
        ),
        (
            "1_Pooling/config.json",
            json!({
                "word_embedding_dimension": folder.exported.model.base.hidden(),
                "pooling_mode_cls_token": !is_mean,
                "pooling_mode_mean_tokens": is_mean,
                "pooling_mode_max_tokens": false,
                "pooling_mode_mean_sqrt_len_tokens": false,
            }),
        ),
        // Normalize has no settings. Its folder must exist, and a zip keeps no empty one.
        ("2_Normalize/config.json", json!({})),
        // The tokenizer's own settings say whether it lowers the case.
        ("sentence_bert_config.json", json!({"max_seq_length": folder.recipe.max_length(), "do_lower_case": false})),
        (
            "config_sentence_transformers.json",
            json!({"prompts": {}, "default_prompt_name": null, "similarity_fn_name": "cosine"}),
        ),
    ]
}
