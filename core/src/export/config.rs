//! config.json of the tuned model: the base model's, plus the fields of the task. Also generation_config.json.

use serde_json::{Map, Value, json};

use crate::diagnostic::Diagnostic;
use crate::export::inference_settings::{self, InferenceSettings};
use crate::export::{ModelFolder, failed};
use crate::metrics::Detail;
use crate::model::layers_field;
use crate::recipe::{Family, Task};
use crate::usage::{ExportDtype, ExportForm};

/// Fields of the base model that describe its own task, code that is not in this folder, or another encoding of the
/// weights.
const STALE: [&str; 12] = [
    "_name_or_path",
    "auto_map",
    "finetuning_task",
    inference_settings::FIELD,
    "id2label",
    "label2id",
    "label_thresholds",
    "num_labels",
    "problem_type",
    "quantization_config",
    "sentence_transformers",
    "transformers.js_config",
];

/// All of the base model's fields, with labels, task and class name of the tuned model.
pub(crate) fn patched(folder: &ModelFolder) -> Result<Value, Diagnostic> {
    let mut config: Map<String, Value> = serde_json::from_slice(folder.config).map_err(failed)?;
    config.retain(|field, _| !STALE.contains(&field.as_str()));
    let (task, kind) = (folder.recipe.task(), folder.kind());
    let class = kind.architecture(folder.exported.form);
    if kind.has_own_class(folder.exported.form) {
        config.insert("auto_map".into(), json!({kind.auto_class(): format!("modeling_hone.{class}")}));
    }
    config.insert("architectures".into(), json!([class]));
    config.extend(labels(folder));
    config.extend(own_pooling(folder).map(|pooling| ("classifier_pooling".into(), json!(pooling))));
    let settings = serde_json::to_value(InferenceSettings::of(folder)).map_err(failed)?;
    config.insert(inference_settings::FIELD.into(), settings);
    let problem_type = match task {
        Task::Classification => Some("single_label_classification"),
        Task::MultiLabel => Some("multi_label_classification"),
        Task::Regression => Some("regression"),
        Task::TokenClassification | Task::QuestionAnswering | Task::Generation | Task::Embeddings | Task::Reranking => {
            None
        }
    };
    if task == Task::Reranking {
        // As CrossEncoder itself saves it: `predict` returns the sigmoid of the output.
        let settings = json!({"activation_fn": "torch.nn.modules.activation.Sigmoid"});
        config.insert("sentence_transformers".into(), settings);
    }
    config.extend(problem_type.map(|problem_type| ("problem_type".into(), json!(problem_type))));
    // The type that the layers compute in.
    let float = match folder.exported.dtype {
        ExportDtype::Int8 | ExportDtype::Int4 => ExportDtype::Float32,
        float => float,
    };
    // The newer and the older name of the same field.
    let known = ["dtype", "torch_dtype"].into_iter().filter(|&field| config.contains_key(field)).collect::<Vec<_>>();
    for field in if known.is_empty() { vec!["torch_dtype"] } else { known } {
        config.insert(field.into(), json!(float.name()));
    }
    if folder.exported.form == ExportForm::Onnx {
        // Without it, transformers.js asks for the file of another type, depending on the device.
        let mut settings = json!({"dtype": folder.exported.dtype.javascript_name()});
        if task == Task::Generation && folder.exported.dtype == ExportDtype::Float16 {
            // Versions before 4.2 do not find the type of the cache in the file.
            settings["kv_cache_dtype"] = json!({"fp16": "float16"});
        }
        config.insert("transformers.js_config".into(), settings);
    }
    if kind.has_averaging_layer(folder.exported.form) {
        config.insert(layers_field(kind.family).into(), json!(folder.exported.model.base.layers()));
    }
    Ok(Value::Object(config))
}

/// `classifier_pooling` of a family whose own class reads it.
pub(crate) fn own_pooling(folder: &ModelFolder) -> Option<&'static str> {
    let kind = folder.kind();
    let reads_it = kind.family == Family::ModernBert && kind.task.reads_sentences();
    reads_it.then(|| if kind.reads_mean() { "mean" } else { "cls" })
}

/// Names of the outputs in both directions, if the task names them. Question answering always has two without names.
fn labels(folder: &ModelFolder) -> Map<String, Value> {
    let number = ["LABEL_0".to_owned()];
    let labels = match folder.recipe.task() {
        Task::QuestionAnswering | Task::Generation | Task::Embeddings => return Map::new(),
        // transformers' name for an output without one.
        Task::Regression | Task::Reranking => number.as_slice(),
        Task::Classification | Task::MultiLabel | Task::TokenClassification => folder.labels,
    };
    let named = labels.iter().enumerate();
    let id2label: Map<String, Value> = named.clone().map(|(id, name)| (id.to_string(), json!(name))).collect();
    let label2id: Map<String, Value> = named.map(|(id, name)| (name.clone(), json!(id))).collect();
    let mut fields = Map::from_iter([("id2label".into(), id2label.into()), ("label2id".into(), label2id.into())]);
    // Our own field; transformers keeps fields that it does not know.
    if let Detail::Labels { thresholds, .. } = &folder.best.detail {
        let thresholds: Map<String, Value> =
            labels.iter().cloned().zip(thresholds.iter().map(|&from| json!(from))).collect();
        fields.insert("label_thresholds".into(), thresholds.into());
    }
    fields
}

/// generation_config.json for a decoder whose base model has none: the special tokens named in config.json.
pub(crate) fn generation(folder: &ModelFolder) -> Result<Value, Diagnostic> {
    let config: Map<String, Value> = serde_json::from_slice(folder.config).map_err(failed)?;
    let tokens = ["bos_token_id", "eos_token_id", "pad_token_id"];
    let named = tokens.into_iter().filter_map(|field| Some((field.to_owned(), config.get(field)?.clone())));
    Ok(Value::Object(named.filter(|(_, id)| !id.is_null()).collect()))
}
