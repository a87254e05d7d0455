//! tokenizer_config.json for transformers.js.

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::export::{ModelFolder, failed};
use crate::model::ModelConfig;
use crate::text::JINJA;

/// Name of the file.
pub(crate) const NAME: &str = "tokenizer_config.json";

/// Class of transformers.js that says which text of a pair a token is in. Apart from that, all classes are the same there.
const WITH_TOKEN_TYPES: &str = "BertTokenizer";

/// More classes that say it.
const SAME: [&str; 6] = ["Albert", "ConvBert", "Electra", "MobileBert", "RoFormer", "SqueezeBert"];

/// The base model's file with what transformers.js reads there and nowhere else: it does not open a folder without the file,
/// and cuts texts to `model_max_length` alone.
pub(crate) fn for_javascript(folder: &ModelFolder) -> Result<Value, Diagnostic> {
    let file = folder.verbatim.iter().find(|(name, _)| name == NAME);
    let mut config: Map<String, Value> = match file {
        Some((_, bytes)) => serde_json::from_slice(bytes).map_err(failed)?,
        None => Map::from_iter([("tokenizer_class".to_owned(), "PreTrainedTokenizerFast".into())]),
    };
    let model = ModelConfig::parse(folder.config)?;
    if matches!(&model, ModelConfig::Bert(bert) if bert.reads_token_types()) {
        let class = config.get("tokenizer_class").and_then(Value::as_str).unwrap_or_default();
        let class = class.trim_end_matches("Fast").trim_end_matches("Tokenizer");
        if !SAME.contains(&class) {
            config.insert("tokenizer_class".to_owned(), WITH_TOKEN_TYPES.into());
        }
    }
    // Only the template in this file is read.
    let template = folder.verbatim.iter().find(|(name, _)| name == JINJA);
    if let Some(template) = template.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()) {
        config.insert("chat_template".to_owned(), template.into());
    }
    let longest = model.max_positions();
    let is_in_reach = |length: &Value| length.as_u64().is_some_and(|length| length <= longest as u64);
    if !config.get("model_max_length").is_some_and(is_in_reach) {
        config.insert("model_max_length".to_owned(), longest.into());
    }
    Ok(Value::Object(config))
}
