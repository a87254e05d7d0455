//! config.json of the tuned model: the base model's, with what the task adds.

use serde_json::{Map, Value, json};

use super::{ModelFolder, failed};
use crate::problem::Problem;
use crate::recipe::Pooling;

/// All of the base model's fields, and classes, task and class name of the tuned one.
pub fn patched(folder: &ModelFolder) -> Result<Value, Problem> {
    let mut config: Map<String, Value> = serde_json::from_slice(folder.config).map_err(failed)?;
    config.remove("_name_or_path");
    let architecture = match folder.recipe.pooling() {
        Pooling::Cls => "BertForSequenceClassification",
        Pooling::Mean => "HoneForSequenceClassification",
    };
    config.insert("architectures".into(), json!([architecture]));
    if folder.recipe.pooling() == Pooling::Mean {
        let class = format!("modeling_hone.{architecture}");
        config.insert("auto_map".into(), json!({"AutoModelForSequenceClassification": class}));
    }
    let named = folder.labels.iter().enumerate();
    let id2label: Map<String, Value> = named.clone().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let label2id: Map<String, Value> = named.map(|(id, name)| (name.clone(), json!(id))).collect();
    config.insert("id2label".into(), Value::Object(id2label));
    config.insert("label2id".into(), Value::Object(label2id));
    config.insert("problem_type".into(), json!("single_label_classification"));
    Ok(Value::Object(config))
}
