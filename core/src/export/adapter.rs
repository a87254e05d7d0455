//! adapter_config.json, as PEFT writes it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::export::{ModelFolder, config, names};
use crate::model::TaskModel;
use crate::recipe::{AdapterKind, Family};
use crate::usage::ExportForm;

/// The configuration of the run's adapters; `None` if it had none.
pub(crate) fn config(folder: &ModelFolder) -> Option<Value> {
    let raw = folder.recipe.spec();
    if raw.adapter == AdapterKind::None {
        return None;
    }
    let model = &folder.exported.model;
    let TrainedModules { adapted, heads } = TrainedModules::of(model);
    // PEFT's automatic classes only know transformers' own heads, and would load the weights into them silently. For
    // mean pooling, our class is named in place of the task, so that they refuse. ModernBERT's own class pools as the base's
    // config.json says; if the adapter was trained on another pooling, they must refuse too.
    let (task_type, auto_mapping) = if folder.kind().has_own_class(ExportForm::Adapter) {
        let class = folder.kind().architecture(ExportForm::Adapter);
        (Value::Null, json!({"base_model_class": class, "parent_library": "modeling_hone"}))
    } else if changes_pooling(folder) {
        (Value::Null, Value::Null)
    } else {
        (json!(names::peft_task(folder.recipe.task())), Value::Null)
    };
    Some(json!({
        "auto_mapping": auto_mapping,
        "base_model_name_or_path": folder.base_model,
        "bias": "none",
        // GPT-2 stores the weights of its layers as `[in, out]` (`Conv1D`).
        "fan_in_fan_out": model.base.family() == Family::Gpt2,
        "inference_mode": true,
        "init_lora_weights": true,
        "lora_alpha": raw.lora_alpha,
        "lora_dropout": raw.lora_dropout,
        "modules_to_save": if heads.is_empty() { Value::Null } else { json!(heads) },
        "peft_type": "LORA",
        "r": raw.lora_r,
        "target_modules": adapted,
        "task_type": task_type,
        "use_dora": raw.adapter == AdapterKind::Dora,
        "use_rslora": raw.use_rslora,
    }))
}

/// The modules that a run with adapters trains.
pub(crate) struct TrainedModules {
    /// Those with an adapter, as a regular expression with any number for the layer: the suffix `output.dense` alone would also
    /// match the attention's output.
    pub adapted: String,
    /// The remaining ones, which are the head.
    pub heads: Vec<String>,
}

impl TrainedModules {
    /// The trained modules of a model with adapters.
    pub(crate) fn of(model: &TaskModel) -> Self {
        let (mut modules, mut heads) = (BTreeSet::new(), Vec::<String>::new());
        model.visit_adapter(&mut |weight| {
            let name = model.file_name(weight.name());
            match name.split_once(".lora_") {
                Some((module, _)) => {
                    let parts = module.split('.').map(|part| if part.parse::<u32>().is_ok() { "\\d+" } else { part });
                    modules.insert(parts.collect::<Vec<_>>().join("\\."));
                }
                None => heads.extend(name.split('.').next().map(str::to_owned)),
            }
        });
        heads.dedup();
        Self { adapted: modules.into_iter().collect::<Vec<_>>().join("|"), heads }
    }
}

/// Returns true if the base model's config.json names another pooling than that of the run.
fn changes_pooling(folder: &ModelFolder) -> bool {
    let base: Value = serde_json::from_slice(folder.config).unwrap_or_default();
    config::own_pooling(folder).is_some_and(|pooling| base["classifier_pooling"].as_str().unwrap_or("cls") != pooling)
}
