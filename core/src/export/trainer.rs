//! trainer_state.json and training_args.json, in the format of Hugging Face's Trainer.

use serde_json::{Map, Value, json};

use crate::export::ModelFolder;
use crate::metrics::Evaluation;
use crate::recipe::{Metric, Schedule};
use crate::train::HistoryEntry;

/// The run's history. Numbers that are not finite become `null`, as JSON has none.
pub(crate) fn state(folder: &ModelFolder) -> Value {
    let log = folder.history.iter().map(|record| match record {
        HistoryEntry::Step(step) => json!({
            "epoch": step.epoch,
            "grad_norm": step.grad_norm,
            "learning_rate": step.lr,
            "loss": step.loss,
            "step": step.step,
        }),
        HistoryEntry::Evaluation(evaluation) => {
            let mut row = Map::new();
            row.insert("epoch".into(), json!(evaluation.epoch));
            row.insert("eval_loss".into(), json!(evaluation.loss));
            for (&metric, &score) in &evaluation.scores {
                row.insert(format!("eval_{}", name(metric)), json!(score));
            }
            row.insert("step".into(), json!(evaluation.step));
            Value::Object(row)
        }
    });
    let last = folder.history.iter().rev().find_map(|record| match record {
        HistoryEntry::Step(step) => Some((step.step, step.epoch)),
        HistoryEntry::Evaluation(_) => None,
    });
    let (global_step, epoch) = last.unwrap_or_default();
    json!({
        "best_global_step": folder.best.step,
        "best_metric": folder.best.score(folder.recipe.metric_for_best_model()),
        "epoch": epoch,
        "global_step": global_step,
        "log_history": log.chain(folder.test.map(test_row)).collect::<Vec<_>>(),
    })
}

/// The scores on the test rows, under the names that the Trainer's `predict` gives them.
fn test_row(test: &Evaluation) -> Value {
    let mut row = Map::new();
    row.insert("epoch".into(), json!(test.epoch));
    row.insert("step".into(), json!(test.step));
    row.insert("test_loss".into(), json!(test.loss));
    row.extend(test.scores.iter().map(|(&metric, &score)| (format!("test_{}", name(metric)), json!(score))));
    Value::Object(row)
}

/// The run's settings.
pub(crate) fn args(folder: &ModelFolder) -> Value {
    let raw = folder.recipe.spec();
    let metric = folder.recipe.metric_for_best_model();
    // Settings that the Trainer has no name for are in recipe.json.
    let schedule = match raw.schedule {
        Schedule::Constant => "constant_with_warmup",
        Schedule::Linear => "linear",
        Schedule::Cosine => "cosine",
        Schedule::CosineRestarts => "cosine_with_restarts",
        Schedule::Polynomial => "polynomial",
        Schedule::InverseSqrt => "inverse_sqrt",
        Schedule::OneCycle => "one_cycle",
        Schedule::SlantedTriangular => "slanted_triangular",
        Schedule::Plateau => "reduce_lr_on_plateau",
    };
    json!({
        "adam_beta1": 0.9,
        "adam_beta2": 0.999,
        "adam_epsilon": 1e-8,
        "greater_is_better": !metric.is_lower_better(),
        "gradient_accumulation_steps": raw.gradient_accumulation_steps,
        "learning_rate": folder.recipe.learning_rate(),
        "load_best_model_at_end": true,
        "label_smoothing_factor": raw.label_smoothing,
        "lr_scheduler_type": schedule,
        "max_grad_norm": raw.max_grad_norm,
        "max_steps": if raw.max_steps == 0 { -1 } else { i64::from(raw.max_steps) },
        "metric_for_best_model": name(metric),
        "num_train_epochs": raw.epochs,
        "optim": "adamw_torch",
        "per_device_train_batch_size": raw.batch_size,
        "seed": raw.seed,
        "warmup_ratio": raw.warmup_ratio,
        "warmup_steps": raw.warmup_steps.unwrap_or(0),
        "weight_decay": raw.weight_decay,
    })
}

/// A metric's name, the same as in recipes.
fn name(metric: Metric) -> String {
    match serde_json::to_value(metric) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}
