//! adapter_config.json, as PEFT writes it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ModelFolder;
use crate::recipe::{AdapterKind, Pooling};

/// The configuration of the run's adapters; none where there were no adapters.
pub fn config(folder: &ModelFolder) -> Option<Value> {
    let raw = folder.recipe.raw();
    if raw.adapter == AdapterKind::None {
        return None;
    }
    // Where the adapters are, with the layer's number left open.
    let mut modules = BTreeSet::new();
    folder.model.clone().each_adapter(&mut |weight| {
        let name = folder.model.file_name(weight.name());
        if let Some((module, _)) = name.split_once(".lora_") {
            let parts = module.split('.').map(|part| if part.parse::<u32>().is_ok() { "\\d+" } else { part });
            modules.insert(parts.collect::<Vec<_>>().join("\\."));
        }
    });
    // The automatic classes of PEFT know the pooler of `BertForSequenceClassification` only, and would take it without a
    // word: for the mean our class is named instead of the task, which makes them refuse.
    let (task_type, auto_mapping) = match folder.recipe.pooling() {
        Pooling::Cls => (json!("SEQ_CLS"), Value::Null),
        Pooling::Mean => {
            let class = json!({"base_model_class": "HoneForSequenceClassification", "parent_library": "modeling_hone"});
            (Value::Null, class)
        }
    };
    Some(json!({
        "auto_mapping": auto_mapping,
        "base_model_name_or_path": folder.base_model,
        "bias": "none",
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": raw.lora_alpha,
        "lora_dropout": raw.lora_dropout,
        "modules_to_save": ["classifier"],
        "peft_type": "LORA",
        "r": raw.lora_rank,
        // A pattern: by its ending alone `output.dense` would name the attention's output too.
        "target_modules": modules.into_iter().collect::<Vec<_>>().join("|"),
        "task_type": task_type,
        "use_dora": raw.adapter == AdapterKind::Dora,
        "use_rslora": raw.lora_rank_stabilised,
    }))
}
